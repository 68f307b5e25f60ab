"""A page for every problem, warning and refusal that a hospital's commands show: what it means and what to do.

The pages are data beside this module: `pages.toml` says which codes of the catalogue lead to which page, and a file for
each language has the texts. `riskset explain CODE` prints them without a network; docs/errors is written from them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from riskset.catalogue import ENGLISH, Message, languages, say

FAMILY: Final = ".*"
"""Ends the name of a family: its page is that of every code which begins so and has no page of its own."""


@dataclass(frozen=True)
class ErrorPage:
    """One page in one language. Examples are made up; text between backticks is to be typed or was printed."""

    name: str
    codes: tuple[str, ...]
    """Of the catalogue, those that lead here; `study.cox.*` is a family."""
    title: str
    means: str
    expected: str
    found: str
    where: str
    next: tuple[str, ...]
    """What to do: one step or alternative each."""
    site_toml: str
    """How to say it in a site file; empty where nothing can be said there."""


def page_name(code: str) -> str | None:
    """Returns the name of the page of a code of the catalogue: its own, else that of its nearest family, else None."""
    found = _by_code()
    parts = code.split(".")
    families = (".".join(parts[:end]) + FAMILY for end in range(len(parts) - 1, 0, -1))
    return next((found[one] for one in (code, *families) if one in found), None)


def page_of(code: str, language: str) -> ErrorPage | None:
    """Returns the page of a code, or of a page's own name; English where the language has no pages; None for
    neither."""
    name = code if code in page_names() else page_name(code)
    return None if name is None else _page(name, language)


def page_names() -> tuple[str, ...]:
    """Returns the names of all pages, in the order of the index."""
    return tuple(_read("pages"))


def codes() -> tuple[str, ...]:
    """Returns every code and family that leads to a page."""
    return tuple(_by_code())


def with_code(text: Message, of: str) -> Message:
    """Returns a line about a message with the code of that message at its end, where the code has a page."""
    code = of.code if isinstance(of, Message) else ""
    return say("cli.with_code", text=text, code=code) if code and page_name(code) else text


@cache
def _by_code() -> Mapping[str, str]:
    return {code: name for name, page in _read("pages").items() for code in page["codes"]}


def _page(name: str, language: str) -> ErrorPage:
    """A language that only has sentences (in tests) reads the English pages."""
    shared, texts = _read("pages")[name], _read(language if language in _written() else ENGLISH)[name]
    said = {key: texts[key].strip() for key in ("title", "means", "expected", "found", "where")}
    steps = tuple(step.strip() for step in texts["next"])
    return ErrorPage(name, tuple(shared["codes"]), **said, next=steps, site_toml=shared.get("site_toml", "").strip())


@cache
def _written() -> tuple[str, ...]:
    return tuple(name for name in languages() if (files(__name__) / f"{name}.toml").is_file())


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
