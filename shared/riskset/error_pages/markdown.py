"""The pages as Markdown, for docs/errors: `python docs_site/error_pages.py` writes them."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.error_pages import FAMILY, ErrorPage, page_names, page_of


def files_of(language: str) -> dict[str, str]:
    """Returns the text of every file of the folder `errors` of a language, by its name."""
    pages = [page for name in page_names() if (page := page_of(name, language))]
    return {"index.md": _index(pages, language), **{f"{page.name}.md": _page(page, language) for page in pages}}


def headings() -> dict[str, Message]:
    """Returns the headings of a page, by the name of their part."""
    return {
        "expected": say("cli.explain.expected"),
        "found": say("cli.explain.found"),
        "where": say("cli.explain.where"),
        "next": say("cli.explain.next"),
        "site_toml": say("cli.explain.site_toml"),
        "codes": say("cli.explain.codes"),
    }


def _page(page: ErrorPage, language: str) -> str:
    said = {part: heading.in_language(language) for part, heading in headings().items()}
    parts = [
        f"# {page.title}",
        page.means,
        *(f"**{said[part]}** {getattr(page, part)}" for part in ("expected", "found", "where")),
        f"## {said['next']}",
        "\n".join(f"- {step}" for step in page.next),
    ]
    if page.site_toml:
        parts += [f"## {said['site_toml']}", f"```toml\n{page.site_toml}\n```"]
    parts += [f"## {said['codes']}", "\n".join(f"- `{code}`" for code in page.codes)]
    return "\n\n".join(parts) + "\n"


def _index(pages: list[ErrorPage], language: str) -> str:
    title, about = say("cli.explain.title"), say("cli.explain.about")
    code, page = say("cli.explain.code"), say("cli.explain.page")
    head = f"| {code.in_language(language)} | {page.in_language(language)} |\n|---|---|\n"
    rows = "\n".join(_rows(pages))
    return f"# {title.in_language(language)}\n\n{about.in_language(language)}\n\n{head}{rows}\n"


def _rows(pages: list[ErrorPage]) -> Iterator[str]:
    for page in pages:
        for code in page.codes:
            shown = f"{code.removesuffix(FAMILY)}.…" if code.endswith(FAMILY) else code
            yield f"| `{shown}` | [{page.title}]({page.name}.md) |"
