"""A process killed while it writes its ledger, again and again: what it said was written is there, nothing is torn."""

import random
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from riskset.ledger.log_file import LedgerFile
from riskset.secure.keys import load_identity, new_identity, save_identity

ORIGIN = "riskset/site/asan"
TABLES = "CREATE TABLE IF NOT EXISTS outbox (round INTEGER PRIMARY KEY, reply BLOB NOT NULL) STRICT;"
WRITER = f"""
import sys
from pathlib import Path
from riskset.ledger.log_file import LedgerFile
from riskset.secure.keys import load_identity

log = LedgerFile(Path(sys.argv[1]), load_identity(Path(sys.argv[2])), {ORIGIN!r}, {TABLES!r})
print("open", flush=True)
while True:
    number = len(log.read("SELECT 1 FROM outbox"))
    reply = number.to_bytes(4, "big") * 5000
    also = [("INSERT INTO outbox VALUES (?, ?)", (number, reply))]
    log.append("contributed", {{"round": number}}, {{"reply": "x" * 20000}}, also)
    print(number, flush=True)
"""


@pytest.fixture
def files(tmp_path):
    save_identity(tmp_path / "identity.pem", new_identity())
    return tmp_path / "journal.sqlite", tmp_path / "identity.pem"


def killed_writer(files, entries, seconds):
    """Returns the numbers that a process said were written before SIGKILL met it, some time after so many entries."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, *map(str, files)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "open\n"
    said = "".join(process.stdout.readline() for _ in range(entries))
    time.sleep(seconds)  # any moment will do, and another moment on another machine
    process.send_signal(signal.SIGKILL)
    said += process.communicate()[0]
    assert process.returncode == -signal.SIGKILL
    return [int(line) for line in said.split("\n")[:-1]]


@pytest.mark.parametrize("kills", [5, pytest.param(25, marks=pytest.mark.exhaustive)])
def test_killed_many_times(files, kills):
    path, identity = files
    key, chance = load_identity(identity), random.Random(1)
    said: list[int] = []
    for _ in range(kills):
        said += killed_writer(files, chance.randrange(1, 5), chance.uniform(0, 0.004))
        with closing(LedgerFile(path, key, ORIGIN, TABLES)) as log:
            rounds = [entry.public["round"] for entry in log.entries("contributed")]
            replies = log.read("SELECT round, reply FROM outbox ORDER BY round")
        assert rounds == list(range(len(rounds)))
        assert replies == [(number, number.to_bytes(4, "big") * 5000) for number in rounds]
        assert set(said) <= set(rounds)
        assert len(rounds) - len(said) <= kills  # at most the one that it was about to say
    assert len(said) >= kills


def test_two_writers_killed_in_turn(files):
    """One killed while it holds the file does not keep the other out, nor leave it half a transaction."""
    path, identity = files
    with closing(LedgerFile(path, load_identity(identity), ORIGIN, TABLES)) as log:
        for number in range(3):
            killed_writer(files, 2, number / 1000)
            assert log.append("paused", {"number": number}).number == len(log.entries()) - 1
            assert len(log.entries("contributed")) == len(log.read("SELECT 1 FROM outbox"))
