"""Who decides, as the study says it and as whoever counts the votes may ask for more.

Hospitals have approved the study file; the options of a command nobody has. So an option can only be stricter: more
acceptances, more requesters, a longer time for vetoes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from riskset.audit.trusted import Trusted
from riskset.catalogue import Message, say
from riskset.errors import DataError, Refused, did_you_mean
from riskset_release.ballots import Policy
from riskset_release.outputs import Candidate

ACCEPTS: Final = 2
"""Where neither the study nor an option says it."""


@dataclass(frozen=True)
class Options:
    """What somebody asks for on the command line; empty where they leave it to the study."""

    accepts: int | None = None
    requesters: Sequence[str] = ()
    veto_until: str = ""


def policy_for(candidate: Candidate, trusted: Trusted, options: Options) -> Policy:
    """Returns who decides on the outputs of a candidate.

    Raises Refused where an option asks for less than the study. Raises DataError where a requester is not one of the
    auditors, since a misspelt one could vote; where the last day of vetoes is none; or where the study has one and the
    run no end.
    """
    study = _of_study(candidate)
    for name in options.requesters:
        if name not in trusted.auditors:
            hint = did_you_mean(name, trusted.auditors) or say("release.key.unknown_hint")
            raise DataError(say("release.key.unknown", name=name), hint)
    if options.veto_until and not _is_day(options.veto_until):
        raise DataError(say("site.terms.not_a_day", found=options.veto_until))
    asked = Policy(options.accepts or ACCEPTS, frozenset(options.requesters), options.veto_until)
    if study is None:
        return asked
    for name in sorted(study.requesters - trusted.auditors.keys()):
        raise DataError(say("release.policy.no_requester", name=name), say("release.policy.no_requester_hint"))
    _check_not_weaker(study, options)
    return Policy(
        accepts=max(study.accepts, options.accepts or 0),
        requesters=study.requesters | asked.requesters,
        veto_until=max(study.veto_until, options.veto_until),
        study=study,
    )


def _of_study(candidate: Candidate) -> Policy | None:
    """Returns what the study asks; None where it says nothing. The time of vetoes is counted from the entry of the
    coordinator's log that ends the run, which every hospital has cosigned: never from a clock here."""
    release = candidate.release
    if release is None:
        return None
    found = Policy(release.accepts, frozenset(release.requesters))
    if release.veto_days is None:
        return found
    if not candidate.ended_at:
        raise DataError(say("audit.log.not_whole", run=candidate.run))
    try:
        last = date.fromisoformat(candidate.ended_at[:10]) + timedelta(days=release.veto_days)
    except OverflowError:  # of a log from the year 9999
        last = date.max
    return replace(found, veto_until=last.isoformat())


def _check_not_weaker(study: Policy, options: Options) -> None:
    hint = say("release.policy.hint")
    if options.accepts is not None and options.accepts < study.accepts:
        raise Refused("weaker", say("release.policy.fewer", asked=options.accepts, least=study.accepts), hint)
    if options.veto_until and not study.veto_until:
        raise Refused("weaker", say("release.policy.no_last_day", asked=options.veto_until), hint)
    if options.veto_until and options.veto_until < study.veto_until:
        sooner = say("release.policy.sooner", asked=options.veto_until, until=study.veto_until)
        raise Refused("weaker", sooner, hint)


def why_too_early(policy: Policy, at: str) -> Message | None:
    """Returns why nothing is released at a time (UTC, ISO 8601): hospitals can still veto; None where they cannot, or
    where no day ends their time."""
    if policy.veto_until and at[:10] <= policy.veto_until:
        return say("release.policy.too_early", until=policy.veto_until)
    return None


def facts_of(policy: Policy) -> Iterator[tuple[Message, Message]]:
    """Yields what is asked, each with its name, and who says it."""
    in_study = dict(_values(policy.study)) if policy.study else {}
    for name, value in _values(policy):
        is_said = name in in_study or (name == "requesters" and policy.study is not None)  # the study may name nobody
        source = "of_option" if not is_said else "of_study" if in_study.get(name) == value else "more"
        yield say(f"release.desk.{name}"), say(f"release.policy.{source}", value=value)


def _values(policy: Policy) -> Iterator[tuple[str, str]]:
    yield "accepts", str(policy.accepts)
    if policy.requesters:
        yield "requesters", ", ".join(sorted(policy.requesters))
    if policy.veto_until:
        yield "veto_until", policy.veto_until


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
