"""The suggestion as a statistician copies it: the lines of the files to change, and the command to try them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.rehearsal import Rehearsal
from riskset.results.refusals import in_short
from riskset.study.spec import Study
from riskset_server.run.outcome import refusals_of
from riskset_server.run.suggest.changes import Loosen, Merge
from riskset_server.run.suggest.search import Progress, Rehearsals, Tried, suggested

MOST_OTHERS = 5

Command = Callable[[Sequence[str]], str]
"""Returns the command that tries the study with these exceptions."""


def suggestion(rehearsals: Rehearsals, file: str, progress: Progress, command: Command) -> Iterator[Message]:
    """Yields the lines; `file` is the name of the study file. What is said to pass did so in a rehearsal of the changed
    study, with the messages of a run."""
    found = suggested(rehearsals, progress)
    if found is None or not (found.best.changes or found.best.left):
        yield say("run.suggest.no_site") if found is None else say("run.suggest.nothing")
        return
    yield from _lines(rehearsals, found.best, file, command)
    for other in found.others[:MOST_OTHERS]:
        yield say("run.suggest.other", changes=tuple(change.said for change in other.changes))
    if any(isinstance(change, Loosen) and change.limit in rehearsals.replaceable for change in found.best.changes):
        instead = suggested(rehearsals, progress, with_exceptions=False)
        if instead is not None and not instead.best.left and _exceptions(instead.best) < _exceptions(found.best):
            yield say("run.suggest.fewer_exceptions")
            yield from _lines(rehearsals, instead.best, file, command)


def _exceptions(tried: Tried) -> int:
    return sum(isinstance(change, Loosen) for change in tried.changes)


def _lines(rehearsals: Rehearsals, tried: Tried, file: str, command: Command) -> Iterator[Message]:
    refused, n = _refused(rehearsals, tried), len(plan(tried.study).reported)
    values = {"n": len(tried.changes), "passing": n - len(refused), "analyses": n}
    if tried.changes:
        yield say("run.suggest.some_pass", **values) if refused else say("run.suggest.all_pass", **values)
        yield from (say("run.suggest.line", line=line) for line in _to_change(rehearsals.study, tried, file))
        typed = [Loosen(one.limit, one.value).typed for one in tried.exceptions]
        yield say("run.suggest.command", command=command(typed))
    if refused:
        yield say("run.suggest.left", analyses=tuple(refused))


def _refused(rehearsals: Rehearsals, tried: Tried) -> list[Message]:
    """Returns what a rehearsal of the changed study refuses, with the rule."""
    limits = rehearsals.limits
    outcome = Rehearsal(tried.study, tried.cohorts, exceptions=tried.exceptions, limits=limits).run()
    ends = [(analysis, outcome.results[analysis.id]) for analysis in outcome.history.plan.reported]
    return [
        say("run.suggest.refused", analysis=one.id, rule=of.rule)
        for one, end in ends
        for of in refusals_of(one, end)[:1]
    ]


def _to_change(study: Study, tried: Tried, file: str) -> Iterator[Message]:
    yield from (say("run.suggest.in_file", file=file, line=line) for line in _of_the_study(study, tried.study))
    for change in tried.changes:
        if isinstance(change, Merge) and not change.is_empty:
            yield say("run.suggest.map", variable=change.variable, levels=change.levels, merged=change.merged)
    yield from (say("run.suggest.exception", exception=c.typed) for c in tried.changes if isinstance(c, Loosen))
    if gone := [one.id for one in plan(study).reported if one.id not in plan(tried.study).by_id]:
        yield say("run.suggest.gone", n=len(gone), analyses=in_short(gone))


def _of_the_study(before: Study, after: Study) -> Iterator[Message]:
    """Yields each key of the study file to write differently, as TOML."""
    if before.comparison is not None and after.comparison is None:
        yield say("run.suggest.no_comparison")
    if before.time != after.time:
        yield say("run.suggest.width", width=after.time.grid.width_days)
    for table in ("variables", "analyses"):
        old, new = getattr(before, table), getattr(after, table)
        for name, entry in old.items():
            if name not in new:
                yield say("run.suggest.no_entry", table=table, name=name)
                continue
            was, now = entry.model_dump(mode="json"), new[name].model_dump(mode="json")
            for key in dict.fromkeys([*now, *was]):
                if was.get(key) != now.get(key):
                    yield _key(table, name, key, now.get(key))


def _key(table: str, name: str, key: str, value: object) -> Message:
    if value is None:
        return say("run.suggest.no_key", table=table, name=name, key=key)
    return say("run.suggest.key", table=table, name=name, key=key, value=json.dumps(value, ensure_ascii=False))
