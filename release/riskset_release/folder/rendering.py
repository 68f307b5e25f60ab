"""How the index and the note of a release are rendered: the report's style sheet, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from riskset.catalogue import in_language, say
from riskset.visible_text import visible
from riskset_release.ballots import Policy
from riskset_release.folder.deciders import by_auditor, by_withdrawer
from riskset_release.folder.described import Decided
from riskset_release.folder.released import Released
from riskset_release.who_decides import facts_of
from riskset_release.withdrawals import Withdrawal
from riskset_report.provenance import time_text


def rendered(template: str, released: Released, **values: Any) -> str:  # noqa: ANN401 - whatever the template prints
    """Returns a page in the language of the release; every text from outside is escaped."""
    described = released.described
    n_withdrawn = sum(one.is_withdrawn for one in released.outputs)
    return (
        _environment()
        .get_template(template)
        .render(
            language=described.language,
            outputs=released.outputs,
            subject=described.origin.title_in(described.language),
            facts=_facts(released),
            withdrawn=say("release.note.some_withdrawn", n=n_withdrawn) if n_withdrawn else "",
            **values,
        )
    )


def _facts(released: Released) -> Mapping[str, str]:
    described, origin = released.described, released.described.origin
    to = say("release.note.recipients", to=described.to, countries=described.countries)
    return {
        say("audit.readme.study"): f"{origin.study} {origin.version}",
        say("audit.readme.run"): released.run,
        say("release.note.at"): time_text(described.at),
        say("release.note.to"): say("release.note.public") if described.is_public else to,
        **dict(facts_of(_policy(described.decided))),
        say("release.note.study_hash"): released.study_sha256,
    }


def _policy(decided: Decided) -> Policy:
    study = None if decided.study is None else _policy(decided.study)
    return Policy(decided.accepts, frozenset(decided.requesters), decided.veto_until or "", study)


@cache
def _environment() -> Environment:
    loader = ChoiceLoader(
        [PackageLoader("riskset_release", "folder/templates"), PackageLoader("riskset_report", "templates")]
    )
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": _shown, "by": by_auditor, "taken_back": _taken_back}
    return environment


@pass_context
def _shown(context: Context, text: str) -> str:
    """A text in the language of the page, with what could mislead its reader escaped."""
    return visible(in_language(text, context["language"]))


def _taken_back(withdrawal: Withdrawal) -> str:
    return say("release.note.withdrawn", by=by_withdrawer(withdrawal), reason=withdrawal.reason)
