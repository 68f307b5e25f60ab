"""The estimates of sites, combined: what `site-heterogeneity` ends with, and its keys in results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskset.analyses.analysis import LEVEL, NotEstimable, Result
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit, Term, named, ratio_of
from riskset.catalogue import Message, say
from riskset.stats.arrays import finite
from riskset.stats.log_rank import Test
from riskset.stats.meta_analysis import LEAST_FOR_PREDICTION, Estimates, Interval, Mean, RandomEffects
from riskset.stats.tails import chi2_sf

Json = dict[str, Any]
_MEAN = ("coef", "se", "lower", "upper", "p")
_ALONE = ("coef", "se", "hr", "hr_lower", "hr_upper", "n", "events")


@dataclass(frozen=True)
class SiteEstimates(Result):
    """What the sites told, the fits without each, and the common fit."""

    arm: Column
    n: int
    events: int
    common: CoxFit | NotEstimable
    without: Mapping[str, CoxFit | NotEstimable]
    """By the site that is left out."""
    told: Mapping[str, tuple[float, ...] | None]
    """By site with patients: log hazard ratio, standard error, patients, events; None where it tells nothing."""
    largest: tuple[float, float] | None
    """The sum of the hospitals' own largest log likelihoods, and how many have information; None for an adjusted
    model."""

    @property
    def estimates(self) -> dict[str, tuple[float, ...]]:
        """The sites' own estimates, by site."""
        return {site: numbers for site, numbers in self.told.items() if numbers is not None}

    @property
    def combined(self) -> Estimates | None:
        """The sites' estimates together; None where nobody tells one."""
        own = self.estimates.values()
        return Estimates([numbers[0] for numbers in own], [numbers[1] for numbers in own], LEVEL) if own else None

    def to_json(self, *, is_left_out: bool) -> Json:
        """Returns the keys of the result."""
        left_out = {"leave_one_out": [self._without_json(site) for site in self.told]} if is_left_out else {}
        return (
            {
                "arm": named(self.arm),
                "n": self.n,
                "events": self.events,
                "level": LEVEL,
                "common": _fit_json(self.common, self.arm),
                "sites": [_site_json(site, numbers) for site, numbers in self.told.items()],
                "sites_combined": len(self.estimates),
            }
            | self._combined_json()
            | {"treatment_by_site": {"likelihood_ratio": _test_json(self.treatment_by_site)}}
            | left_out
        )

    def _combined_json(self) -> Json:
        found = self.combined
        if found is None:
            return _without_estimates(say("analyses.site_heterogeneity.nobody"))
        fixed = {"fixed": _mean_json(found.fixed())}
        if found.k == 1:
            return _without_estimates(say("analyses.site_heterogeneity.one")) | fixed
        test, reml = found.heterogeneity(), found.reml()
        return fixed | {
            "dersimonian_laird": _random_json(found, found.dersimonian_laird()),
            "reml": _random_json(found, reml),
            "paule_mandel": _random_json(found, found.paule_mandel()),
            "hartung_knapp": _mean_json(reml.hartung_knapp),
            "tau2": reml.tau2,
            "i2": 100 * reml.i2,
            "q": _test_json(Test(test.q, test.df, test.p)),
            "prediction": _interval_json(found.prediction(reml)) | {"df": max(0, found.k - 2)},
        }

    @property
    def treatment_by_site(self) -> Test | NotEstimable:
        """Twice the gain of a hazard ratio for each hospital over the common one: a test over all hospitals, whatever
        they tell."""
        if self.largest is None:
            return NotEstimable("adjusted", say("analyses.site_heterogeneity.adjusted"))
        if isinstance(self.common, NotEstimable):
            return NotEstimable("no common estimate", say("analyses.site_heterogeneity.ended"))
        own, sites = self.largest
        df = round(sites) - 1
        if df < 1:
            return NotEstimable("no information", say("analyses.site_heterogeneity.no_difference"))
        chi2 = max(0.0, 2.0 * (own - self.common.log_likelihood))  # rounding can be below 0
        return Test(chi2, df, chi2_sf(chi2, df))

    def _without_json(self, site: str) -> Json:
        if site in self.without:
            return {"without": site} | _fit_json(self.without[site], self.arm)
        refusal = {"rule": "R13", "message": say("analyses.site_heterogeneity.not_without")}
        return {"without": site, **dict.fromkeys(_FIT), "reason": refusal}


