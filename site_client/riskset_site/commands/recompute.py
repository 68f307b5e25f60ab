"""`riskset site recompute`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Final

import typer

from riskset.catalogue import Message, say
from riskset.language import OwnLanguage
from riskset.protocol.recomputing import Recomputed, Refusal, recompute
from riskset.terminal import tell
from riskset_site.commands import RosterFile, SiteToml, StudyFile, speak_at
from riskset_site.commands.opening import Run
from riskset_site.pages.output import facts_json
from riskset_site.records.journal import JournalFile, ledger_to_read
from riskset_site.study_folder import load_study_folder

CLOSEST: Final = 1e-9
"""Relative difference up to which a number is the same: another machine rounds otherwise in the last bits."""


def recompute_run(
    site_file: SiteToml,
    run: Run,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    study: StudyFile = None,
    roster: RosterFile = None,
    language: OwnLanguage = None,
) -> None:
    """Prints how a run's numbers, computed again, compare with the ledger; exit 3 where they differ."""
    speak_at(site_file, study)
    folder = load_study_folder(site_file, study, roster)
    with closing(JournalFile(ledger_to_read(folder.paths, folder.identity, folder.site))) as journal:
        found = recompute(folder.site, folder.study, folder.roster, folder.holding, journal, run)
    follows = _follows(found)
    if as_json:
        tell(facts_json({"follows": follows, **vars(found)}), nl=False)
    else:
        for line in _lines(found, run, follows):
            tell(line)
    raise typer.Exit(0 if follows else 3)


def _follows(found: Recomputed) -> bool:
    sent = all(one.sent in (None, one.masked) for one in found.rounds)
    judged = all(not one.not_refused and all(of.follows is not False for of in one.refused) for one in found.rounds)
    return sent and judged and not found.other_populations and all(one.largest <= CLOSEST for one in found.rounds)


def _lines(found: Recomputed, run: str, follows: bool) -> Iterator[Message]:
    same, numbers = (sum(getattr(one, name) for one in found.rounds) for name in ("same", "numbers"))
    largest = max((one.largest for one in found.rounds), default=0.0)
    yield say("site.recompute.same", same=same, n=numbers)
    if largest:
        yield say("site.recompute.largest", difference=largest)
    for one in found.rounds:
        if one.largest > CLOSEST:
            yield say("site.recompute.differs", round=one.round, asked_by=one.at[0], what=one.at[1])
        for of in one.refused:
            yield _refused(one.round, of)
        for of in one.not_refused:
            yield say("site.recompute.not_refused", round=one.round, analysis=of.analysis, limit=of.limit)
    if found.populations:
        yield say("site.recompute.populations", n=found.populations)
    if found.other_populations:
        yield say("site.recompute.other_populations", n=found.other_populations)
    yield from _sent(found)
    yield say("site.recompute.follows", run=run) if follows else say("site.recompute.does_not_follow", run=run)


def _refused(round_: int, of: Refusal) -> Message:
    if of.follows is None:
        return say("site.recompute.refused.since", round=round_, analysis=of.analysis, limit=of.limit)
    if of.follows:
        return say("site.recompute.refused.again", round=round_, analysis=of.analysis, limit=of.limit)
    return say("site.recompute.refused.invented", round=round_, analysis=of.analysis, limit=of.limit)


def _sent(found: Recomputed) -> Iterator[Message]:
    if any(one.sent is None for one in found.rounds):
        yield say("site.recompute.no_secret")
        return
    yield say(
        "site.recompute.sent", same=sum(one.sent or 0 for one in found.rounds), n=sum(o.masked for o in found.rounds)
    )
    for one in found.rounds:
        if one.sent != one.masked:
            yield say("site.recompute.not_sent", round=one.round)
