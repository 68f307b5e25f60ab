"""`kind = "cox"`: Cox models with one baseline hazard per site."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Tag, ValidationInfo, field_validator, model_validator

from riskset.catalogue import Message, say
from riskset.study.asked.cox_adjusted import has_weighted_log_rank, wrong_matched_sets
from riskset.study.asked.cox_terms import (
    NO_SPLINES,
    Splines,
    Terms,
    main_effects,
    splines_in_order,
    without,
    wrong_interactions,
    wrong_landmark,
    wrong_splines,
)
from riskset.study.asked.cox_weighted import not_weighted, wrong_in_populations
from riskset.study.entry import EndpointEntry, Positive, as_printed
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Names, Since, complain, each_once
from riskset.study.variables import NumberVariable

if TYPE_CHECKING:
    from riskset.study.spec import Study


def _univariable_form(value: Any) -> str:  # noqa: ANN401 - pydantic passes whatever the file contains
    return "<list>" if isinstance(value, list | tuple) else "<flag>"


Univariable = Annotated[
    Annotated[bool, Tag("<flag>")] | Annotated[Names, Tag("<list>")],
    Discriminator(_univariable_form),
]


Robust = Literal["none", "patient", "matched-set", "site"]
Transform = Literal["km", "identity", "rank", "log"]
FEWEST_CLUSTERS: Final = 10
"""Sites below which errors clustered by site are usually too small."""
WEIGHTS: Final = (0.001, 1000.0)
"""The least and the largest weight: their squares are added with 64 binary places."""


class CoxEntry(EndpointEntry):
    """Univariable models, one for each covariate; a multivariable model; or both."""

    takes_weights = True
    takes_score_strata = True
    kind: Literal["cox"]
    baseline: Literal["site", "matched-set"] = "site"
    """What has a baseline hazard of its own: each site, or each matched set of two."""
    ties: Literal["efron", "breslow"] = "efron"
    univariable: Univariable = False
    """True: each covariate of `multivariable` alone."""
    multivariable: Terms | None = None
    """Variables, and interactions of two of them (`arm:ecog`)."""
    splines: Annotated[Splines, Since("0.2.0")] = NO_SPLINES
    """By number: the knots of a restricted cubic spline, in its own unit, in every model of the entry that has it."""
    landmark: Annotated[Positive | None, Since("0.2.0")] = None
    """In `time.unit`: the rows still at risk after it, whose time is counted from it."""
    strata: Annotated[tuple[Name, ...], Since("0.2.0")] = ()
    """Categories and booleans: each combination of their levels has a baseline hazard of its own in each hospital."""
    e_value: Annotated[bool, Since("0.2.0")] = False
    weights: Annotated[Name | None, Since("0.2.0")] = None
    """A number with each patient's case weight."""
    robust: Annotated[Robust | None, Since("0.2.0")] = None
    """Over what squared influences are summed for a robust error: each patient, or each matched set or site as one
    cluster. None: matched sets where patients are matched, each patient where they have weights, else nothing."""
    ph_test: Annotated[tuple[Transform, ...], Since("0.2.0")] = ()
    """Functions of time with which coefficients may change, for tests of proportional hazards."""
    concordance: Annotated[bool, Since("0.2.0")] = False
    linearity: Annotated[Literal["wald", "likelihood_ratio"], Since("0.2.0")] = "wald"
    """How it is tested that the effect of a number with a spline is linear; the likelihood ratio takes another fit."""
    firth: Annotated[bool, Since("0.2.0")] = False
    """By Firth's penalised likelihood."""
    profile_limits: Annotated[tuple[Name, ...], Since("0.2.0")] = ()
    """Covariates whose limits are of the profile likelihood, for which each model is evaluated again."""

    @field_validator("univariable", "multivariable", "strata", "ph_test", "profile_limits")
    @classmethod
    def _distinct(cls, value: bool | tuple[str, ...] | None) -> bool | tuple[str, ...] | None:
        return each_once(value) if isinstance(value, tuple) else value

    @field_validator("robust")
    @classmethod
    def _as_by_default(cls, value: Robust | None, info: ValidationInfo) -> Robust | None:
        # where it is what nothing said means, a study that says "none" has the hash of one that says nothing
        is_default = info.data.get("populations", (ALL,)) == (ALL,) and info.data.get("weights") is None
        return None if value == "none" and is_default else value

    @field_validator("splines")
    @classmethod
    def _ascending_knots(cls, value: Splines) -> Splines:
        return splines_in_order(value)

    @model_validator(mode="after")
    def _some_model(self) -> CoxEntry:
        if self.univariable is True and self.multivariable is None:
            complain(say("study.cox.nothing_alone"))
        if self.univariable is False and self.multivariable is None:
            complain(say("study.cox.no_covariates"))
        return self

    def errors_of(self, study: Study, population: str) -> Robust:
        """Returns over what squared influences are summed in a population: where patients have weights, or are matched,
        the inverse of the information is no variance."""
        if self.baseline == "matched-set":
            return "none"
        if self.robust is not None:
            return self.robust
        if self.firth or self.profile_limits:
            return "none"
        if study.propensity is not None and population in study.propensity.matched:
            return "matched-set"
        return "patient" if self.weights is not None or study.is_weighted(population) else "none"

    def landmark_days(self, days_per_unit: float) -> int | None:
        """Returns the last day before the landmark, from which time is counted: follow-up is of whole days, so that
        those at risk after the one are at risk after the other."""
        return None if self.landmark is None else int(self.landmark * days_per_unit)

    @property
    def univariable_covariates(self) -> tuple[str, ...]:
        """The covariates that have a univariable model, in order."""
        if isinstance(self.univariable, tuple):
            return self.univariable
        return self.together if self.univariable else ()

    @property
    def together(self) -> tuple[str, ...]:
        """The covariates of the multivariable model, without interactions."""
        return main_effects(self.multivariable or ())

    @property
    def covariates(self) -> tuple[str, ...]:
        """Those of the models, the variables of the strata, without which a patient is in no risk set, and the
        weight."""
        return tuple(dict.fromkeys((*self._of_models, *self.weighted_by)))

    @property
    def _of_models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.together, *self.univariable_covariates, *self.strata)))

    @property
    def weighted_by(self) -> tuple[str, ...]:
        """The variable with the weights; empty where there is none."""
        return () if self.weights is None else (self.weights,)

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        together = self.together
        if not alone and (covariate not in together or len(together) == 1):
            return None
        if covariate not in self.covariates:
            return self
        if covariate == self.weights:
            return None  # without weights it is another question
        if covariate in self.strata:
            return self.model_copy(update={"strata": tuple(name for name in self.strata if name != covariate)})
        rest = without(self.multivariable or (), covariate) or None
        by_itself = tuple(name for name in self.univariable_covariates if name != covariate or not alone)
        if rest is None and not by_itself:
            return None
        follows = self.univariable is True and by_itself == main_effects(rest or ())
        used = {*main_effects(rest or ()), *by_itself}
        splines = {name: knots for name, knots in self.splines.items() if name in used}
        limits = tuple(name for name in self.profile_limits if name in used)
        update = {"multivariable": rest, "univariable": follows or by_itself or False, "splines": splines}
        update |= {"profile_limits": limits}
        return self.model_copy(update=update)

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        terms = self.multivariable or ()
        for position, term in enumerate(terms):
            if ":" not in term:
                yield from draft.covariates((*path, "multivariable"), [term], self.endpoints, first=position)
        yield from wrong_landmark(draft, (*path, "landmark"), self.landmark, self.endpoints)
        yield from wrong_interactions(draft, (*path, "multivariable"), terms, self.splines)
        yield from wrong_splines(draft, (*path, "splines"), self.splines, self._of_models)
        if isinstance(self.univariable, tuple):
            yield from draft.covariates((*path, "univariable"), self.univariable, self.endpoints)
        yield from draft.covariates((*path, "strata"), self.strata, self.endpoints)
        covariates = {*(self.multivariable or ()), *self.univariable_covariates}
        if self.linearity != "wald" and not self.splines:
            yield Complaint((*path, "linearity"), say("study.cox.linearity_of_nothing"))
        variables = [draft.variables.get(name) for name in self._of_models if name not in self.strata]
        if self.e_value and all(isinstance(variable, NumberVariable) for variable in variables):
            yield Complaint((*path, "e_value"), say("study.cox.e_value_of_nothing"))
        yield from wrong_matched_sets(self, draft, path)
        yield from self._of_the_maximum(path)
        yield from self._of_weights(draft, path)
        if self.baseline != "matched-set":
            yield from wrong_in_populations(self, draft, path)
        if self.ph_test:
            yield from self._without_curves(draft, (*path, "ph_test"))
            if of := draft.stratified(self.populations):
                yield Complaint((*path, "ph_test"), say("study.cox.ph_by_score", population=of[0]))
        if self.robust == "matched-set" and (draft.propensity or not draft.has_propensity):
            matched = draft.propensity.matched if draft.propensity else ()
            for name in self.populations:
                if name not in matched:
                    yield Complaint((*path, "robust"), say("study.cox.no_matched_sets", population=name))
        for position, name in enumerate(self.strata):
            if isinstance(draft.variables.get(name), NumberVariable):
                yield from draft.use((*path, "strata", position), name, "boolean", "category")
            if name in covariates:
                yield Complaint((*path, "strata", position), say("study.cox.stratum_is_covariate", name=name))

    def _of_the_maximum(self, path: KeyPath) -> Iterator[Complaint]:
        """Yields a complaint for what is of the likelihood's own maximum, and not known at that of a penalised one; and
        for profile limits of nothing, or beside those of robust errors."""
        asked = {
            "robust": self.robust not in (None, "none"),
            "ph_test": self.ph_test,
            "linearity": self.linearity != "wald",
            "profile_limits": self.profile_limits,
        }
        for position, name in enumerate(self.profile_limits):
            if name not in (*self.together, *self.univariable_covariates):
                yield Complaint((*path, "profile_limits", position), say("study.cox.profile_of_nothing", name=name))
        if self.profile_limits and self.robust not in (None, "none"):
            yield Complaint((*path, "profile_limits"), say("study.cox.profile_or_robust"))
        for key, is_asked in asked.items():
            if self.firth and is_asked:
                yield Complaint((*path, key), say("study.cox.not_penalised", key=key))

    def _of_weights(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        """Yields a complaint for weights that are no positive number of the export, and for what is not known of a
        weighted model."""
        if self.weights is None:
            return
        at, name = (*path, "weights"), self.weights
        yield from draft.read(at, name, "number")
        if name in draft.outcomes():
            yield Complaint(at, say("study.analysis.outcome", name=name, endpoint=draft.outcomes()[name]))
        if name in self._of_models:
            yield Complaint(at, say("study.cox.weight_is_covariate", name=name))
        variable = draft.variables.get(name)
        if isinstance(variable, NumberVariable):
            low, high = variable.range
            if not (WEIGHTS[0] <= low and high <= WEIGHTS[1]):
                found = {"name": name, "low": low, "high": high, "least": WEIGHTS[0], "most": WEIGHTS[1]}
                yield Complaint(at, say("study.cox.range_of_weights", **found))
            if variable.transform is not None:
                yield Complaint(at, say("study.cox.transformed_weights", name=name, transform=variable.transform))
        for at, key in not_weighted(self):
            yield Complaint((*path, *at), say("study.cox.not_weighted", key=key))

    def _without_curves(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        """Yields a complaint where the study counts no curve of the models' patients, from which time is measured."""
        if self.missing != "complete" or self.landmark is not None:
            yield Complaint(path, say("study.cox.ph_other_patients"))
        curves = [one for one in draft.analyses.values() if one is not None and one.kind == "km"]
        found = {(e, p): one for one in reversed(curves) for e in one.outcome_endpoints for p in one.of_populations}
        # where patients have weights, time is measured by the curve of all
        weighted, stratified = draft.weighted(self.populations), draft.stratified(self.populations)
        known = [name for name in self.populations if name not in stratified]
        needed = dict.fromkeys(ALL if name in weighted else name for name in known)
        for endpoint, population in product(self.endpoints, needed):
            curve = found.get((endpoint, population))
            if curve is None or curve.missing != "complete":
                yield Complaint(path, say("study.cox.ph_needs_curve", endpoint=endpoint, population=population))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        endpoints, alone, together = self.labels(study), self.univariable_covariates, self.multivariable
        if self.baseline == "matched-set":
            (arm,) = dict.fromkeys((*alone, *(together or ())))
            yield say("study.cox.by_matched_set", endpoints=endpoints, arm=_covariate(arm, study))
            return
        if together:
            covariates = tuple(_term(term, study) for term in together)
            yield say("study.cox.multivariable", endpoints=endpoints, covariates=covariates, n=len(covariates))
        if alone and set(alone) == set(self.together):
            yield say("study.cox.each_of_these", endpoints=endpoints)
        elif alone:
            covariates = tuple(_covariate(name, study) for name in alone)
            yield say("study.cox.univariable", endpoints=endpoints, covariates=covariates)
        if self.strata:
            yield say("study.cox.strata", variables=tuple(_covariate(name, study) for name in self.strata))
        if self.weights is not None:
            yield say("study.cox.weights", label=study.label_of(self.weights))
        if self.e_value:
            yield say("study.cox.e_value")
        for robust in dict.fromkeys(self.errors_of(study, name) for name in self.populations):
            if robust != "none":
                yield say(f"study.cox.robust.{robust}")
        if has_weighted_log_rank(self, study):
            yield say("study.cox.robust.score", label=study.label_of(study.comparison.arm if study.comparison else ""))
        if self.ph_test:
            yield say("study.cox.ph_test", n=len(self.ph_test), functions=self._functions)
        if self.concordance:
            yield say("study.cox.concordance")
        if self.firth:
            yield say("study.cox.firth")
        if self.profile_limits:
            yield say("study.cox.profile_limits", labels=tuple(map(study.label_of, self.profile_limits)))
        if self.robust == "site" and len(study.sites) < FEWEST_CLUSTERS:
            yield say("study.cox.few_clusters", n=len(study.sites), most=FEWEST_CLUSTERS)
        if self.landmark is not None:
            day = self.landmark_days(study.days_per_unit)
            of = {"landmark": f"{self.landmark:g}", "unit": study.time.unit_in_words, "day": day}
            yield say("study.cox.landmark", **of)
        if self.splines and self.linearity != "wald":
            yield say("study.cox.likelihood_ratio")
        for name, knots in self.splines.items():
            yield say("study.cox.spline", label=study.label_of(name), knots=as_printed(knots))

    @property
    def _functions(self) -> tuple[Message, ...]:
        return tuple(say(f"study.cox.of_time.{transform}") for transform in self.ph_test)

    def facts(self, study: Study) -> dict[str, Any]:
        landmark = {} if self.landmark is None else {"landmark": self.landmark}
        splines = {"splines": {name: list(knots) for name, knots in self.splines.items()}} if self.splines else {}
        robust = {} if self.robust is None else {"robust": self.robust}
        return (
            landmark
            | splines
            | robust
            | ({"ph_test": list(self.ph_test)} if self.ph_test else {})
            | ({"concordance": True} if self.concordance else {})
            | ({"firth": True} if self.firth else {})
            | ({"profile_limits": list(self.profile_limits)} if self.profile_limits else {})
            | ({"weights": self.weights} if self.weights is not None else {})
            | ({"linearity": self.linearity} if self.linearity != "wald" else {})
            | {
                "univariable": list(self.univariable_covariates),
                "multivariable": list(self.multivariable or ()),
                "baseline": self.baseline,
                "ties": self.ties,
                "strata": list(self.strata),
            }
        )

    def lines(self, study: Study) -> list[Message | str]:
        models = {"univariable": self.univariable_covariates, "multivariable": self.multivariable or ()}
        found: list[Message | str] = [
            say("study.cox.line", kind=self.kind, endpoints=self.endpoints, model=model, covariates=names)
            for model, names in models.items()
            if names
        ]
        if options := tuple(self._options(study)):
            found.append(say("study.cox.options_line", kind=self.kind, options=options))
        return found

    def _options(self, study: Study) -> Iterator[Message]:
        """Yields what else is asked of the models, in the order of the keys."""
        if self.baseline != "site":
            yield say("study.cox.option.baseline")
        for name, knots in self.splines.items():
            yield say("study.cox.option.spline", name=name, knots=as_printed(knots))
        if self.linearity != "wald":
            yield say("study.cox.option.linearity")
        if self.landmark is not None:
            yield say("study.cox.option.landmark", landmark=self.landmark, unit=study.time.unit_in_words)
        if self.strata:
            yield say("study.cox.option.strata", names=self.strata)
        if self.weights is not None:
            yield say("study.cox.option.weights", name=self.weights)
        if self.e_value:
            yield say("study.cox.option.e_value")
        if self.robust not in (None, "none"):
            yield say("study.cox.option.robust", of=say(f"study.cox.over.{self.robust}"))
        if self.ph_test:
            yield say("study.cox.option.ph_test", functions=self.ph_test)
        if self.concordance:
            yield say("study.cox.option.concordance")
        if self.firth:
            yield say("study.cox.option.firth")
        if self.profile_limits:
            yield say("study.cox.option.profile_limits", names=self.profile_limits)


def _term(term: str, study: Study) -> Message:
    """Returns a covariate, or an interaction by the labels of its two variables."""
    if ":" not in term:
        return _covariate(term, study)
    return say("study.covariate.interaction", labels=tuple(map(study.label_of, term.split(":"))))


def _covariate(name: str, study: Study) -> Message:
    """Returns a covariate with its unit and scale, or with its levels."""
    variable, label = study.variables[name], study.label_of(name)
    if isinstance(variable, NumberVariable):
        with_unit = f"{label} [{variable.unit}]" if variable.unit else label
        return say(f"study.covariate.{variable.transform or 'number'}", label=with_unit)
    return say("study.covariate.levels", label=label, levels=study.levels_of(name))
