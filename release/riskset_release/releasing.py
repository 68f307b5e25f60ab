"""A release: the outputs that a committee accepted, pages that describe them, and the public proof. Nothing else is in
its folder, but for the committee's own record."""

from __future__ import annotations

from collections.abc import Mapping

from riskset import __version__
from riskset.audit.proof import FILE as PROOF
from riskset.catalogue import say
from riskset.errors import Refused
from riskset_release.ballots import Count, Decision, Policy
from riskset_release.folder.described import Decided, Described, Recipients, Titled
from riskset_release.folder.proof_file import as_json, proof_and_pages, proof_of_release
from riskset_release.folder.released import released_of
from riskset_release.outputs import Candidate, Output
from riskset_release.record import RECORD, record_of
from riskset_release.who_decides import why_too_early

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

    Raises Refused where nothing is accepted, where hospitals can still veto, or where one has not cosigned the end of
    the run; DataError where the proof would not hold, so that no folder is written that a reader refuses.
    """
    if too_early := why_too_early(policy, at):
        raise Refused("too_early", too_early, say("release.policy.too_early_hint"))
    accepted = [one for one in candidate.outputs if decisions[one.id].is_released]
    if not accepted:
        raise Refused("nothing", say("release.release.nothing"), say("release.release.nothing_hint"))
    files = {path: content for output in accepted for path, content in output.files.items()}
    acceptances = {
        output.id: [votes[vote.id] for vote in counted.ballots[output.id].counted if vote.accepts]
        for output in accepted
    }
    described = _described(candidate, accepted, policy, at, language, recipients or Recipients())
    proof = proof_of_release(candidate, accepted, acceptances, policy.accepts, described)
    record = record_of(candidate, decisions, counted, policy, at)
    return {**files, RECORD: as_json(record), **proof_and_pages(proof, released_of(proof, files))}


def _described(
    candidate: Candidate, accepted: list[Output], policy: Policy, at: str, language: str, recipients: Recipients
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
        decided=_decided(policy),
        outputs={
            one.id: Titled(title=one.title, kind=one.kind, by_exception=tuple(one.by_exception)) for one in accepted
        },
    )


def _decided(policy: Policy) -> Decided:
    return Decided(
        accepts=policy.accepts,
        requesters=tuple(sorted(policy.requesters)),
        veto_until=policy.veto_until or None,
        study=None if policy.study is None else _decided(policy.study),
    )
