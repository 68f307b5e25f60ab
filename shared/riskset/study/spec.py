"""The study as a typed value: what `study.toml` may say, key by key, with types, defaults and units.

Each table is checked here by itself; names used in one table and declared in another are checked by `references`, so
that all problems are reported in one pass. `docs/study-file.md` explains every key.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from riskset.catalogue import ENGLISH, languages, say
from riskset.study.adverse_events import AdverseEvents, EventTerm
from riskset.study.asked import Analysis
from riskset.study.derived import Derivation, derivation
from riskset.study.endpoints import DAYS_PER_UNIT, DateEndpoint, DaysEndpoint, Endpoint, GridTable, Time
from riskset.study.propensity import ALL, Matching, Propensity, Stratification, Weighting
from riskset.study.release import Release
from riskset.study.terms import Sum, Term, sums_of
from riskset.study.toml_table import Label, Name, Since, Text, TomlTable, complain
from riskset.study.truth import Kind
from riskset.study.variables import (
    BooleanVariable,
    CategoryVariable,
    DateVariable,
    NumberVariable,
    Transform,
    Variable,
)

__all__ = [
    "DAYS_PER_UNIT",
    "AdverseEvents",
    "Analysis",
    "BooleanVariable",
    "CategoryVariable",
    "Comparison",
    "DateEndpoint",
    "DateVariable",
    "DaysEndpoint",
    "Disclosure",
    "EligibilityRule",
    "Endpoint",
    "EventTerm",
    "GridTable",
    "Header",
    "Matching",
    "NumberVariable",
    "Period",
    "Propensity",
    "Release",
    "SiteEntry",
    "Stratification",
    "Study",
    "Time",
    "Transform",
    "Variable",
    "Weighting",
]

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Period(TomlTable):
    """From one day to another, both inclusive."""

    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.from_ > self.to:
            complain(say("study.value.period", first=self.from_, last=self.to))
        return self


class Header(TomlTable):
    """Names of the study, and the period of enrolment and follow-up."""

    id: Name
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
    title: dict[Language, Text] = Field(min_length=1)
    """By language, in the order of the codes; a plain string in the file is taken as English."""
    notice: Text | None = None
    """A sentence that must accompany every result."""
    enrolled: Period | None = None
    data_cutoff: date | None = None
    language: Annotated[Language, Since("0.2.0")] = ENGLISH
    """Of the report, where nobody asks for another."""

    @field_validator("title")
    @classmethod
    def _in_one_order(cls, value: dict[str, str]) -> dict[str, str]:
        """Canonical JSON keeps no order: a study of a file and the same study of a record must write the same bytes."""
        return dict(sorted(value.items()))

    @field_validator("language")
    @classmethod
    def _with_catalogue(cls, value: str) -> str:
        if value not in languages():
            complain(say("study.value.no_catalogue", found=value, languages=languages()))
        return value

    @model_validator(mode="after")
    def _follow_up_after_enrolment(self) -> Header:
        if self.enrolled and self.data_cutoff and self.data_cutoff < self.enrolled.to:
            complain(say("study.value.cutoff", cutoff=self.data_cutoff, enrolled=self.enrolled.to))
        return self


class SiteEntry(TomlTable):
    """A hospital as printed. Its key, IRB number and expiry dates are in the roster."""

    name: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    """ISO 3166-1 alpha-2."""


class EligibilityRule(TomlTable):
    """One box of the flow chart; `rule` is written in the grammar of `grammar`."""

    id: Name
    rule: Text
    label: Label = ""


class Comparison(TomlTable):
    """The arms, and the one that the others are compared with."""

    arm: Name
    reference: Text
    estimand: Literal["ATE", "ATT", "ATO"] | None = None
    """Reserved, and part of every study's hash: each adjustment of `[propensity]` has an estimand of its own."""

    @field_validator("estimand")
    @classmethod
    def _not_yet(cls, value: str | None) -> None:
        if value is not None:
            complain(say("study.value.estimand", found=value))


class Disclosure(TomlTable):
    """A floor; a site may be stricter, never looser."""

    min_cell: int = Field(default=5, ge=5)
    min_sites: int = Field(default=2, ge=2)
    secure_sum: Literal["required", "off"] = "required"


