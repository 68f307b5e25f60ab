"""What a Cox entry cannot ask where patients have weights, or of the populations of a propensity score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from riskset.catalogue import say
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.asked.cox import CoxEntry


def not_weighted(entry: CoxEntry) -> Iterator[tuple[KeyPath, str]]:
    """Yields where in the entry, and by what name, it asks for something that is not known of a weighted model: pairs
    and penalties count patients, and twice the gain in a weighted log likelihood has no chi-square distribution."""
    asked = {
        "concordance": entry.concordance,
        "linearity": entry.linearity != "wald",
        "firth": entry.firth,
        "profile_limits": entry.profile_limits,
    }
    for key, is_asked in asked.items():
        if is_asked:
            yield (key,), key
    for position, term in enumerate(entry.multivariable or ()):
        if ":" in term:
            yield ("multivariable", position), term


def wrong_in_populations(entry: CoxEntry, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
    """Yields a complaint for weights of the export beside populations of the score, which have weights of their own or
    none, and for what is not known of a model where patients have weights."""
    adjusted = [name for name in entry.populations if name != ALL]
    if entry.weights is not None and adjusted:
        beside = say("study.cox.weights_beside_score", name=entry.weights, population=adjusted[0])
        yield Complaint((*path, "weights"), beside)
    if entry.weights is None and (weighted := draft.weighted(entry.populations)):
        for at, key in not_weighted(entry):
            yield Complaint((*path, *at), say("study.cox.not_in_weighted", key=key, population=weighted[0]))
