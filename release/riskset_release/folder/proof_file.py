"""proof.json of a release: what a committee accepted and of which run, and the pages beside it with their hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from riskset.audit.bundle import LOG as LOG_FILE
from riskset.audit.bundle import ROSTER
from riskset.audit.following import FINAL
from riskset.audit.proof import FILE, SCHEMA
from riskset.catalogue import say
from riskset.errors import DataError, Refused
from riskset.ledger.entry import Entry
from riskset.ledger.merkle import Tree
from riskset.ledger.trusted_log import read_log
from riskset.protocol.end_messages import Listed
from riskset.protocol.roster import read_roster
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import sha256
from riskset.strict_json import read_json
from riskset_release.folder.described import Described
from riskset_release.folder.pages import pages_of
from riskset_release.folder.released import Released
from riskset_release.outputs import Candidate, Output

OF_PROOF: Final = (ROSTER, LOG_FILE, FINAL)
"""The files of a bundle that a proof is made of."""


def as_json(content: object) -> bytes:
    """Returns a file of JSON as riskset writes one for people and programs."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def proof_and_pages(proof: Mapping[str, Any], released: Released) -> dict[str, bytes]:
    """Returns proof.json, and the pages of the release that follows from it, by path: the same whether a release is
    written first, or again after a withdrawal. ValueError where an output has a file of a page's name."""
    pages = pages_of(released)
    if taken := pages.keys() & {path for one in released.outputs for path in one.hashes}:
        raise ValueError(f"an output and a page have one file: {', '.join(sorted(taken))}")
    listed = [{"path": path, "sha256": sha256(content)} for path, content in sorted(pages.items())]
    return {FILE: as_json({**proof, "pages": listed}), **pages}


def proof_of_release(
    candidate: Candidate,
    accepted: Sequence[Output],
    votes: Mapping[str, Sequence[bytes]],
    accepts: int,
    described: Described,
) -> dict[str, Any]:
    """Returns the content of a proof that lists no page yet; `votes` are the files of the acceptances by output. Raises
    Refused where a hospital has not cosigned the end of the run."""
    bundle = candidate.records
    roster = read_roster(bundle[ROSTER])
    if FINAL not in bundle:
        raise Refused("not_cosigned", say("release.release.not_cosigned"), say("release.release.not_cosigned_hint"))
    log = read_log(bundle[LOG_FILE].decode(), LOG, roster.coordinator)
    tree = Tree(entry.leaf for entry in log.entries)
    began, ended = (_entry(log.entries, kind, candidate.run) for kind in ("began", "ended"))
    outputs = [
        {
            "id": one.id,
            "sha256": one.sha256,
            "files": [{"path": path, "sha256": sha256(content)} for path, content in sorted(one.files.items())],
            "votes": [read_json(vote) for vote in votes[one.id]],
            "withdrawals": [],
        }
        for one in accepted
    ]
    return {
        "schema": SCHEMA,
        "run": candidate.run,
        "study": candidate.study_sha256,
        "accepts": accepts,
        "roster": read_json(bundle[ROSTER]),
        "checkpoint": bundle[FINAL].decode(),
        "began": Listed(began.proven, tree.inclusion(began.number, tree.size)).content,
        "ended": Listed(ended.proven, tree.inclusion(ended.number, tree.size)).content,
        "outputs": outputs,
        "described": described.to_json(),
        "pages": [],
    }


def _entry(entries: Sequence[Entry], kind: str, run: str) -> Entry:
    found = next((one for one in entries if (one.kind, one.public.get("run")) == (kind, run)), None)
    if found is None:
        raise DataError(say("audit.log.not_whole", run=run))
    return found
