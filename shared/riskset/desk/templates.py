"""The templates of a desk: its own, and those that all desks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from riskset.language import told
from riskset.visible_text import visible

_SHARED = "riskset.desk"


def environment_of(package: str, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """Returns the templates of the folder `templates` of a package, which may extend the shared ones. Every text that
    they print is escaped."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "templates"), PackageLoader(_SHARED, "templates")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_written,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment


def style_of(package: str) -> bytes:
    """Returns the style sheet of a desk: the shared one, then that of its package."""
    return b"".join((files(one) / "desk.css").read_bytes() for one in (_SHARED, package))


def _written(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """A text as a page has it: sentences in the language that is spoken, and from outside nothing that misleads."""
    return visible(told(value)) if isinstance(value, str) and not isinstance(value, Markup) else value
