"""A release: the outputs that a committee accepted, pages that describe them, and the public proof. Nothing else is in
its folder, but for the committee's own record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from riskset import __version__
from riskset.audit.proof import FILE as PROOF
from riskset.catalogue import say
from riskset.errors import Refused
from riskset_release.ballots import Count, Decision, Policy
from riskset_release.folder.described import Described, Recipients, Titled
from riskset_release.folder.proof_file import as_json, proof_and_pages, proof_of_release
from riskset_release.folder.released import released_of
from riskset_release.outputs import Candidate, Output

SCHEMA: Final = 1
RECORD: Final = "release.json"
__all__ = ["PROOF", "RECORD", "released_files"]


def released_files(
    candidate: Candidate,
    counted: Count,
    decisions: Mapping[str, Decision],
    votes: Mapping[str, bytes],
    policy: Policy,
    at: str,
    language: str,
    recipients: Recipients | None = None,
) -> dict[str, bytes]:
    """Returns the files of a release by their path. `votes` are the files of votes by their id, `at` (UTC, ISO 8601) is
    when it is released; without `recipients` it is for everybody.

    Raises Refused where nothing is accepted, or a hospital has not cosigned the end of the run; DataError where the
    proof would not hold, so that no folder is written that a reader refuses.
    """
    accepted = [one for one in candidate.outputs if decisions[one.id].is_released]
    if not accepted:
        raise Refused("nothing", say("release.release.nothing"), say("release.release.nothing_hint"))
    files = {path: content for output in accepted for path, content in output.files.items()}
    acceptances = {
        output.id: [votes[vote.id] for vote in counted.ballots[output.id].counted if vote.accepts]
        for output in accepted
    }
    described = _described(candidate, accepted, at, language, recipients or Recipients())
    proof = proof_of_release(candidate, accepted, acceptances, policy.accepts, described)
    record = _record(candidate, decisions, counted, policy, at)
    return {**files, RECORD: as_json(record), **proof_and_pages(proof, released_of(proof, files))}


def _described(
    candidate: Candidate, accepted: list[Output], at: str, language: str, recipients: Recipients
) -> Described:
    if candidate.origin is None:  # a run without rules is a rehearsal, which has no bundle
        raise Refused("not_recorded", say("release.release.no_rules"), say("release.candidate.none_hint"))
    return Described(
        origin=candidate.origin,
        at=at,
        language=language,
        program=__version__,
        to=recipients.to,
        countries=recipients.countries,
        outputs={one.id: Titled(title=one.title, kind=one.kind) for one in accepted},
    )


def _record(
    candidate: Candidate, decisions: Mapping[str, Decision], counted: Count, policy: Policy, at: str
) -> dict[str, Any]:
    """What was decided of every output, also of those that are not released; and which counts the gate held back."""
    outputs = [
        {
            "id": one.id,
            "title": one.title,
            "sha256": one.sha256,
            "state": decisions[one.id].state,
            "votes": [vote.id for vote in counted.ballots[one.id].counted],
        }
        for one in candidate.outputs
    ]
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
        "held_back": sorted(candidate.held_back),
        "outputs": outputs,
    }
