"""Every block of code in the documents is run or read by a test, or is named here with the reason why not.

A page of another language has the blocks of the English page of its name.
"""

import re
import shlex
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from riskset.disclosure.exposure import Exposure
from riskset_site.data.site_file import SiteFile
from riskset_site.mapping.answers import Answers

ROOT = Path(__file__).parents[2]
LANGUAGES = ("ko", "ja")
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "benchmarks/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

HERE = "tests/project/test_examples_of_pages.py"
RUN_BY = {
    ("README.md", "python"): "tests/notebook/test_api_page.py",
    ("README.md", "text"): HERE,
    ("docs/adding-an-analysis.md", "python"): HERE,
    ("docs/adding-an-analysis.md", "toml"): HERE,
    ("docs/api.md", "python"): "tests/notebook/test_api_page.py",
    ("docs/auditor.md", "toml"): "tests/server/run/test_bundles.py",
    ("docs/errors", "toml"): "tests/shared/error_pages/test_error_pages.py",
    ("docs/formats.md", "text"): "tests/golden/formats/test_formats.py",
    ("docs/ledger.md", "text"): "tests/shared/ledger/test_ledger_docs.py",
    ("docs/r.md", "r"): "tests/notebook/test_r.py",
    ("docs/release.md", "toml"): "tests/release/test_votes.py",
    ("docs/results.md", "python"): "tests/notebook/test_api_page.py",
    ("docs/site-file.md", "toml"): HERE,
    ("docs/site-sources.md", "toml"): "tests/site_client/data/test_source_docs.py",
    ("docs/site.md", "toml"): HERE,
    ("docs/study-file.md", "toml"): "tests/shared/study/test_study_docs.py",
}
NOT_RUN = {
    ("docs/coordinator.md", "nginx"): "needs nginx with a module; a whole run was tried through it, as the page says",
    ("docs/methods", "math"): "a formula: tests/project/test_site.py counts those that the site shows",
}


def blocks_of(page):
    """Returns (language of the code, code without its indent) of each block."""
    return [(found[2], dedent(found[3])) for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def english_of(page):
    """Returns the page that this one is a translation of, or the page itself."""
    parts = page.relative_to(ROOT).parts
    return ROOT.joinpath("docs", *parts[2:]) if parts[0] == "docs" and parts[1] in LANGUAGES else page


def of_language(name, language):
    """Returns the blocks of a page in one language; there is one at least."""
    found = [code for of, code in blocks_of(ROOT / name) if of == language]
    assert found, f"{name} has no block of {language}"
    return found


def is_commands(language, code):
    return language == "console" or (language == "" and code.startswith("riskset "))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_run_or_named(page):
    english = english_of(page)
    for language, code in blocks_of(page):
        if is_commands(language, code):
            continue
        assert english == page or code in {own for _, own in blocks_of(english)}, f"not in {name_of(english)}: {code}"
        places = [(name_of(english), language), (name_of(english.parent), language)]
        assert any(place in RUN_BY or place in NOT_RUN for place in places), (name_of(page), language, code)


@pytest.mark.parametrize(("page", "test"), [(page, test) for (page, _), test in RUN_BY.items()])
def test_what_runs_the_blocks_of_a_page_reads_that_page(page, test):
    text = (ROOT / test).read_text(encoding="utf-8")
    assert (ROOT / page).exists()
    assert page.rpartition("/")[2] in text


@pytest.mark.parametrize("place", NOT_RUN, ids=str)
def test_what_is_not_run_is_there(place):
    page, language = place
    path = ROOT / page
    pages = path.glob("*.md") if path.is_dir() else [path]
    assert any(of == language for one in pages for of, _ in blocks_of(one))


def lines_of_commands():
    for page in PAGES:
        for language, code in blocks_of(page):
            if is_commands(language, code):
                for line in code.splitlines():
                    yield pytest.param(line, id=f"{name_of(page)}: {line}")


@pytest.mark.parametrize("line", list(lines_of_commands()))
def test_a_command_line_is_one_that_works_here(line):
    """Of `riskset` itself: tests/transcripts/test_docs_commands.py."""
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([\w./()$-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert words[1].replace(".venv", "$(VENV)") in targets
    elif words[:2] == [".venv/bin/python", "-m"]:
        assert words[2] == "pytest"
        assert all((ROOT / word).exists() for word in words[3:])
    elif words[:4] == ["python", "-m", "pip", "install"]:
        (extra,) = re.fullmatch(r"(?:riskset|\.)\[(\w+)\]", words[4]).groups()
        assert extra in PROJECT["optional-dependencies"]
    elif words[:2] == ["python", "-m"]:
        assert (ROOT / "shared" / words[2] / "__main__.py").is_file() or (ROOT / words[2]).is_dir()
    else:
        assert words[0] == "riskset"


def test_excerpts_are_of_the_file_that_they_name():
    *excerpts, exposure = sorted(
        of_language("docs/adding-an-analysis.md", "python"), key=lambda code: "Exposure(" in code
    )
    assert len(excerpts) == 3
    for code in excerpts:
        name, *lines = code.splitlines()
        source = iter((ROOT / name.removeprefix("# ")).read_text(encoding="utf-8").splitlines())
        assert all(line in source for line in lines), f"{name} has not these lines in this order"
    assert eval(exposure) == Exposure((), (), None, weights=False, is_iterative=False, per_site=False)


def test_the_entry_point_is_of_a_group_that_there_is():
    (code,) = of_language("docs/adding-an-analysis.md", "toml")
    (group,) = tomllib.loads(code)["project"]["entry-points"]
    assert group in (ROOT / "tests/shared/study/test_method_packages.py").read_text(encoding="utf-8")
    assert entry_points(group="riskset.commands")


def test_site_files_are_right_ones():
    whole, rows, limits = of_language("docs/site-file.md", "toml")
    first, answers = of_language("docs/site.md", "toml")
    assert Answers.model_validate(tomllib.loads(answers)).choose == {"afp.below_limit": "half"}
    assert SiteFile.model_validate(tomllib.loads(first)).mapped("arm").recode == {
        "レンバチニブ": "lenvatinib",
        "ソラフェニブ": "sorafenib",
    }
    others = whole.partition("[limits]")[0]
    assert SiteFile.model_validate(tomllib.loads(others + limits)).limits["R4.leverage"] == "1/10"
    site = tomllib.loads(whole) | tomllib.loads(rows)
    assert SiteFile.model_validate(site).source.patient == "record_id"


def test_the_folders_of_the_readme_are_there():
    (layout,) = [code for code in of_language("README.md", "text") if code.startswith("shared/")]
    named = [word for word in layout.split() if word.endswith("/")]
    assert len(named) > 8
    assert all((ROOT / word).is_dir() for word in named)
