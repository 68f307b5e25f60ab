"""Derives the results of a run again from the signed replies of a bundle, and compares them with those it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, Final

import numpy as np

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.audit.bundle import RESULTS
from riskset.audit.checks import Checks
from riskset.audit.following import as_json
from riskset.audit.recorded_run import RecordedRun
from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.protocol.contributing import labelled
from riskset.protocol.coordinator import Outcome
from riskset.protocol.history import History, open_history
from riskset.results import results_file, results_json, results_of
from riskset.results.notices import notices
from riskset.secure import fixed_point
from riskset.strict_json import NotStrictJson, read_json
from riskset.study.load import study_hash

CLOSEST: Final = 1e-12
"""Relative difference up to which two floats agree: those of two machines may differ in their last bits."""
RESULTS_JSON: Final = f"{RESULTS}results.json"


@dataclass(frozen=True)
class Replayed:
    """What follows from the signed replies."""

    outcome: Outcome
    totals: bytes
    """totals.json"""
    verdicts: bytes
    """verdicts.json"""
    results: bytes
    """results.json"""


def derived(run: RecordedRun) -> Replayed:
    """Returns what follows from the replies of a run. Raises ProtocolError or Refused where nothing does: a reply does
    not have the length of its question, or the sums are of no patients."""
    *before, history = histories(run)
    rounds = tuple(one.replies for one in run.rounds)
    totals = [
        {"round": round_, "asked": totals_of(then, [then.read(reply) for reply in replies])}
        for round_, (then, replies) in enumerate(zip(before, rounds[1:], strict=True), 1)
    ]
    outcome = Outcome(run.id, dict(history.results), len(rounds), rounds, history)
    found = results_of(run.study, outcome, history.opening.participants, notices(run.study, outcome))
    return Replayed(outcome, as_json(totals), as_json(_verdicts(outcome)), results_file(results_json(found)))


def histories(run: RecordedRun) -> list[History]:
    """Returns the history that each round from 1 on answered, and the last one. Raises as `derived`."""
    opened, *others = [one.replies for one in run.rounds]
    found = [open_history(run.plan, study_hash(run.study), run.roster.sha256, run.id, opened)]
    for replies in others:
        found.append(found[-1].advance(replies))
    return found


def totals_of(history: History, vectors: Sequence[fixed_point.Vector]) -> list[dict[str, Any]]:
    """Returns the totals of a round, with what asked for them, in the order of the vector; flags are left out."""
    total = fixed_point.total(vectors)
    numbers = np.array(fixed_point.decode(total[:, len(history.live) :]))
    asked = labelled(history, numbers, np.zeros(len(numbers), bool))
    return [
        {"asked_by": id_, "totals": [{"what": label, "total": x} for label, x in zip(labels, values, strict=True)]}
        for id_, labels, values in asked
    ]


def _verdicts(outcome: Outcome) -> dict[str, dict[str, str]]:
    ids = [analysis.id for analysis in outcome.history.plan.reported]
    return {id_: _verdict(outcome.results[id_]) for id_ in ids if id_ in outcome.results}


def _verdict(result: Result) -> dict[str, str]:
    if isinstance(result, RefusedByRule):
        return {"verdict": "refused", "rule": result.rule, "by": result.by, "message": str(result.message)}
    if isinstance(result, NotEstimable):
        return {"verdict": "not estimable", "message": str(result.message)}
    return {"verdict": "passed"}


def replay(checks: Checks, files: Mapping[str, bytes], run: RecordedRun) -> bool:
    """Compares what follows from a run with the files of its bundle; returns whether results.json has the same bytes.
    Texts and whole numbers must be equal, floats within `CLOSEST`."""
    try:
        again = derived(run)
    except RisksetError as wrong:
        checks.that("replay", False, "messages/", wrong.message)
        return False
    for path, expected in (
        ("totals.json", again.totals),
        ("verdicts.json", again.verdicts),
        (RESULTS_JSON, again.results),
    ):
        _compare(checks, files, path, read_json(expected))
    return files.get(RESULTS_JSON) == again.results


def _compare(checks: Checks, files: Mapping[str, bytes], path: str, expected: Any) -> None:  # noqa: ANN401 - any JSON
    if not checks.that("files", path in files, path, say("audit.file.missing")):
        return
    try:
        found = read_json(files[path])
    except NotStrictJson:
        checks.that("replay", False, path, say("audit.replay.not_json"))
        return
    for place, is_same in _compared(expected, found, ""):
        checks.that("replay", is_same, path, say("audit.replay.differs", place=place or path))


def _compared(expected: Any, found: Any, place: str) -> Iterator[tuple[str, bool]]:  # noqa: ANN401 - any JSON value
    """Yields every value that follows, with its place, and whether it was found."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            inner = f"{place}.{key}" if place else key
            if key in expected and key in found:
                yield from _compared(expected[key], found[key], inner)
            else:
                yield inner, False
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _compared(one, other, f"{place}[{index}]")
    elif isinstance(expected, float) and isinstance(found, float):
        yield place, expected == found or isclose(expected, found, rel_tol=CLOSEST)
    else:
        yield place, type(expected) is type(found) and expected == found
