"""The record of a release, for the committee alone: what was decided of every output, and what a later release is
judged with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from riskset_release.ballots import Count, Decision, Policy
from riskset_release.outputs import Candidate, Output

SCHEMA: Final = 1
RECORD: Final = "release.json"


def record_of(
    candidate: Candidate, decisions: Mapping[str, Decision], counted: Count, policy: Policy, at: str
) -> dict[str, Any]:
    """Returns the record. It also names what is not released, and which counts are held back."""
    accepted = [one for one in candidate.outputs if decisions[one.id].is_released]
    return {
        "schema": SCHEMA,
        "run": candidate.run,
        "study": candidate.study,
        "study_sha256": candidate.study_sha256,
        "bundle_sha256": candidate.bundle_sha256,
        "at": at,
        "accepts": policy.accepts,
        "requesters": sorted(policy.requesters),
        "veto_until": policy.veto_until,
        "study_asks": _asked(policy.study),
        "held_back": sorted(candidate.held_back),
        "published": {
            "counts": sorted(frozenset[str]().union(*(one.counts for one in accepted))),
            "results": sorted(frozenset[str]().union(*(one.results for one in accepted))),
        },
        "earlier": [{"run": one.run, "bundle_sha256": one.bundle_sha256, "at": one.at} for one in candidate.earlier],
        "outputs": [_output(one, decisions[one.id], counted) for one in candidate.outputs],
    }


def _asked(study: Policy | None) -> dict[str, Any] | None:
    """What the study file asks at least; None where it says nothing."""
    if study is None:
        return None
    return {"accepts": study.accepts, "requesters": sorted(study.requesters), "veto_until": study.veto_until}


def _output(output: Output, decision: Decision, counted: Count) -> dict[str, Any]:
    return {
        "id": output.id,
        "title": output.title,
        "sha256": output.sha256,
        "state": decision.state,
        "by_exception": list(output.by_exception),
        "files": sorted(output.files),
        "votes": [vote.id for vote in counted.ballots[output.id].counted],
    }
