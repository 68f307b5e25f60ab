"""What happens to the numbers afterwards: how long they are kept, and what a withdrawal, an incident, an audit and a
publication do with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from riskset.catalogue import Message, say
from riskset.study.in_words import decided_by
from riskset.study.spec import Study
from riskset_report.dossier.document import Blanks, Cell, Items, Part, Section, section, table
from riskset_report.dossier.limits import bound_of, policy_of, read_by_others
from riskset_report.dossier.transfers import countries_of, tells_alone

_INCIDENTS = ("stop", "words", "keys", "disk", "backup", "ledger", "wrong", "text", "bundle")
_AUDIT = ("offline", "verify", "replay", "receipt", "opening", "recompute", "ledger", "not_shown")
_FOR_THE_LAWYER = ("information", "consent", "transfer", "staff", "retention", "incident", "agreement")
NAMED = {"KR": "kr", "JP": "jp"}
"""Countries whose laws are named."""


def retention(study: Study) -> Section:
    """Returns who keeps what, what ends it, and an empty column for the period that is decided."""
    is_masked = read_by_others(study) != "clear"
    kept = ("export", "journal", "secret", "keys", "log", "others", "coordinator", "auditor")
    rows: list[tuple[Cell, ...]] = []
    for code in kept:
        what = say("dossier.retention.others_clear") if code == "others" and not is_masked else _kept(code)
        rows.append((what, say(f"dossier.retention.{code}_ends"), ""))
    return section("retention", say("dossier.retention.intro"), table({"keeps": 42, "ends": 38, "period": 20}, rows))


def _kept(code: str) -> Message:
    return say(f"dossier.retention.{code}")


def withdrawal(study: Study) -> Section:
    """Returns what a withdrawal of a hospital, or of a patient, does and cannot do."""
    policy = policy_of(study)
    rows = bound_of(policy, "R14.entered_rows")
    if policy.column == "pooled":
        sites = int(policy.values["R14.entered_sites"])
        changed = say("dossier.withdrawal.changed_pooled", rows=rows, sites=sites)
    else:
        changed = say("dossier.withdrawal.changed_local", rows=rows)
    hospital, sent, patient, again = (
        say(f"dossier.withdrawal.{code}") for code in ("hospital", "sent", "patient", "again")
    )
    return section("withdrawal", Items((hospital, sent, again, patient, changed)))


def incidents() -> Section:
    """Returns what to do when something has happened, and lines for whom to call."""
    rows = [(say(f"dossier.incidents.{code}"), say(f"dossier.incidents.{code}_do")) for code in _INCIDENTS]
    return section(
        "incidents",
        table({"happened": 36, "do": 64}, rows),
        say("dossier.incidents.law"),
        Blanks((say("dossier.incidents.telephone"), say("dossier.incidents.officer"))),
    )


def audit() -> Section:
    """Returns how an auditor checks a run."""
    return section("audit", Items(tuple(say(f"dossier.audit.{code}") for code in _AUDIT)))


def publication(study: Study) -> Section:
    """Returns what the results are, and lines for who decides on them."""
    return section(
        "publication",
        Items(tuple(_published(study))),
        *_decides(study),
        Blanks((say("dossier.publication.person"), say("dossier.publication.where"))),
    )


def _decides(study: Study) -> tuple[Part, ...]:
    """Returns who decides; what the study file does not say of it is filled in by hand."""
    said = decided_by(study)
    return (say("dossier.publication.study_says"), Items(said)) if said else (say("dossier.publication.decides"),)


def _published(study: Study) -> Iterator[Message]:
    yield say("dossier.publication.files")
    yield say("dossier.publication.own") if tells_alone(study) else say("dossier.publication.own_none")
    if len(study.sites) == 2:
        yield say("dossier.publication.two")
    yield say("dossier.publication.heading")


def law(study: Study) -> Section:
    """Returns the questions that a lawyer must answer; laws are named, and nothing is concluded from them."""
    return section(
        "law",
        say("dossier.law.intro"),
        Items(tuple(_laws(study))),
        Items(tuple(say(f"dossier.law.{code}") for code in _FOR_THE_LAWYER)),
        Blanks((say("dossier.law.read"), say("dossier.law.remarks"))),
    )


def _laws(study: Study) -> Iterator[Message]:
    countries = countries_of(study)
    yield from named_laws(countries)
    others = tuple(country for country in countries if country not in NAMED)
    yield say("dossier.law.other", countries=others) if others else say("dossier.law.other_unknown")


def named_laws(countries: Collection[str]) -> Iterator[Message]:
    """Yields what is to be read of the laws of these countries, as far as laws are named."""
    for country in (one for one in NAMED if one in countries):
        yield say(f"dossier.law.{NAMED[country]}")
