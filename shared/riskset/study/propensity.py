"""`[propensity]`: the score by which arms are made comparable, and the populations that are adjusted by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import did_you_mean
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Names, Since, TomlTable, complain, each_once

if TYPE_CHECKING:
    from riskset.stats.balancing_weights import Estimand
    from riskset.study.references import Draft

ALL: Final = "all"
"""The population of all eligible patients, which is no adjustment."""
PLACES: Final = 20
"""Scores from 0 to 1 at which any study may cut, evenly spaced. Everybody has the coefficients, so that other places
could be on either side of one combination of covariates."""


def is_at_a_place(score: float) -> bool:
    """Whether a score is one at which any study may cut."""
    return abs(score * PLACES - round(score * PLACES)) < 1e-9


class Matching(TomlTable):
    """Each patient of the arm is matched with the nearest of the reference, within a hospital, without replacement."""

    method: Literal["nearest"]
    ratio: int = Field(default=1, ge=1, le=5)
    """Patients of the reference for each of the arm; a set may have fewer, but has one."""
    caliper_sd: float | None = Field(default=0.2, gt=0, le=10)
    """The largest distance, in standard deviations over all patients; none: any distance."""
    caliper_on: Literal["logit", "probability"] = "logit"
    """The scale of distances."""

    def sentence(self, name: str) -> Message:
        """Returns what the population is, for the committee."""
        caliper = NOTHING
        if self.caliper_sd is not None:
            caliper = say(
                "study.propensity.caliper", sd=f"{self.caliper_sd:g}", on=say(f"study.propensity.on.{self.caliper_on}")
            )
        return say("study.propensity.nearest", name=name, n=self.ratio, caliper=caliper)


class Weighting(TomlTable):
    """Each patient counts with a weight that follows from the score."""

    method: Literal["ate", "att", "overlap", "matching"]
    stabilised: bool = False
    """Of `ate`: weights times the share of the patient's arm."""
    trim: tuple[float, float] | None = None
    """Patients with a score from the one to the other are kept; the score is not fitted again."""
    truncate: float | None = Field(default=None, ge=1, le=100)
    """No weight is above so many times the mean weight."""

    @field_validator("trim")
    @classmethod
    def _of_a_probability(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not 0 <= value[0] < value[1] <= 1:
            complain(say("study.propensity.trim"))
        return value

    @model_validator(mode="after")
    def _stabilised_ate(self) -> Weighting:
        if self.stabilised and self.method != "ate":
            complain(say("study.propensity.stabilised", method=self.method))
        return self

    @property
    def estimand(self) -> Estimand:
        """Returns what `stats.balancing_weights` calls it."""
        return "ate_stab" if self.method == "ate" and self.stabilised else self.method

    def sentence(self, name: str) -> Message:
        """Returns what the population is, for the committee."""
        trim = NOTHING if self.trim is None else say("study.propensity.trimmed", low=self.trim[0], high=self.trim[1])
        most = NOTHING if self.truncate is None else say("study.propensity.truncated", most=self.truncate)
        of = say(f"study.propensity.weights.{self.estimand}")
        return say("study.propensity.weighted", name=name, of=of, trim=trim, truncate=most)


class Stratification(TomlTable):
    """Models of all patients with one baseline hazard for each site and interval of the score."""

    method: Literal["strata"]
    cuts: tuple[float, ...] = Field(min_length=1, max_length=9)
    """Scores, ascending: who has one of them is in the lower stratum."""

    @field_validator("cuts")
    @classmethod
    def _probabilities(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(high <= low for low, high in pairwise((0.0, *value, 1.0))):
            complain(say("study.propensity.cuts"))
        return value

    def sentence(self, name: str) -> Message:
        """Returns what the population is, for the committee."""
        return say("study.propensity.strata", name=name, cuts=tuple(f"{cut:g}" for cut in self.cuts))


Adjustment = Annotated[Matching | Weighting | Stratification, Field(discriminator="method")]
ADJUSTMENTS: Final[Mapping[str, type[TomlTable]]] = {
    "nearest": Matching,
    **dict.fromkeys(("ate", "att", "overlap", "matching"), Weighting),
    "strata": Stratification,
}
"""By method."""


class Gates(TomlTable):
    """What must hold before the outcomes of an adjusted population are believed."""

    smd_max: float | None = Field(default=None, gt=0, le=1)
    """The largest absolute standardised difference of any covariate after matching, by the pooled standard deviation
    before; none: any."""
    equipoise_min: float | None = Field(default=None, gt=0, le=1)
    """The smallest share of each arm that has a preference score from 0.3 to 0.7; none: any."""
    on_fail: Literal["flag", "withhold", "ask"] = "flag"
    """`flag`: the outcomes of such a population are computed and marked; `withhold`: they are not computed; `ask`: they
    are not, until somebody decides, by name and with a reason, in a later run."""

    @model_validator(mode="after")
    def _demands_something(self) -> Gates:
        if self.smd_max is None and self.equipoise_min is None:
            complain(say("study.propensity.no_demand", keys=("smd_max", "equipoise_min")))
        return self

    @property
    def withholds(self) -> bool:
        """Whether outcomes wait for the end of what decides."""
        return self.on_fail != "flag"


class Propensity(TomlTable):
    """One score for a study; each adjustment by it is a population."""

    covariates: Names
    site: Literal["profiled", "none"] = "profiled"
    """`profiled`: every hospital has an intercept of its own, which it keeps; `none`: one for all."""
    firth: bool = False
    """By Firth's penalised likelihood, which has a maximum where covariates tell the arms apart."""
    adjustments: dict[Name, Adjustment] = {}  # noqa: RUF012 - pydantic copies it
    gates: Annotated[Gates | None, Since("0.2.0")] = None
    preference: Annotated[bool, Since("0.2.0")] = False
    """Whether patients of each arm are counted by their preference score."""

    @field_validator("covariates")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @field_validator("adjustments")
    @classmethod
    def _other_names(cls, value: dict[str, Adjustment]) -> dict[str, Adjustment]:
        if ALL in value:
            complain(say("study.propensity.named_all"))
        return value

    @property
    def asks_preference(self) -> bool:
        """Whether the table of the preference score is computed."""
        return self.preference or (self.gates is not None and self.gates.equipoise_min is not None)

    @property
    def matched(self) -> frozenset[str]:
        """The populations of matched patients."""
        return frozenset(name for name, of in self.adjustments.items() if isinstance(of, Matching))

    @property
    def weightings(self) -> dict[str, Weighting]:
        """The weighted populations, in the order of their names."""
        return {name: one for name, one in sorted(self.adjustments.items()) if isinstance(one, Weighting)}

    @property
    def with_weights(self) -> frozenset[str]:
        """The populations whose patients have weights of their own: weighted ones, and sets of one with several."""
        several = {n for n, of in self.adjustments.items() if isinstance(of, Matching) and of.ratio > 1}
        return frozenset({*several, *self.weightings})

    @property
    def stratifications(self) -> dict[str, Stratification]:
        """The populations that are stratified by the score, in the order of their names."""
        return {name: one for name, one in sorted(self.adjustments.items()) if isinstance(one, Stratification)}

    @property
    def cut_freely(self) -> frozenset[str]:
        """The populations that are cut at other scores than any study may cut at."""
        cuts: dict[str, tuple[float, ...]] = {name: of.trim or () for name, of in self.weightings.items()}
        cuts |= {name: of.cuts for name, of in self.stratifications.items()}
        return frozenset(name for name, of in cuts.items() if not all(map(is_at_a_place, of)))

    @property
    def balanced(self) -> tuple[str, ...]:
        """The populations whose balance is told, in the order of their names: all but those stratified by the score."""
        return tuple(sorted(self.adjustments.keys() - self.stratifications.keys()))

    def complaints(self, draft: Draft) -> Iterator[Complaint]:
        """Yields what is wrong between the table and the rest of the study file."""
        path: KeyPath = ("propensity", "covariates")
        unknown = tuple(self.stratifications)
        if self.gates is not None and self.gates.smd_max is not None and unknown:
            yield Complaint(("propensity", "gates"), say("study.propensity.no_balance", populations=unknown))
        yield from draft.covariates(path, self.covariates, draft.endpoints)
        if draft.comparison is None:
            yield Complaint(("propensity",), say("study.propensity.no_arms"))
            return
        arm = draft.comparison.arm
        if arm in self.covariates:
            yield Complaint((*path, self.covariates.index(arm)), say("study.propensity.of_arm", name=arm))
        variable = draft.variables.get(arm)
        if variable is not None and len(levels := variable.kind.levels) > 2:
            yield Complaint(("propensity",), say("study.propensity.two_arms", name=arm, n=len(levels)))


def unknown_populations(draft: Draft, path: KeyPath, populations: tuple[str, ...]) -> Iterator[Complaint]:
    """Yields a complaint for each population in the list of the table at `path` that no adjustment makes."""
    if draft.propensity is None and draft.has_propensity:
        return  # it is wrong itself
    known = (ALL, *(draft.propensity.adjustments if draft.propensity else ()))
    for position, name in enumerate(populations):
        if name not in known:
            hint = did_you_mean(name, known) or (NOTHING if draft.has_propensity else say("study.propensity.declare"))
            yield Complaint((*path, "populations", position), say("study.propensity.unknown", name=name), hint)
