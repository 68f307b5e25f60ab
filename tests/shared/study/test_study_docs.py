"""Every key of the study file is explained in docs/study-file.md, with the default it has."""

import json
import re
from pathlib import Path

import pytest

from riskset.study.asked import ENTRIES
from riskset.study.load import parse_study
from riskset.study.propensity import ADJUSTMENTS
from riskset.study.validation_errors import TABLES, known_keys

DOCS = (Path(__file__).parents[3] / "docs" / "study-file.md").read_text(encoding="utf-8")
OWN_METHODS = ("nearest", "strata")
"""With a section of their own; that of `ate` is of all weights."""
HEADINGS = {
    (): "## Top of the file",
    ("study",): "## `[study]`",
    ("study", "enrolled"): "### `[study] enrolled`",
    ("sites", "*"): "## `[sites]`",
    ("variables", "*", "number"): '### `type = "number"`',
    ("variables", "*", "boolean"): '### `type = "boolean"`',
    ("variables", "*", "category"): '### `type = "category"`',
    ("variables", "*", "date"): '### `type = "date"`',
    ("eligibility", "*"): "## `[[eligibility]]`",
    ("comparison",): "## `[comparison]`",
    ("time",): "## `[time]`",
    ("time", "grid"): "### `[time] grid`",
    ("endpoints", "*", "<dates>"): "### From dates",
    ("endpoints", "*", "<days>"): "### From days",
    ("adverse_events",): "## `[adverse_events]`",
    ("adverse_events", "terms", "*"): "### `[adverse_events] terms`",
    ("propensity",): "## `[propensity]`",
    ("propensity", "gates"): "### `[propensity] gates`",
    **{
        ("propensity", "adjustments", "*", method): f'#### `method = "{method if method in OWN_METHODS else "ate"}"`'
        for method in ADJUSTMENTS
    },
    **{("analyses", "*", kind): f'### `kind = "{kind}"`' for kind in ENTRIES},
    ("analyses", "*", "response", "not_evaluable"): "#### `not_evaluable`",
    ("disclosure",): "## `[disclosure]`",
    ("release",): "## `[release]`",
}
A_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ?([^|]*)\|$", re.MULTILINE)


def explained(table):
    """The rows of a table's section: (key, type, default, meaning)."""
    after = DOCS.split(f"\n{HEADINGS[table]}\n")[1]
    return A_ROW.findall(re.split(r"^#", after, flags=re.MULTILINE)[0])


def default_of(field):
    if field.is_required():
        return "required"
    if field.default is None:
        return "none"
    if hasattr(field.default, "model_dump"):
        return "the defaults below"
    return f"`{json.dumps(field.default)}`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: ".".join(table) or "top")
def test_every_key_is_explained_with_its_default(table):
    fields = TABLES[table].model_fields.values()
    expected = list(zip(known_keys(TABLES[table]), map(default_of, fields), strict=True))
    assert [(key, default) for key, _, default, _ in explained(table)] == expected


EXAMPLE = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
asan = { name = "Site A" }
[variables]
arm = { type = "category", levels = ["old", "new"] }
age = { type = "number", range = [18, 100] }
afp = { type = "number", range = [0, 1e6] }
bilirubin = { type = "number", range = [0.1, 50] }
albumin = { type = "number", range = [1, 6] }
mvi = { type = "boolean" }
child_pugh = { type = "category", levels = ["A", "B", "C"] }
recist = { type = "category", levels = ["CR", "PR", "SD", "PD", "NE"] }
mrecist = { type = "category", levels = ["CR", "PR", "SD", "PD", "NE"] }
ae_hypertension = { type = "category", levels = ["0", "1", "2", "3"] }
ae_rash = { type = "boolean" }
ae_itch = { type = "boolean" }
start = { type = "date" }
progression = { type = "date", required = false }
death = { type = "date", required = false }
last_contact = { type = "date" }
{derived}
{rules}
[comparison]
arm = "arm"
reference = "old"
[time]
grid = { width_days = 7, max_days = 1400 }
{tables}
[analyses]
{analyses}
"""
IN_A_CELL = re.compile(r"`([^`]+)`")


def test_every_example_is_a_part_of_a_right_study():
    blocks = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    tables = [block for block in blocks if block.startswith("[")]
    analyses = [block for block in blocks if "kind =" in block]
    assert len(tables) + len(analyses) == len(blocks)
    derived = re.findall(r"^\| `(\{ type = .*?\})` \|", DOCS, re.MULTILINE)
    assert len(derived) == 3, "one for each type, in one table"
    section = DOCS.split("\n## `[[eligibility]]`\n")[1].split("\n## ")[0]
    rows = re.search(r"\| written \| means \|\n\|---\|---\|\n((?:\|.*\n)+)", section)[1].splitlines()
    written = [text for row in rows for text in IN_A_CELL.findall(row.split("|")[1]) if " " in text or "(" in text]
    rules = [text for text in written if text not in ("( )", "not in")]
    parts = {
        "derived": "\n".join(f"derived_{i} = {one}" for i, one in enumerate(derived)),
        "rules": "\n".join(f'[[eligibility]]\nid = "rule_{i}"\nrule = """{rule}"""' for i, rule in enumerate(rules)),
        "tables": "\n".join(tables),
        "analyses": "\n".join([*analyses, 'curves = { kind = "cumulative-incidence", endpoint = "ttp" }']),
    }
    text = EXAMPLE
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    study = parse_study(text)
    assert len(study.eligibility) == len(rules) > 5
    assert list(study.analyses) == ["propensity", "response", "curves", "balance"]
