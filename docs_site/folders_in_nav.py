"""Hook of mkdocs: a folder in `nav` stands for its index page, then its pages in the order in which that one links; a
folder to whose index it links is a section below it."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

INDEX = ("index.md", "README.md")
Entry = str | dict[str, "str | list[Entry]"]
"""A page, or a title with a page, a folder or a list."""
LINK = re.compile(r"\]\(([\w-]+/)?([\w-]+\.md)(?:#[^)]*)?\)")
TITLE = re.compile(r"^# (.*)$", re.MULTILINE)


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
    return {title: [_below(value, page) for page in pages]} if pages else None


def _below(folder: str, entry: Entry) -> Entry:
    """Returns the entry of a folder as it is named from the top."""
    if isinstance(entry, str):
        return folder + entry
    return {title: [_below(folder, one) for one in inner] for title, inner in entry.items()}


def pages_of(folder: Path) -> list[Entry]:
    """Returns the index page and the pages of the same folder to which it links, in its order; nothing without one. A
    folder inside is a section, titled as its index page is.

    A page that it does not link to is in no list, and a strict build fails for it.
    """
    index = next((name for name in INDEX if (folder / name).is_file()), None)
    if index is None:
        return []
    pages: list[Entry] = [index]
    for inside, name in dict.fromkeys(LINK.findall((folder / index).read_text(encoding="utf-8"))):
        if inside and name in INDEX:
            title = TITLE.findall((folder / inside / name).read_text(encoding="utf-8"))[0]
            pages.append({title: [_below(inside, page) for page in pages_of(folder / inside)]})
        elif not inside and name != index:
            pages.append(name)
    return pages
