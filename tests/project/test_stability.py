"""What docs/stability.md promises is there: names, exit codes, extras, columns and numbers of formats."""

import re
import tomllib
from dataclasses import fields
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from riskset import cli
from riskset.errors import Refused, RisksetError
from riskset.joining import invite, request
from riskset.ledger.log_file import LedgerFile
from riskset.protocol import roster
from riskset.protocol.approval import Approval
from riskset.results import document as results
from riskset.secure.keys import new_identity
from riskset.study.spec import Study
from riskset_report.cells import Cells
from riskset_report.numbers import numbers_csv
from riskset_site.consent import vouching
from riskset_site.data.site_file import SiteFile

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def rows(heading):
    """Returns the cells of the rows of the first table after a heading."""
    table = re.search(r"^\|.*?(?=\n\n)", PAGE.split(f"{heading}\n", 1)[1], re.MULTILINE | re.DOTALL)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("name", [quoted(row[0])[0] for row in rows("### Python")])
def test_a_public_name_exists(name):
    module, attribute = name.rsplit(".", 1)
    assert hasattr(import_module(module), attribute)


def test_the_exit_codes_are_the_programs():
    codes = {meaning.split(":")[0]: int(code) for code, meaning in rows("### Exit codes")}
    assert codes == {
        "done": 0,
        "failed": cli.FAILED,
        "misused": cli.MISUSED,
        "the answer is no": Refused.exit_code,
    }
    assert RisksetError.exit_code == cli.FAILED


def test_public_extras_are_all_but_those_for_development():
    (row,) = [row for row in rows("## What is public") if row[0].startswith("the extras")]
    assert sorted(quoted(row[0])) == sorted(set(PROJECT["optional-dependencies"]) - {"dev", "docs"})


def test_every_entry_point_group_is_named():
    assert all(f"`{group}`" in PAGE for group in PROJECT["entry-points"])


def test_the_columns_of_numbers_csv():
    (row,) = [row for row in rows("## What is public") if row[0].startswith("`numbers.csv`")]
    head = numbers_csv(Cells(())).decode("utf-8-sig").strip()
    assert quoted(row[0])[1:-2] == head.split(",")


def schema_of(model):
    (number,) = get_args(model.model_fields["schema_"].annotation)
    return number


def schema_of_an_approval():
    blank = dict.fromkeys((field.name for field in fields(Approval)), "")
    lists = {"policy": {}, "exceptions": (), "compared": ()}
    return Approval(**blank | lists | {"until": date(2027, 1, 1)}).content["schema"]


def format_of_a_ledger(folder):
    ledger = LedgerFile(folder / "journal.sqlite", new_identity(), "riskset/site/asan")
    try:
        [(number,)] = ledger.read("PRAGMA user_version")
    finally:
        ledger.close()
    return number


def test_the_numbers_of_formats_are_the_codes(tmp_path):
    promised = {row[0].replace("`", ""): int(row[1]) for row in rows("## Stored files, approvals and hashes")}
    assert promised == {
        "study.toml": schema_of(Study),
        "site.toml": schema_of(SiteFile),
        "results.json": results.SCHEMA,
        "invite": invite.SCHEMA,
        "join request": request.SCHEMA,
        "connection file": invite.CONNECTION_SCHEMA,
        "roster.json": roster.SCHEMA,
        "file that vouches": vouching.SCHEMA,
        "approval, in the ledger": schema_of_an_approval(),
        "journal.sqlite, runs.sqlite": format_of_a_ledger(tmp_path),
    }
