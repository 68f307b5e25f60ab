"""Derives the results of a run again from the signed replies of a bundle, and compares them with those it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.audit.bundle import MESSAGES, RESULTS_JSON
from riskset.audit.checks import Checks, Finding
from riskset.audit.following import as_json
from riskset.audit.json_values import are_close, side_by_side
from riskset.audit.progress import Progress, unseen
from riskset.audit.recorded_run import RecordedRun
from riskset.catalogue import say
from riskset.errors import ProtocolError, RisksetError
from riskset.protocol.contributing import labelled
from riskset.protocol.coordinator import Outcome
from riskset.protocol.history import History
from riskset.results import Results, results_file, results_json, results_of
from riskset.results.notices import notices
from riskset.secure import fixed_point
from riskset.strict_json import NotStrictJson, read_json


@dataclass(frozen=True)
class Replayed:
    """What follows from the signed replies."""

    results: Results
    totals: bytes
    """totals.json"""
    verdicts: bytes
    """verdicts.json"""

    @cached_property
    def results_json(self) -> bytes:
        return results_file(results_json(self.results))


def derived(run: RecordedRun, at: Progress = unseen) -> Replayed:
    """Returns what follows from the replies of a run. Raises ProtocolError or Refused where nothing does: a reply does
    not have the length of its question, the sums are of no patients, or the run is not at its end."""
    rounds = tuple(one.replies for one in run.rounds)
    totals, before = list[dict[str, Any]](), None
    for round_, history in enumerate(run.histories()):
        at(say("audit.progress.adding", round=round_, last=len(rounds) - 1))
        if before is not None:
            asked = totals_of(before, [before.read(reply) for reply in rounds[round_]])
            totals.append({"round": round_, "asked": asked})
        before = history
    if not history.is_closed:
        raise ProtocolError(say("protocol.round.unfinished"))
    outcome = Outcome(run.id, dict(history.results), len(rounds), rounds, history)
    found = results_of(run.study, outcome, history.opening.participants, notices(run.study, outcome))
    return Replayed(found, as_json(totals), as_json(_verdicts(outcome)))


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


def replay(checks: Checks, files: Mapping[str, bytes], run: RecordedRun, at: Progress = unseen) -> Replayed | None:
    """Compares what follows from a run with its bundle, as `compare` does, and returns it; None where nothing
    follows."""
    try:
        again = derived(run, at)
    except RisksetError as wrong:
        checks.failures.append(Finding(MESSAGES, wrong.message))
        return None
    compare(checks, files, again)
    return again


def compare(checks: Checks, files: Mapping[str, bytes], again: Replayed) -> None:
    """Compares totals, verdicts and results.json of a bundle with what follows. Texts and whole numbers must be equal,
    floats up to `CLOSEST`."""
    _compare(checks, files, "totals.json", again.totals)
    _compare(checks, files, "verdicts.json", again.verdicts)
    _compare(checks, files, RESULTS_JSON, again.results_json)


def _compare(checks: Checks, files: Mapping[str, bytes], path: str, expected: bytes) -> None:
    if not checks.that("files", path in files, path, say("audit.file.missing")):
        return
    try:
        found = read_json(files[path])
    except NotStrictJson:
        checks.failures.append(Finding(path, say("audit.replay.not_json")))
        return
    for place, one, other in side_by_side(read_json(expected), found):
        if _is_same(one, other):
            checks.held["replay"] += 1
        else:
            checks.failures.append(Finding(path, say("audit.replay.differs", place=place or path)))


def _is_same(expected: object, found: object) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return are_close(expected, found)
    return type(expected) is type(found) and expected == found
