"""What was done for a release, as actions of an RO-Crate: the run, approvals, checks, votes and withdrawals.

`additionalType` has the terms of the Five Safes profile 0.4: SignOff, CheckValue, DisclosureCheck, GenerateCheckValue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from riskset.audit.proof import FILE as PROOF
from riskset.catalogue import Message, say
from riskset_release.folder.deciders import by_auditor, by_withdrawer
from riskset_release.folder.released import Released, ReleasedOutput
from riskset_release.votes import Vote
from riskset_release.withdrawals import Withdrawal

_SHP: Final = "https://w3id.org/shp#"
_DONE, _FAILED = "http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"
_SHA256: Final = "https://www.iana.org/assignments/named-information#sha-256"


def id_of_hospital(site: str) -> str:
    return f"#hospital-{site}"


def id_of_auditor(key: str) -> str:
    """Returns an id that follows from the key alone: two auditors may have one name."""
    return f"#auditor-{key[:16]}"


def actions_of(released: Released) -> list[dict[str, Any]]:
    """Returns every action, in the order in which they happened, as far as that is on record."""
    return [
        *_approvals(released),
        _run(released),
        *_checks(released),
        *(_vote(one, vote) for one in released.outputs for vote in one.votes),
        *(_withdrawal(one, taken_back) for one in released.outputs for taken_back in one.withdrawals),
    ]


def entities_of_terms() -> Iterator[dict[str, Any]]:
    """Yields the terms that the actions use, so that each reference leads to something."""
    for term in ("SignOff", "CheckValue", "DisclosureCheck", "GenerateCheckValue"):
        yield {"@id": f"{_SHP}{term}", "@type": "DefinedTerm", "name": term}
    yield {"@id": _SHA256, "@type": "DefinedTerm", "name": "sha-256 algorithm"}


def _assessed(id_: str, term: str, name: Message, agent: str, at: str, objects: Sequence[str]) -> dict[str, Any]:
    return {
        "@id": id_,
        "@type": "AssessAction",
        "additionalType": {"@id": f"{_SHP}{term}"},
        "name": str(name),
        "endTime": at,
        "agent": {"@id": agent},
        "object": _references(objects),
        "actionStatus": _DONE,
    }


def _references(ids: Sequence[str]) -> Any:  # noqa: ANN401 - any JSON value
    """One reference by itself, several as a list, as RO-Crate writes them."""
    references = [{"@id": one} for one in ids]
    return references[0] if len(references) == 1 else references


def _approvals(released: Released) -> Iterator[dict[str, Any]]:
    for site, hospital in released.hospitals.items():
        if hospital.approved_at is not None:
            name = say("release.crate.approved", name=hospital.name)
            objects = ("./", "#study", "#project")
            at = hospital.approved_at
            yield _assessed(f"#approval-{site}", "SignOff", name, id_of_hospital(site), at, objects)


def _run(released: Released) -> dict[str, Any]:
    origin = released.described.origin
    return {
        "@id": f"#run-{released.run}",
        "@type": "CreateAction",
        "name": str(say("release.crate.run", run=released.run)),
        "startTime": origin.began_at,
        "endTime": origin.ended_at,
        "description": str(say("release.crate.run_in_words")),
        "agent": _references([id_of_hospital(site) for site in released.hospitals]),
        "instrument": {"@id": "#riskset"},
        "object": {"@id": "#study"},
        "result": _references(_paths(released.outputs)),
        "actionStatus": _DONE,
    }


def _checks(released: Released) -> Iterator[dict[str, Any]]:
    """What the program itself did: it checked the records, judged the numbers and wrote the hashes."""
    at, run = released.described.at, f"#run-{released.run}"
    checked, gated = say("release.crate.checked"), say("release.crate.gated")
    records = _assessed("#records", "CheckValue", checked, "#riskset", at, ("./", run))
    yield {**records, "instrument": {"@id": _SHA256}}
    yield _assessed("#gate", "DisclosureCheck", gated, "#riskset", at, ("./", *_paths(released.outputs)))
    yield {
        **_assessed("#hashes", "GenerateCheckValue", say("release.crate.hashes"), "#riskset", at, ("./",)),
        "@type": "UpdateAction",
        "instrument": {"@id": "#riskset"},
        "result": {"@id": PROOF},
    }


def _vote(output: ReleasedOutput, vote: Vote) -> dict[str, Any]:
    id_, name = f"#vote-{vote.id[:16]}", say("release.crate.voted", output=output.id, by=by_auditor(vote))
    objects = ("./", *_paths([output]))
    return _assessed(id_, "DisclosureCheck", name, id_of_auditor(vote.key), vote.at, objects)


def _withdrawal(output: ReleasedOutput, of: Withdrawal) -> dict[str, Any]:
    """No profile has a term for it: an assessment after publication, that failed."""
    by, objects = by_withdrawer(of), ("./", *_paths([output]))
    name = say("release.crate.withdrawn", output=output.id, by=by, reason=of.reason)
    agent = id_of_hospital(of.site) if of.site else id_of_auditor(of.key)
    return {
        **_assessed(f"#withdrawal-{of.id[:16]}", "DisclosureCheck", name, agent, of.at, objects),
        "actionStatus": _FAILED,
    }


def _paths(outputs: Sequence[ReleasedOutput]) -> tuple[str, ...]:
    return tuple(path for one in outputs for path in one.files)
