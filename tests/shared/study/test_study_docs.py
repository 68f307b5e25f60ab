"""Every key of the study file is explained in docs/study-file.md, with the default it has."""

import json
import re
from pathlib import Path

import pytest

from riskset.study.asked import ENTRIES
from riskset.study.validation_errors import TABLES, known_keys

DOCS = (Path(__file__).parents[3] / "docs" / "study-file.md").read_text(encoding="utf-8")
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
    **{("analyses", "*", kind): f'### `kind = "{kind}"`' for kind in ENTRIES},
    ("analyses", "*", "response", "not_evaluable"): "#### `not_evaluable`",
    ("disclosure",): "## `[disclosure]`",
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