class Study(TomlTable):
    """A whole study. Tables keep the order of the file: the order of columns, of printing, and of precedence when two
    analyses conflict."""

    schema_: Literal[1] = Field(alias="schema")
    header: Header = Field(alias="study")
    sites: dict[Name, SiteEntry] = Field(min_length=1)
    variables: dict[Name, Variable] = Field(min_length=1)
    eligibility: tuple[EligibilityRule, ...] = ()
    comparison: Comparison | None = None
    time: Time
    endpoints: dict[Name, Endpoint] = Field(min_length=1)
    adverse_events: Annotated[AdverseEvents | None, Since("0.2.0")] = None
    propensity: Annotated[Propensity | None, Since("0.2.0")] = None
    analyses: dict[Name, Analysis] = Field(min_length=1)
    disclosure: Disclosure = Disclosure()
    release: Annotated[Release | None, Since("0.2.0")] = None

    @property
    def id(self) -> str:
        return self.header.id

    @property
    def version(self) -> str:
        return self.header.version

    @property
    def language(self) -> str:
        return self.header.language

    @property
    def analysis_kinds(self) -> frozenset[str]:
        """The kinds of its analyses."""
        return frozenset(entry.kind for entry in self.analyses.values())

    def title_in(self, language: str) -> str:
        """Returns the title in `language`; else in English; else in the first of its languages."""
        titles = self.header.title
        return titles.get(language) or titles.get("en") or next(iter(titles.values()))

    @property
    def days_per_unit(self) -> float:
        """Days in one `time.unit`."""
        return self.time.days_per_unit

    @property
    def kinds(self) -> dict[str, Kind]:
        """The variables that an eligibility rule may name, for `parse_rule`."""
        return {name: variable.kind for name, variable in self.variables.items()}

    @property
    def read_variables(self) -> dict[str, Variable]:
        """The variables that are read from an export; the others are derived from them."""
        return {name: variable for name, variable in self.variables.items() if not variable.is_derived}

    @property
    def derivations(self) -> dict[str, Derivation]:
        """What defines the derived variables, in an order in which each follows from those before it."""
        found = {name: derivation(variable, self.kinds) for name, variable in self.variables.items()}
        return {name: one for name, one in found.items() if one is not None}

    def sources_of(self, name: str) -> tuple[str, ...]:
        """Returns the variables of an export from which one is computed, each once; a variable that is read itself."""
        return self.sources[name]

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """By variable what `sources_of` returns, each from those of the variables above it."""
        found: dict[str, tuple[str, ...]] = {}
        derivations = self.derivations
        for name in self.variables:
            named = derivations[name].names if name in derivations else ()
            found[name] = tuple(dict.fromkeys(of for one in named for of in found[one])) or (name,)
        return found

    @cached_property
    def sums(self) -> dict[str, Sum]:
        """The numbers that are computed by a formula, as sums of terms: as they enter a model, after a transform."""
        formulas = {name: one.formula.value for name, one in self.derivations.items() if one.formula}
        return sums_of(self.variables, formulas)

    def terms_of(self, name: str) -> tuple[Term, ...]:
        """Returns the terms that the rules judge in the place of a formula, or beside what is no sum of terms."""
        return tuple(self.sums[name].terms) if name in self.sums else ()

    def is_combined(self, name: str) -> bool:
        """Whether a derived variable is neither of one variable of the export nor a sum of terms (R4.combined)."""
        if not self.variables[name].is_derived:
            return False
        if name in self.sums:
            return not self.sums[name].is_whole
        return len(self.sources_of(name)) > 1

    def label_of(self, name: str) -> str:
        """Returns the label of a variable, or its name where it has none."""
        return self.variables[name].label or name

    def endpoint_label(self, name: str) -> str:
        """Returns the label of an endpoint, or its name where it has none."""
        return self.endpoints[name].label or name

    def levels_of(self, name: str) -> tuple[str, ...]:
        """Returns the levels of a category in order, `("false", "true")` for a boolean, none for a number or date."""
        return self.variables[name].kind.levels

    def is_weighted(self, population: str) -> bool:
        """Whether patients of a population have weights of their own."""
        return self.propensity is not None and population in self.propensity.with_weights

    def is_cut_freely(self, population: str) -> bool:
        """Whether who is in a population, or in which stratum, is decided by a score at a place of the study's own
        choice: as a cut of several variables (R4.combined)."""
        return self.propensity is not None and population in self.propensity.cut_freely

    def weighted_as(self, population: str) -> str | None:
        """Returns the method by which patients of a population are weighted; None where each counts once."""
        of = None if self.propensity is None else self.propensity.weightings.get(population)
        return None if of is None else of.method

    def covariates_of(self, endpoint: str) -> tuple[str, ...]:
        """Returns the arm and every covariate in a model of `endpoint`, in the study's order of variables: the columns
        in which the endpoint's common set is complete. Analyses with `missing = "by_model"` do not count."""
        named = {self.comparison.arm} if self.comparison else set()
        for analysis in self.analyses.values():
            if endpoint in analysis.outcome_endpoints and analysis.missing == "complete":
                named.update(analysis.covariates)
                if self.propensity and set(analysis.of_populations) != {ALL}:  # nobody is adjusted without a score
                    named.update(self.propensity.covariates)
        return tuple(name for name in self.variables if name in named)
