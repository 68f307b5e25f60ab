"""Every key of the site file is explained in docs/site-file.md, with the default it has; its example is a right one."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from riskset.study.validation_errors import known_keys
from riskset_site.data.config import TABLES
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_source import Source

FOLDER = Path(__file__).parents[3] / "docs"
DOCS = (FOLDER / "site-file.md").read_text(encoding="utf-8")
SOURCE_DOCS = (FOLDER / "site-sources.md").read_text(encoding="utf-8")
HEADINGS = {
    (): "## Top of the file",
    ("source",): "## `[source]`",
    ("source", "rows"): "### `[source] rows`",
    ("map", "*", "<column>"): "### `{ column = ... }`",
    ("map", "*", "<date>"): "### `{ date = ..., where = ... }`",
    ("map", "*", "<first>"): "### `{ first_of = ... }`",
    ("map", "*", "<boxes>"): "### `{ any_of = ... }`",
    ("map", "*", "<years>"): "### `{ years_between = ... }`",
}
A_ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| [^|]*\|$", re.MULTILINE)


def explained(table):
    if table == ("source", "columns", "*"):
        return A_ROW.findall(section(SOURCE_DOCS, "### `[source.columns]`"))
    if is_kind(table):
        return A_ROW.findall(section(SOURCE_DOCS, f"## `{table[1][1:-1]}`"))
    return A_ROW.findall(section(DOCS, HEADINGS[table]))


def is_kind(table):
    return table[:1] == ("source",) and table[-1].startswith("<")


def section(text, heading):
    after = text.split(f"\n{heading}\n")[1]
    return re.split(r"^#", after, flags=re.MULTILINE)[0]


def default_of(field):
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "none"
    return "the defaults below" if hasattr(default, "model_dump") else f"`{json.dumps(default)}`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: ".".join(table) or "top")
def test_every_key_is_explained_with_its_default(table):
    fields = TABLES[table].model_fields.values()
    expected = list(zip(known_keys(TABLES[table]), map(default_of, fields), strict=True))
    common = known_keys(Source) if is_kind(table) else []
    assert explained(table) == [(key, default) for key, default in expected if key not in common]


def test_the_example_is_a_right_site_file():
    example = tomllib.loads(re.search(r"```toml\n(.*?)```", DOCS, re.DOTALL)[1])
    assert SiteFile.model_validate(example).mapped("afp").recode == {"<2.0": "1.0"}