_FIT = ("coef", "se", "hr", "hr_lower", "hr_upper", "z", "p")


def _test_json(test: Test | NotEstimable) -> Json:
    if isinstance(test, NotEstimable):
        return {**dict.fromkeys(("chi2", "df", "p")), "reason": test.reason_json()}
    return {"chi2": test.chi2, "df": test.df, "p": test.p}


def _reason(code: str, message: Message) -> Json:
    return {"code": code, "message": message}


def _site_json(site: str, numbers: tuple[float, ...] | None) -> Json:
    if numbers is None:
        reason = _reason("not told", say("analyses.site_heterogeneity.not_told"))
        return {"site": site, **dict.fromkeys(_ALONE), "reason": reason}
    coef, se, n, events = numbers
    return {"site": site, "coef": coef, "se": se, **_ratio(*ratio_of(coef, se)), "n": round(n), "events": round(events)}


def _ratio(hr: float, lower: float, upper: float) -> Json:
    return {"hr": finite(hr), "hr_lower": finite(lower), "hr_upper": finite(upper)}


def _fit_json(fit: CoxFit | NotEstimable, arm: Column) -> Json:
    if isinstance(fit, NotEstimable):
        return {**dict.fromkeys(_FIT), "reason": fit.reason_json()}
    term: Term | None = next((one for one in fit.terms if one.column == arm), None)
    if term is None:
        why = fit.why_not_used(arm)
        return {**dict.fromkeys(_FIT), "reason": _reason(why.code, why.message)}
    ratio = _ratio(term.hr, term.lower, term.upper)
    return {"coef": term.coef, "se": term.se, **ratio, "z": term.z, "p": term.p}


def _mean_json(mean: Mean) -> Json:
    """Limits on the log scale, as `coef`; the hazard ratio with its own."""
    numbers = {key: getattr(mean, key) for key in _MEAN}
    ratio = _ratio(*(ratio_of(at, 0.0)[0] for at in (mean.coef, mean.lower, mean.upper)))
    missing = {} if mean.p is not None else {"reason": _reason("no error", say("analyses.site_heterogeneity.no_error"))}
    return numbers | ratio | missing


def _random_json(found: Estimates, effects: RandomEffects) -> Json:
    normal, adjusted = found.predicted(effects) or (None, None)
    own = {"tau2": effects.tau2, "i2": 100 * effects.i2, "prediction": _interval_json(normal)}
    knapp = _mean_json(effects.hartung_knapp) | {"prediction": _interval_json(adjusted)}
    return _mean_json(effects.normal) | own | {"hartung_knapp": knapp}


def _interval_json(interval: Interval | None) -> Json:
    if interval is None:
        two = say("analyses.site_heterogeneity.two", least=LEAST_FOR_PREDICTION)
        return {**dict.fromkeys(("lower", "upper", "hr_lower", "hr_upper")), "reason": _reason("two sites", two)}
    lower, upper = (ratio_of(at, 0.0)[0] for at in (interval.lower, interval.upper))
    return {
        "lower": interval.lower,
        "upper": interval.upper,
        "hr_lower": finite(lower),
        "hr_upper": finite(upper),
    }


def _without_estimates(why: Message) -> Json:
    reason = {"reason": _reason("too few sites", why)}
    mean: Json = dict.fromkeys((*_MEAN, "hr", "hr_lower", "hr_upper")) | reason
    interval = dict.fromkeys(("lower", "upper", "hr_lower", "hr_upper")) | reason
    random = mean | {"tau2": None, "i2": None, "prediction": interval, "hartung_knapp": mean | {"prediction": interval}}
    methods = dict.fromkeys(("dersimonian_laird", "reml", "paule_mandel"), random)
    q = dict.fromkeys(("chi2", "df", "p")) | reason
    return {
        "fixed": mean,
        **methods,
        "hartung_knapp": mean,
        "tau2": None,
        "i2": None,
        "q": q,
        "prediction": interval | {"df": None},
        "sites_combined_reason": reason["reason"],
    }
