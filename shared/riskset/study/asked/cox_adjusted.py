"""What is asked of Cox models of adjusted populations: a baseline hazard for each matched set, and the weighted
log-rank test that comes with a weighted model of the arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from riskset.catalogue import say
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.asked.cox import CoxEntry
    from riskset.study.spec import Study


def wrong_matched_sets(entry: CoxEntry, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
    """Yields a complaint for what a model with a baseline hazard for each matched set cannot be: of patients not
    matched one to one, of other covariates than the arm, in which a few sets alone may differ, or with what is not
    known of it."""
    if entry.baseline != "matched-set":
        return
    of = draft.propensity
    one_to_one = of.matched - of.with_weights if of else frozenset()
    for name in entry.populations if draft.propensity or not draft.has_propensity else ():
        if name not in one_to_one:
            yield Complaint((*path, "populations"), say("study.cox.not_one_to_one", population=name))
    arm = draft.comparison.arm if draft.comparison else None
    alone = entry.univariable if isinstance(entry.univariable, tuple) else ()
    for key, names in (("multivariable", entry.multivariable or ()), ("univariable", alone)):
        for name in names:
            if arm is not None and name != arm:
                yield Complaint((*path, key), say("study.cox.arm_in_sets", arm=arm, name=name))
    unknown = {
        "splines": entry.splines,
        "landmark": entry.landmark is not None,
        "strata": entry.strata,
        "e_value": entry.e_value,
        "weights": entry.weights is not None,
        "robust": entry.robust is not None,
        "ph_test": entry.ph_test,
        "concordance": entry.concordance,
        "firth": entry.firth,
        "profile_limits": entry.profile_limits,
    }
    for key, is_asked in unknown.items():
        if is_asked:
            yield Complaint((*path, key), say("study.cox.not_in_sets", key=key))


def has_weighted_log_rank(entry: CoxEntry, study: Study) -> bool:
    """Whether a weighted model is of the arm alone, in two levels, with errors over patients or matched sets."""
    arm = study.comparison.arm if study.comparison else None
    has_model = arm in entry.univariable_covariates or entry.multivariable == (arm,)
    weighted = [name for name in entry.populations if entry.weights is not None or study.is_weighted(name)]
    has_errors = any(entry.errors_of(study, name) in ("patient", "matched-set") for name in weighted)
    return has_model and has_errors and arm is not None and len(study.levels_of(arm)) == 2
