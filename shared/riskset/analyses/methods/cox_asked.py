"""From an entry of the study file to its Cox models, each with what follows from its fit."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.analysis import Analysis
from riskset.analyses.methods import cox
from riskset.analyses.methods.cox_concordance import concordances
from riskset.analyses.methods.cox_firth import penalised
from riskset.analyses.methods.cox_linear import linear_models
from riskset.analyses.methods.cox_matched_sets import by_matched_set
from riskset.analyses.methods.cox_ph_test import ph_tests
from riskset.analyses.methods.cox_profile import with_profile
from riskset.analyses.methods.cox_robust import robust_errors
from riskset.analyses.methods.cox_robust_score import weighted_log_ranks
from riskset.stats.grid import Grid
from riskset.study.asked.cox import CoxEntry
from riskset.study.spec import Study


def planned(study: Study, name: str, entry: CoxEntry) -> Iterator[Analysis]:
    """Yields the models of an entry, each before its companions."""
    grid = Grid(study.time.grid.width_days, study.time.grid.max_days)
    for asked in cox.planned(study, name, entry):
        if entry.baseline == "matched-set":
            yield by_matched_set(asked)
            continue
        model = penalised(asked) if entry.firth else asked
        if entry.profile_limits:
            model = with_profile(asked, entry.profile_limits)
        yield model
        yield from linear_models(asked, entry)
        yield from robust_errors(model)
        yield from weighted_log_ranks(model, study.comparison.arm if study.comparison else None)
        yield from ph_tests(model, entry, grid)
        yield from concordances(model, entry)
