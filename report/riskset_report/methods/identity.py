"""By what the results are known: study, run and record."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from riskset.catalogue import Message, say
from riskset.study.load import study_hash
from riskset_report.methods.done import Done
from riskset_report.provenance import time_text


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields study, run and the version that wrote the text."""
    yield _identity(done)


def _identity(done: Done) -> Iterator[Message]:
    study, recorded = done.study, done.recorded
    yield say("methods.identity.study", id=study.id, version=study.version, hash=study_hash(study))
    if recorded is None:
        yield say("methods.identity.rehearsal")
    else:
        began, ended = time_text(recorded.began_at), time_text(recorded.ended_at)
        yield say("methods.identity.run", run=done.results.run, began=began, ended=ended, roster=recorded.roster)
    yield say("methods.identity.written", version=version("riskset"))
