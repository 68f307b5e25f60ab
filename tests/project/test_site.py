"""The site of `make docs`: it builds strictly, needs no other host, and has a page for everything in docs."""

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`]*`")
INLINE = re.compile(r"(?<!\$)\$(?!\$)([^$]+)\$")


def hook(name):
    """Returns a module of docs_site, which mkdocs loads by its path, too."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs_site" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def formulas_in_lines(source):
    return INLINE.findall(CODE.sub("", FENCE.sub("", source)))


class Loaded(HTMLParser):
    """Collects what a browser loads to show a page."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "img", "iframe", "source"):
            self.addresses.append(attrs.get("src"))
        if tag == "link" and attrs.get("rel") != "canonical":
            self.addresses.append(attrs.get("href"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_document_is_a_page(site):
    for page in PAGES:
        name = "index" if page.stem == "README" else page.stem
        assert (site / page.relative_to(DOCS)).with_name(f"{name}.html").is_file(), page


def test_a_notebook_is_a_page_to_which_links_lead(site):
    page = (site / "notebooks" / "first-study.html").read_text(encoding="utf-8")
    assert 'href="first-study.ipynb"' in page
    assert (site / "notebooks" / "first-study.ipynb").is_file()
    assert 'href="notebooks/first-study.html"' in (site / "api.html").read_text(encoding="utf-8").split("<article")[1]


def test_no_page_loads_anything_from_another_host(site):
    found = 0
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        for address in filter(None, loaded.addresses):
            found += 1
            assert not re.match(r"(https?:)?//", address), f"{page.name}: {address}"
            if page.name != "404.html":
                assert (page.parent / address.partition("?")[0].partition("#")[0]).exists(), f"{page.name}: {address}"
    assert found > len(PAGES)


def test_formulas_are_mathml(site):
    for page in PAGES:
        source = page.read_text(encoding="utf-8")
        name = "index" if page.stem == "README" else page.stem
        built = (site / page.relative_to(DOCS)).with_name(f"{name}.html").read_text(encoding="utf-8")
        displayed = len(re.findall(r"^ *```math$", source, re.MULTILINE))
        assert built.count('<div class="formula"><math') == displayed, page
        assert built.count("<math") == displayed + len(formulas_in_lines(source)), page


def test_a_formula_that_cannot_be_rendered_is_an_error():
    formulas = hook("formulas")
    assert "<mfrac>" in formulas.mathml(r"\frac{a}{b}", "inline", "a page")
    for wrong in (r"\nosuchcommand", r"\frac{a}", r"\left( a"):
        with pytest.raises(PluginError, match="a page"):
            formulas.mathml(wrong, "inline", "a page")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_formula_in_a_line_is_read_alike_by_github(page):
    r"""GitHub's Markdown takes the backslash from `\{` and `\,` in a line; such formulas are in fences."""
    for formula in formulas_in_lines(page.read_text(encoding="utf-8")):
        assert not re.search(r"\\[^A-Za-z]|^\s|\s$|\n\s*\n|[<|]", formula), formula


def test_a_folder_of_the_navigation_is_its_pages(tmp_path):
    folders = hook("folders_in_nav")
    (tmp_path / "ko" / "errors").mkdir(parents=True)
    links = "[b](b.md), [e](errors/index.md), [a](a.md#part), [b](b.md), [other](../rules.md), [one](errors/x.md)"
    (tmp_path / "ko" / "index.md").write_text(links)
    (tmp_path / "ko" / "errors" / "index.md").write_text("# Errors\n[x](x.md)")
    nav = [{"Start": "index.md"}, "rules.md", {"More": ["x.md", {"한국어": "ko/"}]}, {"日本語": "ja/"}]
    errors = {"Errors": ["ko/errors/index.md", "ko/errors/x.md"]}
    assert folders.with_pages(nav, tmp_path) == [
        {"Start": "index.md"},
        "rules.md",
        {"More": ["x.md", {"한국어": ["ko/index.md", "ko/b.md", errors, "ko/a.md"]}]},
    ]


def test_every_decision_is_in_the_index_by_its_number():
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d+)\]\((\d{4}-[\w-]+\.md)\) \| .+\. \|$", index, re.MULTILINE)
    assert [name for _, name in rows] == sorted(page.name for page in (DOCS / "decisions").glob("0*.md"))
    assert all(int(name[:4]) == int(number) for number, name in rows)
