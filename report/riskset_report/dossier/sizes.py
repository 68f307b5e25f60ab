"""How many numbers analyses ask of a hospital at most, as a page says it."""

from __future__ import annotations

from collections.abc import Sequence

from riskset.analyses.analysis import Analysis
from riskset.catalogue import Message, say


def most_at_once(analyses: Sequence[Analysis], sites: int) -> Message:
    """Returns how many numbers a hospital sends of them at most in one round; that it is not known, where a method of
    another package does not say it."""
    known = [n for analysis in analyses if (n := analysis.most_numbers(sites)) is not None]
    return say("dossier.number", n=sum(known)) if len(known) == len(analyses) else say("dossier.numbers.unknown")
