"""From the propensity score of a study to its analyses."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from riskset.analyses.analysis import Analysis
from riskset.analyses.design import columns_of
from riskset.analyses.methods.matched import SETS, MatchedSets, with_several
from riskset.analyses.methods.preference import table_of
from riskset.analyses.methods.propensity import PropensityScore
from riskset.analyses.methods.propensity_firth import PenalisedScore
from riskset.analyses.methods.propensity_fit import ID, set_of_score
from riskset.study.asked.propensity import PropensityEntry
from riskset.study.spec import Study
from riskset.study.variables import values_of


def planned(study: Study, name: str, entry: PropensityEntry) -> Iterator[Analysis]:
    """Yields the score of a study, and what its matched sets come to where some have several of the reference."""
    propensity, comparison = study.propensity, study.comparison
    assert propensity is not None
    assert comparison is not None
    (arm,) = columns_of(study, [comparison.arm])
    kind = PenalisedScore if propensity.firth else PropensityScore
    score = kind(
        id=ID,
        name=name,
        set_id=set_of_score(study),
        covariates=columns_of(study, propensity.covariates),
        arm=arm,
        has_own_intercepts=propensity.site == "profiled",
        combinations=prod(values_of(study.variables[name]) for name in propensity.covariates),
        limited=tuple((name, one) for name, one in propensity.weightings.items() if one.truncate is not None),
    )
    yield score
    if several := with_several(study):
        yield MatchedSets(
            id=SETS, name=name, set_id=score.set_id, part_of=ID, of=several, exposure_of_score=score.exposure
        )
    if propensity.asks_preference:
        yield table_of(study, name)
