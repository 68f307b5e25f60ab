"""What of a bundle could be released: the outputs of its run behind the release gate, and what does not hold of it."""

from __future__ import annotations

from collections.abc import Sequence

from riskset.audit.replay import replay
from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.secure.envelope import sha256
from riskset.study.load import study_hash
from riskset_release.exact_outputs import exact_outputs
from riskset_release.gate.gated import gated
from riskset_release.gated_outputs import outputs_of
from riskset_release.outputs import Candidate
from riskset_release.releasing import OF_PROOF
from riskset_report import Recorded


def candidate_of(bundle: bytes, trusted: Trusted, language: str | None = None, exact: Sequence[str] = ()) -> Candidate:
    """Returns what of a bundle could be released. The results are derived again from the sites' signed sums: what the
    bundle has in `results/` is compared with them, and never shown. The outputs are in the study's language unless one
    is given."""
    found = verify(bundle, trusted)
    again = None if found.run is None else replay(found.checks, found.files, found.run)
    failures = tuple(finding.told for finding in found.checks.failures)
    if found.run is None or again is None:
        return Candidate("", "", "", "", sha256(bundle), (), failures)
    run, study = found.run, found.run.study
    gate = gated(again.results)
    recorded = Recorded(roster=run.roster.sha256, began_at=run.began_at, ended_at=run.last_reply_at)
    outputs = outputs_of(gate, recorded, language)
    offered = exact_outputs(again.results, gate, recorded, outputs, exact, language)
    return Candidate(
        run=run.id,
        study=f"{study.header.id} {study.header.version}",
        title=study.title_in(language or study.language),
        study_sha256=study_hash(study),
        bundle_sha256=sha256(bundle),
        outputs=(*outputs, *offered),
        failures=failures,
        odd=tuple(finding.told for finding in found.checks.odd),
        held_back=sorted(gate.pattern.held_back),
        release=study.release,
        ended_at=run.ended_at,
        records={path: found.files[path] for path in OF_PROOF if path in found.files},
    )
