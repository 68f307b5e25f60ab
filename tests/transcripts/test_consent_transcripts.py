"""What a hospital's committee reads and types, written as in `test_study_transcripts`.

The sessions run in a folder with `committee/*` and what joining adds: keys, made here from fixed numbers so that their
words stay the same.
"""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.cli import main
from riskset.joining.expiry import today_utc
from riskset.joining.invite import Connection, write_connection
from riskset.protocol.roster import Member, sign_roster
from riskset.secure.keys import public_hex, save_identity
from riskset.secure.node_key import public_node_text, save_node_key

HERE = Path(__file__).parent
SESSIONS = sorted(HERE.glob("consent_*.txt"))
SITES = ("asan", "kurume", "osaka")
CHANGES = [
    (r"TODAY \d\d:\d\d:\d\d", "TODAY NOW"),
    (r"approval [0-9a-f]{12}\b", "approval (hash)"),
    (r"\d+ days from now", "(many) days from now"),
    (r"(Checkpoint +\d+:)\S{44}", r"\1(root)"),
]
"""What differs in every session beside the day, and how it is written here."""


def key(number):
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def joined(folder, study):
    """Puts a study of `committee` and what joining adds into the folder."""
    if study != "study.toml":
        shutil.copy(folder / study, folder / "study.toml")
    sites = [site for site in SITES if f"\n{site} = " in (folder / study).read_text(encoding="utf-8")]
    nodes = {site: ec.derive_private_key(1000 + i, ec.SECP384R1()) for i, site in enumerate(SITES)}
    keys = {site: key(i + 1) for i, site in enumerate(SITES)}
    members = {
        site: Member(
            public_hex(keys[site]),
            public_node_text(nodes[site]),
            f"+81 942 000 00{i}",
            f"2024-11{i}",
            "2099-12-31",
        )
        for i, site in enumerate(SITES)
        if site in sites
    }
    (folder / "roster.json").write_bytes(sign_roster("second-line", key(9), members))
    connection = Connection("server.example:9443", "", public_hex(key(9)), "second-line", "kurume")
    (folder / "connection.json").write_bytes(write_connection(connection))
    if not (folder / "keys").exists():
        save_identity(folder / "keys" / "identity.pem", keys["kurume"])
        save_node_key(folder / "keys" / "node.pem", nodes["kurume"])


def commands(session):
    """The commands of a session with what is expected of each, up to the line of its exit code."""
    for block in session.split("\n$ ")[1:]:
        line, *printed = block.splitlines()
        end = next((i for i, said in enumerate(printed) if said.startswith("? ")), -1)
        yield line, "\n".join(printed[: end + 1])


def goes(line, folder, capsys):
    program, *arguments = shlex.split(line)
    if program == "cp":  # a new study file arrives by mail
        joined(folder, arguments[0])
        return ""
    code = main(arguments)
    out, err = capsys.readouterr()
    printed = "\n".join([*out.splitlines(), *(f"! {said}" for said in err.splitlines()), f"? {code}"])
    for found, written in [(today_utc().isoformat(), "TODAY"), *CHANGES]:
        printed = re.sub(found, written, printed)
    return printed


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_the_session_goes_as_written(path, tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(HERE / "committee", tmp_path / "committee")
    monkeypatch.chdir(folder)
    for line, expected in commands(path.read_text(encoding="utf-8")):
        assert goes(line, folder, capsys) == expected, f"$ {line}"


def test_there_are_sessions():
    assert len(SESSIONS) > 2
