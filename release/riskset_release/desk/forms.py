"""What a form brought, and that it is of the page that was shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset_release.desk.guard import MOST_BODY
from riskset_release.desk.sessions import Session
from riskset_release.outputs import Output
from riskset_release.votes import Judgement


@dataclass(frozen=True)
class Form:
    """What a form had."""

    fields: Mapping[str, str]
    """Those that it had once."""
    file: bytes

    def text(self, name: str) -> str:
        """Returns a field; an empty text where the form had none of this name, or several."""
        return self.fields.get(name, "")

    @property
    def judgement(self) -> Judgement:
        """What was typed into the form of a vote."""
        return Judgement(*(" ".join(self.text(name).split()) for name in ("decision", "name", "category", "reason")))


async def form_of(request: Request) -> Form:
    async with request.form(max_files=1, max_fields=12, max_part_size=MOST_BODY) as form:
        names = Counter(name for name, _ in form.multi_items())
        fields = {name: value for name, value in form.multi_items() if names[name] == 1 and isinstance(value, str)}
        file = form.get("file")
        return Form(fields, await file.read() if isinstance(file, UploadFile) else b"")


def check_session(session: Session, form: Form) -> None:
    """Raises HTTPException where the form was not written for this session."""
    if not session.is_of_form(form.text("csrf")):
        raise HTTPException(403)


def check_bytes(form: Form, output: Output) -> None:
    """Raises RisksetError where the page showed other bytes than these."""
    if form.text("sha256") != output.sha256:
        raise RisksetError(say("release.cast.other_bytes"))


def check_statement(form: Form) -> None:
    """Raises RisksetError where the signer did not say that it is meant as a signature."""
    if form.text("statement") != "yes":
        raise RisksetError(say("release.cast.statement"))
