"""The hazard ratio of the arm at each site that lets its own be told, these combined, and treatment by site.

Each hospital fits the model to its rows alone. What it signed for (`may_be_told_alone`) it tells in clear; what all
tell under the sum is the largest likelihood of each. Beside these the common model of all hospitals is fitted, and on
request that of all but one, for each that tells its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort, set_of
from riskset.analyses.design import columns_of
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Fitting, Limiting, cut_short
from riskset.analyses.methods.own_fit import OwnFit, own_fit
from riskset.analyses.methods.site_estimates import SiteEstimates
from riskset.analyses.moments import Moments, moments_id
from riskset.catalogue import Message, say
from riskset.disclosure import cells
from riskset.disclosure.exposure import Exposure, Label, alone, total
from riskset.stats.cox import RiskSets
from riskset.study.asked.site_heterogeneity import SiteHeterogeneityEntry
from riskset.study.spec import Study

Fit = Fitting | CoxFit | NotEstimable
"""A fit in progress, or how it ended."""


@dataclass(frozen=True)
class Fits:
    """The common fit, those without a site, and what sites told."""

    first: Fitting
    """Where every fit starts."""
    common: Fit
    without: Mapping[str, Fit] = field(default_factory=dict)
    """By the site that is left out, in the order of names."""
    told: Mapping[str, tuple[float, ...] | None] = field(default_factory=dict)
    """By site with patients: log hazard ratio, standard error, patients, events; None where it tells nothing."""
    largest: tuple[float, float] | None = None
    """The sum of the hospitals' own largest log likelihoods, and how many have information on the arm; None before it
    is known, and for an adjusted model."""

    @property
    def going(self) -> dict[str, Fitting]:
        """The fits in progress, by the site that is left out; the common one, of none, first."""
        fits = {"": self.common, **self.without}
        return {site: fit for site, fit in fits.items() if isinstance(fit, Fitting)}

    @property
    def is_first(self) -> bool:
        return self.common is self.first


@dataclass(frozen=True)
class Prepared:
    """A hospital's rows. Never leaves."""

    site: str
    together: RiskSets
    own: OwnFit


