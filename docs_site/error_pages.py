"""Writes docs/errors, docs/ko/errors and docs/ja/errors from the pages that `riskset explain` prints.

    python docs_site/error_pages.py

A test compares the folders with what this would write.
"""

from pathlib import Path

from riskset.catalogue import ENGLISH, languages
from riskset.error_pages.markdown import files_of

DOCS = Path(__file__).parents[1] / "docs"


def folder_of(language: str) -> Path:
    """Returns the folder of a language's pages."""
    return DOCS / "errors" if language == ENGLISH else DOCS / language / "errors"


def main() -> None:
    """Writes all pages, and removes those that no longer exist."""
    for language in languages():
        folder, wanted = folder_of(language), files_of(language)
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.md"):
            if file.name not in wanted:
                file.unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
