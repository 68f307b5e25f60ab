"""The outputs of a bundle that could be released: its tables and figures as they are.

PROVISIONAL: nothing here is gated yet; each output says so, and none can be accepted but as an exception."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from pathlib import PurePosixPath

from riskset.audit.bundle import RESULTS
from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.catalogue import ENGLISH, say
from riskset.secure.envelope import sha256
from riskset.study.load import study_hash
from riskset_release.outputs import Candidate, Output, OutputKind, Verdict


def candidate_of(bundle: bytes, trusted: Trusted) -> Candidate:
    """Returns what of a bundle could be released, and what does not hold of the bundle."""
    found = verify(bundle, trusted)
    failures = tuple(finding.told for finding in found.checks.failures)
    if found.run is None:
        return Candidate("", "", "", "", sha256(bundle), (), failures)
    study = found.run.study
    return Candidate(
        run=found.run.id,
        study=f"{study.header.id} {study.header.version}",
        title=study.title_in(ENGLISH),
        study_sha256=study_hash(study),
        bundle_sha256=sha256(bundle),
        outputs=tuple(_outputs(found.files)),
        failures=failures,
        odd=tuple(finding.told for finding in found.checks.odd),
    )


def _outputs(files: Mapping[str, bytes]) -> Iterator[Output]:
    for path in sorted(files):
        if path.startswith(f"{RESULTS}tables/") and path.endswith(".html"):
            text = files[path].decode()
            body = text.partition("<body>")[2].partition("</body>")[0]
            caption = re.search(r"<caption>(.*?)</caption>", body, re.DOTALL)
            title = unescape(re.sub(r"<[^>]*>", "", caption[1])) if caption else PurePosixPath(path).stem
            yield _output(files, path, "table", title, body)
        elif path.startswith(f"{RESULTS}figures/") and re.search(r"(?<!-85mm)\.svg$", path):
            name = PurePosixPath(path).stem
            drawing = files[path].decode()
            element = drawing[drawing.index("<svg") :]
            yield _output(files, path, "figure", name, element.replace("<svg", f'<svg aria-label="{escape(name)}"', 1))


def _output(files: Mapping[str, bytes], path: str, kind: OutputKind, title: str, html: str) -> Output:
    stem = re.compile(rf"{re.escape(path.rpartition('.')[0])}(-85mm)?\.\w+")
    own = {name.removeprefix(RESULTS): content for name, content in files.items() if stem.fullmatch(name)}
    not_gated = Verdict("gate", say("release.candidate.not_gated"), passes=False, needs_exception=True)
    return Output(f"{kind}-{PurePosixPath(path).stem}", kind, title, "", html, own, (not_gated,))
