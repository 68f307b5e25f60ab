"""A real run of three hospitals, two of which have a country, and what two auditors released of it."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.release.conftest import Committee
from tests.server.run.conftest import STUDY, Desk

from riskset.audit.proof import FILE as PROOF
from riskset.audit.proof import check_proof
from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.cli import main
from riskset.private_files import create_folder
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import save_identity
from riskset_release.ballots import Policy, count, decisions
from riskset_release.candidate import candidate_of
from riskset_release.folder.described import Recipients
from riskset_release.folder.released import released_of
from riskset_release.folder.signing import withdrawal_of
from riskset_release.releasing import released_files
from riskset_release.vote_folder import votes_in

AT = "2026-07-01T09:00:00.000+00:00"
WHY = "A date was coded wrongly at one of the hospitals."
TABLE, FIGURE = "table-km-os-all", "figure-km-os-all"
CSV = "tables/km-os-all.csv"


class WithCountries(Desk):
    text = STUDY.replace('"Asan" }', '"Asan", country = "KR" }').replace('"Kurume" }', '"Kurume", country = "JP" }')


@dataclass
class Release:
    """The files of a release in memory, and the keys of all who could withdraw from it."""

    committee: Committee
    hospitals: dict
    bundle: bytes
    files: dict = field(default_factory=dict)

    @property
    def proof(self):
        return json.loads(self.files[PROOF])

    def of(self, proof=None, trusted=None):
        return released_of(proof or self.proof, self.files, trusted)

    def written(self, folder, **recipients):
        """Writes the release anew, with table and figure accepted, and returns its files."""
        found, policy = votes_in(folder), Policy(2, frozenset({"park"}))
        candidate = self.committee.candidate
        counted = count(candidate, found, self.committee.trusted, policy)
        decided = decisions(candidate, counted, policy)
        to = Recipients(**recipients)
        return released_files(candidate, counted, decided, found.files, policy, AT, "en", to)

    def withdrawal(self, who="sato", output=TABLE, site="", **changes):
        """Returns the signed file of a withdrawal; `changes` are fields that the signer sets otherwise."""
        key = self.hospitals[site] if site and who == site else self.committee.keys[who]
        released = self.of()
        made = withdrawal_of(released, released.output(output), key, f"Dr. {who.title()}", WHY, AT, site)
        return replace(made, **changes).signed(key)


@dataclass
class Folder:
    """A released folder on the disk, and what is typed about it."""

    root: Path
    release: Release
    keys: Path

    def reads(self, path):
        return (self.root / path).read_bytes()

    def text(self, path):
        return self.reads(path).decode()

    def withdraws(self, *outputs, who="sato", **changes):
        words = {
            "keys": self.keys,
            "as": who,
            "key": self.keys.with_name(f"{who}.pem"),
            "name": "K. Sato",
            "reason": WHY,
        }
        options = [word for name, of in {**words, **changes}.items() for word in (f"--{name}", str(of))]
        return main(["audit", "withdraw", str(self.root), *outputs, *options])

    def adds(self, *papers):
        files = []
        for at, paper in enumerate(papers):
            files.append(self.keys.with_name(f"{at}.withdrawal.json"))
            files[-1].write_bytes(paper)
        added = [word for file in files for word in ("--add", str(file))]
        return main(["audit", "withdraw", str(self.root), "--keys", str(self.keys), *added])

    def proves(self, path=CSV, trusted=None):
        return check_proof(self.reads(PROOF), path, self.reads(path), trusted)

    @property
    def content(self):
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in self.root.rglob("*.*")}


@pytest.fixture(scope="session")
def release(tmp_path_factory, patients):
    folder = tmp_path_factory.mktemp("a released run")
    desk = WithCountries(folder, patients)
    run = desk.finishes(desk.begins()).name
    assert desk.says("bundle", run, "--file", folder / "run.zip") == 0
    bundle, committee = (folder / "run.zip").read_bytes(), Committee()
    roster = verify(bundle, None).run.roster
    parties = {name: fingerprint_words(key) for name, key in roster.parties_of(roster.sites).items()}
    committee.trusted = Trusted(parties, committee.trusted.auditors)
    committee.candidate = candidate_of(bundle, committee.trusted)
    for who in ("sato", "kim"):
        for output in (FIGURE, TABLE):
            committee.votes(folder / "votes", who, output)
    made = Release(committee, dict(desk.rehearsal.keys), bundle)
    made.files = made.written(folder / "votes", to=("A journal",), countries=("GB",))
    return made


@pytest.fixture
def folder(release, tmp_path):
    create_folder(tmp_path / "released", release.files)
    committee = release.committee
    for who in ("sato", "kim", "ito", "park"):
        save_identity(tmp_path / f"{who}.pem", committee.keys[who])
    lines = [f'{name} = "{words}"' for name, words in committee.trusted.fingerprints.items()]
    lines += ["[auditors]", *(f'{name} = "{words}"' for name, words in committee.trusted.auditors.items())]
    keys = tmp_path / "trusted.toml"
    keys.write_text("\n".join(lines))
    return Folder(tmp_path / "released", release, keys)
