"""Hook of mkdocs: a folder in `nav` stands for its index page, then its pages in the order in which that one links."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

INDEX = ("index.md", "README.md")
Entry = str | dict[str, "str | list[Entry]"]
"""A page, or a title with a page, a folder or a list."""
TO_A_PAGE = re.compile(r"\]\(([\w-]+\.md)(?:#[^)]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Returns the configuration with each folder of its `nav` replaced by the folder's pages."""
    config["nav"] = with_pages(config["nav"], Path(config["docs_dir"]))
    return config


def with_pages(nav: list[Entry], docs: Path) -> list[Entry]:
    """Returns `nav` with a list of pages for each `folder/`; without those that have no index page."""
    return [entry for entry in (_entry(one, docs) for one in nav) if entry is not None]


def _entry(entry: Entry, docs: Path) -> Entry | None:
    if not isinstance(entry, dict):
        return entry
    ((title, value),) = entry.items()
    if isinstance(value, list):
        return {title: with_pages(value, docs)}
    if not value.endswith("/"):
        return entry
    pages = pages_of(docs / value)
    return {title: [value + page for page in pages]} if pages else None


def pages_of(folder: Path) -> list[str]:
    """Returns the index page and the pages of the same folder to which it links, in its order; nothing without one.

    A page that it does not link to is in no list, and a strict build fails for it.
    """
    index = next((name for name in INDEX if (folder / name).is_file()), None)
    if index is None:
        return []
    linked = TO_A_PAGE.findall((folder / index).read_text(encoding="utf-8"))
    return [index, *dict.fromkeys(name for name in linked if name != index)]
