"""What a form brought, and that it is of the page that was shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from riskset.desk.guard import MOST_BODY
from riskset.desk.sessions import Session

MOST_FIELDS: Final = 12
"""Of a vote."""
_MOST_DIGITS: Final = 9
"""Python refuses to read numbers of some thousand digits."""


@dataclass(frozen=True)
class Form:
    """What a form had."""

    fields: Mapping[str, str] = field(repr=False)
    """Those that it had once."""
    files: tuple[bytes, ...] = field(default=(), repr=False)
    """Those that are not empty."""

    def text(self, name: str) -> str:
        """Returns a field; an empty text where the form had none of this name, or several."""
        return self.fields.get(name, "")

    def line(self, name: str) -> str:
        """Returns a field as one line, without spaces around it."""
        return " ".join(self.text(name).split())

    def is_ticked(self, name: str) -> bool:
        """Whether a box was ticked; each has the value `yes`."""
        return self.text(name) == "yes"

    @property
    def file(self) -> bytes:
        """The file that was brought; empty where none was."""
        return self.files[0] if self.files else b""


def whole_number(text: str) -> int | None:
    """Returns the whole number that a field has, such as a row or a column; None where it has none, or one longer than
    any of ours."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


async def form_of(request: Request, most_files: int = 1, most_fields: int = MOST_FIELDS) -> Form:
    """Returns the form of a request. Raises HTTPException where it has too much."""
    size = {"max_files": most_files, "max_fields": most_fields, "max_part_size": MOST_BODY}
    async with request.form(**size) as form:
        names = Counter(name for name, _ in form.multi_items())
        fields = {name: value for name, value in form.multi_items() if names[name] == 1 and isinstance(value, str)}
        files = [await one.read() for one in form.getlist("file") if isinstance(one, UploadFile)]
        return Form(fields, tuple(filter(None, files)))


def check_session(session: Session[Any], form: Form) -> None:
    """Raises HTTPException where the form was not written for this session."""
    if not session.is_of_form(form.text("csrf")):
        raise HTTPException(403)
