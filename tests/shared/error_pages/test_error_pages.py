"""The pages of errors: complete in every language, written out in docs/errors, printed by `riskset explain`."""

import re
import runpy
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from riskset.catalogue import catalogue, languages, say
from riskset.cli import main
from riskset.error_pages import FAMILY, codes, page_name, page_names, page_of, with_code
from riskset.error_pages.markdown import files_of
from riskset_site.data.site_file import SiteFile

ROOT = Path(__file__).parents[3]
BACKTICKS = re.compile(r"`[^`]*`")
HEAD = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n'
SOURCE = '[source]\ncsv = "export.csv"\n'


def source(name):
    return tomllib.loads((files("riskset.error_pages") / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_page_and_every_part(language):
    written = source(language)
    assert list(written) == list(page_names())
    for name, page in written.items():
        assert list(page) == ["title", "means", "expected", "found", "where", "next"], name
        assert all(page.values()), name
        assert all(page["next"]), name
        assert all(len(BACKTICKS.sub("", text).split("`")) == 1 for text in (*page["next"], page["means"])), name


@pytest.mark.parametrize("language", languages()[1:])
def test_a_translation_has_the_steps_of_the_english_page(language):
    english, other = source("en"), source(language)
    assert {name: len(page["next"]) for name, page in other.items()} == {
        name: len(page["next"]) for name, page in english.items()
    }


def test_a_code_is_of_the_catalogue_and_on_one_page():
    listed = [code for page in source("pages").values() for code in page["codes"]]
    known = catalogue("en")
    assert len(listed) == len(set(listed))
    for code in listed:
        begins = code.removesuffix("*")
        assert code in known or (code.endswith(FAMILY) and any(one.startswith(begins) for one in known)), code


@pytest.mark.parametrize("language", languages())
def test_the_documents_are_these_pages(language):
    """They are written by `python docs_site/error_pages.py`."""
    folder = runpy.run_path(str(ROOT / "docs_site" / "error_pages.py"))["folder_of"](language)
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")} == files_of(language)


@pytest.mark.parametrize("name", [name for name in page_names() if source("pages")[name].get("site_toml")])
def test_what_a_page_says_of_a_site_file_can_be_said(name):
    written = source("pages")[name]["site_toml"]
    whole = HEAD + written + ("" if "[source]" in written else SOURCE)
    assert SiteFile.model_validate(tomllib.loads(whole)).site == "kurume"


def test_a_code_leads_to_its_page_or_to_that_of_its_family(monkeypatch):
    found = {"a.b.c": "one", "a.*": "all", "a.b.*": "some"}
    monkeypatch.setattr("riskset.error_pages._by_code", lambda: found)
    assert [page_name(code) for code in ("a.b.c", "a.b.d", "a.e", "f")] == ["one", "some", "all", None]


def test_a_line_names_the_code_of_what_it_is_about():
    about = say("data.export.missing_column")
    assert with_code(say("cli.error", message=about), about) == "error: not in the export [data.export.missing_column]"
    plain = say("verbatim", text="as it is")
    assert with_code(plain, plain) == "as it is"


@pytest.mark.parametrize(
    "code", ["data.fault.not_a_level", "[data.fault.not_a_level]", "not-a-level"], ids=["code", "brackets", "page"]
)
def test_a_code_is_explained(code, capsys):
    assert main(["explain", code]) == 0
    said, page = capsys.readouterr().out, page_of("data.fault.not_a_level", "en")
    assert said.startswith(f"{page.title}\n")
    assert all(line in said for line in page.site_toml.splitlines())
    assert page.expected.replace("`", "") in said


def test_a_code_is_explained_in_the_language_of_the_site_file_here(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text('language = "ko"\n', encoding="utf-8")
    assert main(["explain", "data.fault.excel_day"]) == 0
    assert capsys.readouterr().out.startswith(page_of("excel-day", "ko").title)


def test_all_pages_are_listed(capsys):
    assert main(["explain"]) == 0
    said = capsys.readouterr().out
    assert [code for code in codes() if code not in said] == []


def test_an_unknown_code_has_no_page(capsys):
    assert main(["explain", "data.fault.not_a_levle"]) == 1
    assert "did you mean 'data.fault.not_a_level'?" in capsys.readouterr().err
