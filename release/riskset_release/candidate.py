"""What of a bundle could be released: the outputs of its run behind the release gate, and what does not hold of it."""

from __future__ import annotations

from collections.abc import Sequence

from riskset.audit.recorded_run import RecordedRun
from riskset.audit.trusted import Trusted
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.protocol.opening import read_opened
from riskset.results import Results
from riskset.secure.envelope import sha256
from riskset.study.load import study_hash
from riskset_release.earlier_releases import checked_and_replayed, ended_before
from riskset_release.exact_outputs import exact_outputs
from riskset_release.folder.described import Exceptional, Hospital, Origin, Rules
from riskset_release.folder.proof_file import OF_PROOF
from riskset_release.gate.earlier import Earlier
from riskset_release.gate.gated import gated
from riskset_release.gated_outputs import outputs_of
from riskset_release.outputs import Candidate
from riskset_report import Recorded


def candidate_of(
    bundle: bytes,
    trusted: Trusted,
    language: str | None = None,
    earlier: Sequence[Earlier] = (),
    exact: Sequence[str] = (),
) -> Candidate:
    """Returns what of a bundle could be released, beside what was released before. The results are derived again from
    the sites' signed sums: what the bundle has in `results/` is compared with them, and never shown. The outputs are in
    the study's language unless one is given; of the figures `exact` there is a second one with exact curves. Raises
    DataError where an earlier release is of another study, or a figure cannot be offered so."""
    found, again = checked_and_replayed(bundle, trusted)
    failures = tuple(finding.told for finding in found.checks.failures)
    if found.run is None or again is None:
        return Candidate("", "", "", "", sha256(bundle), (), failures)
    run, study = found.run, found.run.study
    for one in earlier:
        if one.results.study.header.id != study.header.id:
            raise DataError(say("release.earlier.study", run=one.run), say("release.earlier.hint"))
    gate = gated(again.results, earlier)
    given = {one.run for one in earlier}
    odd = [say("release.earlier.not_given", run=one) for one in ended_before(found.files, run) if one not in given]
    if n := len(gate.pattern.told_before):
        odd.append(say("release.earlier.told", n=n))
    recorded = Recorded(roster=run.roster.sha256, began_at=run.began_at, ended_at=run.last_reply_at)
    outputs = outputs_of(gate, recorded, language, earlier)
    offered = exact_outputs(again.results, gate, recorded, outputs, exact, language)
    return Candidate(
        run=run.id,
        study=f"{study.header.id} {study.header.version}",
        title=study.title_in(language or study.language),
        study_sha256=study_hash(study),
        bundle_sha256=sha256(bundle),
        outputs=(*outputs, *offered),
        failures=failures,
        odd=(*(finding.told for finding in found.checks.odd), *odd),
        held_back=sorted(gate.pattern.held_back),
        earlier=tuple(earlier),
        exact=tuple(exact),
        release=study.release,
        ended_at=run.ended_at,
        records={path: found.files[path] for path in OF_PROOF if path in found.files},
        origin=_origin(run, again.results),
    )


def _origin(run: RecordedRun, results: Results) -> Origin | None:
    """Returns what the pages of a release say of study and run; None where no rule was applied."""
    study, conduct = run.study, results.conduct
    if conduct is None:
        return None
    opened = {reply.head.sender: read_opened(reply.payload).approval for reply in run.rounds[0].replies}
    hospitals = {
        site: Hospital(
            name=study.sites[site].name,
            country=study.sites[site].country,
            approved_at=None if approval is None else approval.signed_at,
        )
        for site, approval in sorted(opened.items())
    }
    rules = Rules(
        column=conduct.column,
        min_cell=conduct.smallest_cell,
        limits={name: str(value) for name, value in conduct.limits},
        is_masked=conduct.is_masked,
        exceptions=tuple(Exceptional(site=of.site, limit=of.limit, value=of.value) for of in conduct.exceptions),
    )
    return Origin(
        study=study.id,
        version=study.version,
        titles=dict(study.header.title),
        hospitals=hospitals,
        began_at=run.began_at,
        ended_at=run.last_reply_at,
        programs=conduct.versions,
        rules=rules,
    )
