"""What the form of a decision says, and of which page it is."""

from __future__ import annotations

from riskset.catalogue import say
from riskset.desk.forms import Form
from riskset.errors import RisksetError
from riskset_release.outputs import Output
from riskset_release.votes import Judgement


def judgement_in(form: Form) -> Judgement:
    """Returns what was typed into the form of a vote."""
    return Judgement(*(form.line(name) for name in ("decision", "name", "category", "reason")))


def check_bytes(form: Form, output: Output) -> None:
    """Raises RisksetError where the page showed other bytes than these."""
    if form.text("sha256") != output.sha256:
        raise RisksetError(say("release.cast.other_bytes"))


def check_statement(form: Form) -> None:
    """Raises RisksetError where the signer did not say that it is meant as a signature."""
    if not form.is_ticked("statement"):
        raise RisksetError(say("release.cast.statement"))
