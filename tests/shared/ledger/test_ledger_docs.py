"""docs/ledger.md is correct: its example verifies, and its list of kinds is the program's."""

import re
from pathlib import Path

from riskset.ledger.entry import KINDS
from riskset.ledger.trusted_log import read_log
from riskset.secure.keys import public_from_hex

PAGE = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")


def test_the_example_verifies_with_the_key_beside_it():
    [example] = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    [key] = re.findall(r"Signed by the key `([0-9a-f]{64})`", PAGE)
    log = read_log(example, "riskset/site/asan", public_from_hex(key))
    assert [entry.kind for entry in log.entries] == ["approved", "opened", "contributed", "closed"]


def test_the_kinds_are_the_programs():
    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE) == list(KINDS.items())
