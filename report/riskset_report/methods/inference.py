"""Confidence level and P values."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.analysis import LEVEL
from riskset.catalogue import Message, say
from riskset_report.methods.done import Done


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the level of confidence limits, and that nothing is adjusted for multiplicity."""
    yield _inference(done)


def _inference(done: Done) -> Iterator[Message]:
    level = f"{LEVEL:.0%}"
    if any(one.said.get("level") == LEVEL for one in done.given):
        yield say("methods.inference.level", level=level)
    if any(cell.place.quantity.rsplit(".", 1)[-1] == "p" and cell.value is not None for cell in done.cells):
        yield say("methods.inference.p")
