"""The likelihood-ratio test that the effect of a number with a spline is linear: the model without the curved parts is
fitted beside the one with them, on the same rows.

It is a Cox model like any other to the rules, which judge it by itself; its result is shown in the object of the model
with the spline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from riskset.analyses.analysis import NotEstimable, Result
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Linearity
from riskset.catalogue import say
from riskset.stats.log_rank import Test
from riskset.stats.tails import chi2_sf
from riskset.study.asked.cox import CoxEntry


@dataclass(frozen=True, kw_only=True)
class LinearModel(CoxModel):
    """The model with a number as it is. Summary: as of a `CoxModel`."""

    number: str

    @property
    def judged_last(self) -> bool:
        return True

    def joined(self, fit: CoxFit, end: Result) -> CoxFit:
        """Returns the fit with the test, or with why there is none."""
        found = _compared(fit, end) if isinstance(end, CoxFit) else end
        return replace(fit, linearity={**fit.linearity, self.number: found})


def _compared(fit: CoxFit, linear: CoxFit) -> Result:
    df = len(fit.terms) - len(linear.terms)
    if df < 1 or {term.column for term in linear.terms} - {term.column for term in fit.terms}:
        return NotEstimable("not nested", say("analyses.cox.not_nested"))
    chi2 = max(2.0 * (fit.log_likelihood - linear.log_likelihood), 0.0)
    return Linearity(Test(chi2, df, chi2_sf(chi2, df)))


def linear_models(model: CoxModel, entry: CoxEntry) -> Iterator[LinearModel]:
    """Yields one for each number of the model with a spline, where the study asks for the test."""
    if entry.linearity == "likelihood_ratio":
        for spline in model.splines:
            name = spline.number.variable
            yield model.become(
                LinearModel,
                id=f"{model.id}/linear/{name}",
                design=tuple(column for column in model.design if column not in spline.parts),
                splines=tuple(other for other in model.splines if other != spline),
                part_of=model.id,
                robust="none",
                with_e_value=False,
                number=name,
            )