@dataclass(frozen=True, kw_only=True)
class SiteHeterogeneity(Analysis):
    """The analysis. Summary: the numbers of a Cox model for each fit in progress; in the first round, where the model
    has one column, the largest own log likelihood and whether it has information."""

    kind: ClassVar[str] = "site-heterogeneity"

    model: CoxModel
    """Of all sites together; its first column is the arm."""
    leave_one_out: bool = False
    not_told: RefusedByRule | None = None
    """Why no site may tell its own."""

    @cached_property
    def exposure(self) -> Exposure:
        may_tell = self.not_told is None
        return replace(self.model.exposure, alone=may_tell, without=may_tell and self.leave_one_out)

    @property
    def reveals(self) -> Message:
        of = "site_heterogeneity" if self.not_told is None else "site_heterogeneity_together"
        return say(f"analyses.reveals.{of}")

    @property
    def part_refusal(self) -> RefusedByRule | None:
        return self.not_told

    @property
    def less_than_asked(self) -> str:
        return "not_told"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.model.needs

    def start(self, inputs: Inputs) -> Fits | NotEstimable:
        first = self.model.start(inputs)
        return first if isinstance(first, NotEstimable) else Fits(first, first)

    def labels(self, state: Fits) -> tuple[Label, ...]:
        of_fits = (
            replace(label, text=f"{label.text}, without {site}" if site else label.text)
            for site, fit in state.going.items()
            for label in self.model.labels(fit)
        )
        return (*of_fits, *(_LARGEST if self._asks_largest(state) else ()))

    def most_numbers(self, sites: int) -> int:
        """Returns what the fits without each hospital send, if every one tells its own."""
        without = sites if self.exposure.without else 0
        return self.model.most_numbers(sites) * (1 + without) + len(_LARGEST) * (len(self.model.design) == 1)

    def tells(self, state: Fits) -> tuple[Label, ...]:
        return self._of_a_site if self.not_told is None and state.is_first else ()

    @property
    def numbers_told(self) -> int:
        return len(self._of_a_site) if self.not_told is None else 0

    @cached_property
    def _of_a_site(self) -> tuple[Label, ...]:
        arm = self.model.design[0]
        of = f"{arm.name} against {arm.reference}"
        return (
            alone(f"log hazard ratio of {of}", arm),
            alone(f"standard error of the log hazard ratio of {of}", arm),
            alone("patients"),
            alone("events"),
        )

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Prepared:
        moments: Moments = inputs[moments_id(self.analysis_set)]
        together = self.model.prepare(cohort, inputs)
        scale = moments.columns[self.model.design[0]].sd
        return Prepared(cohort.site, together, own_fit(self.model, cohort, together, scale))

    def local(self, prepared: Prepared, state: Fits) -> NDArray[np.float64]:
        numbers = [
            self.model.local(prepared.together, fit) * (site != prepared.site) for site, fit in state.going.items()
        ]
        own = prepared.own
        largest = [own.log_likelihood, float(own.has_information)] if self._asks_largest(state) else []
        return np.concatenate([*numbers, largest])

    def alone(self, prepared: Prepared, state: Fits) -> tuple[float, ...] | None:
        own = prepared.own
        return None if own.term is None else (own.term.coef, own.term.se, float(own.n), float(own.events))

    def heard(self, state: Fits, told: Mapping[str, tuple[float, ...] | None]) -> Fits:
        if not all(_are_possible(*numbers) for numbers in told.values() if numbers is not None):
            raise ValueError("no patients have such an estimate")
        return replace(state, told={site: told[site] for site in sorted(told)})

    def combine(self, total: Sequence[float], state: Fits) -> Fits | SiteEstimates:
        at, after = 0, dict[str, Fit]()
        for site, fit in state.going.items():
            size = len(self.model.labels(fit))
            after[site], at = self._advanced(fit, total[at : at + size]), at + size
        common, without = after.pop("", state.common), {**state.without, **after}
        largest = (float(total[at]), float(total[at + 1])) if self._asks_largest(state) else state.largest
        if state.is_first and self.leave_one_out:
            without = {site: state.first for site, numbers in state.told.items() if numbers is not None}
        return self._ended(replace(state, common=common, without=without, largest=largest))

    def linear_predictor(self, prepared: Prepared, state: Fits) -> NDArray[np.float64]:
        """Of the fit that asks for the most extreme predictors of these rows; with one column all are proportional."""
        etas = [self.model.linear_predictor(prepared.together, fit) for fit in state.going.values()]
        return max(etas, key=lambda eta: float(np.abs(eta).max(initial=0.0)))

    def refused(self, state: Fits, refusal: RefusedByRule) -> Result:
        return refusal

    def without_arms(self, refusal: RefusedByRule) -> SiteHeterogeneity | None:
        """Returns the same without what sites tell, where too few others would be left."""
        of_the_rest = dict(refusal.message.values).get("subject") == cells.NOT_ALONE
        return replace(self, not_told=refusal) if self.not_told is None and of_the_rest else None

    def out_of_evaluations(self, state: Fits) -> Result:
        ended = {site: cut_short(fit, self._after(fit)) for site, fit in state.going.items()}
        common, without = ended.pop("", state.common), {**state.without, **ended}
        return self._estimates(replace(state, common=common, without=without))

    def question_json(self) -> dict[str, Any]:
        of_model = self.model.question_json()
        asked = {key: of_model[key] for key in ("ties", "covariates")}
        refusal = {} if self.not_told is None else {"sites_reason": self.not_told.reason_json()}
        return {"baseline": "site"} | asked | refusal

    def result_json(self, result: SiteEstimates) -> dict[str, Any]:
        return result.to_json(is_left_out=self.leave_one_out)

    def _asks_largest(self, state: Fits) -> bool:
        return state.is_first and len(self.model.design) == 1

    def _advanced(self, fit: Fitting, total: Sequence[float]) -> Fit:
        found = self.model.combine(total, fit)
        return cut_short(found, self._after(fit)) if isinstance(found, Limiting) else found

    def _after(self, fit: Fitting) -> Message:
        return say("analyses.cox.evaluations", n=self.model.evaluations(fit))

    def _ended(self, state: Fits) -> Fits | SiteEstimates:
        return state if state.going else self._estimates(state)

    def _estimates(self, state: Fits) -> SiteEstimates:
        arm = self.model.design[0]
        without = {site: fit for site, fit in state.without.items() if not isinstance(fit, Fitting)}
        assert not isinstance(state.common, Fitting)
        return SiteEstimates(arm, state.first.moments.n, state.first.moments.events, state.common, without,
                             state.told, state.largest)  # fmt: skip


def _are_possible(coef: float, se: float, n: float, events: float) -> bool:
    """Whether a site can have told these numbers: beyond, they would not be printed but overflow."""
    return abs(coef) < 1e3 and 1e-6 < se < 1e6 and 0 < events <= n < 1e9 and n % 1 == events % 1 == 0


_LARGEST = (
    total("sum of the log likelihoods at each hospital's own coefficient"),
    total("hospitals whose likelihood depends on the arm"),
)


def planned(study: Study, name: str, entry: SiteHeterogeneityEntry) -> Iterator[SiteHeterogeneity]:
    """Yields an analysis for each endpoint and population of an entry."""
    for endpoint, population in product(entry.endpoints, entry.populations):
        id_ = f"site-heterogeneity/{endpoint}/{population}"
        set_id = set_of(entry, endpoint, population, entry.covariates)
        model = CoxModel(
            id=id_,
            name=name,
            set_id=set_id,
            design=columns_of(study, entry.covariates),
            ties=entry.ties,
            model="multivariable",
        )
        yield SiteHeterogeneity(id=id_, name=name, set_id=set_id, model=model, leave_one_out=entry.leave_one_out)
