"""Labels of a study's names; a name without a label is printed unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from riskset.analyses.cohort import ALL
from riskset.analyses.methods.score_strata import variable_of
from riskset.catalogue import ENGLISH, Message, say
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import DateEndpoint, Matching, NumberVariable, Stratification, Study, Variable

_TRUTH = ("true", "false")
_SCALES = {
    "log": "log(x)",
    "log2": "log2(x)",
    "log10": "log10(x)",
    "log1p": "log(x + 1)",
    "log10p1": "log10(x + 1)",
    "sqrt": "sqrt(x)",
}
_RANGE = re.compile(r"\d[\d.]*-<?\d[\d.]*")


@dataclass(frozen=True)
class Labels:
    """Labels of variables, levels, endpoints and sites. Every mapping may be partial."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Variable to label with its unit: `{"age": "Age, per year"}`."""
    plain: Mapping[str, str] = field(default_factory=dict)
    """Variable to label without a unit."""
    stepped: frozenset[str] = frozenset()
    """Numbers whose ratios are printed for more than one unit."""
    levels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(variable, level) to label."""
    bare_levels: frozenset[str] = frozenset()
    """Levels that have no label."""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """Endpoint to label: `{"pfs": "Progression-free survival"}`."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Endpoint to the origin of its time: `{"pfs": "first dose"}`."""
    competing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Endpoint to the labels of its competing events."""
    sites: Mapping[str, str] = field(default_factory=dict)
    populations: Mapping[str, str] = field(default_factory=dict)
    """Adjusted population to label: `{"match": "matched patients (match)"}`."""
    language: str = ENGLISH
    """Of a report's own words."""

    @property
    def names(self) -> frozenset[str]:
        """Every label, and every level that has none."""
        mappings = (self.variables, self.plain, self.levels, self.endpoints, self.sites, self.populations)
        return frozenset({text for of in mappings for text in of.values()} | self.bare_levels)

    def variable(self, name: str) -> str:
        """A variable, an interaction `arm:age`, or a curved part `age'` of a spline; no variable has such a name."""
        if ":" in name:
            factors = name.split(":")
            return " × ".join(
                self.variable(one) if one in self.stepped else self.plain_variable(one) for one in factors
            )
        plain = name.rstrip("'")
        return self.variables.get(name, name) if plain == name else self.plain_variable(plain) + name[len(plain) :]

    def plain_variable(self, name: str) -> str:
        """A variable without the unit of its hazard ratio."""
        return self.plain.get(name, name)

    def covariate(self, name: str) -> str:
        """A covariate as a list of them names it: without units, an interaction with both."""
        return self.variable(name) if ":" in name or name.endswith("'") else self.plain_variable(name)

    def level(self, variable: str | None, level: str) -> str:
        """A level under its variable's heading; the levels of a boolean are yes and no."""
        variables, levels = (variable or "").split(":"), level.split(":")
        if len(variables) == len(levels) > 1:
            return " × ".join(map(self.level, variables, levels))
        is_truth = level in _TRUTH and (variable or "", level) not in self.levels
        return self._say(f"report.label.{level}") if is_truth else self.levels.get((variable or "", level), _set(level))

    def arm(self, variable: str | None, level: str | None) -> str:
        """An arm without a heading that names the variable: a boolean's label includes the variable."""
        if level is None:
            return self._say("report.label.all_patients")
        if variable and level in _TRUTH and (variable, level) not in self.levels:
            return self._say("report.label.arm", variable=self.variable(variable), level=self.level(variable, level))
        return self.level(variable, level)

    def scale(self, transform: str) -> str:
        """A transform of a number: `log10(x + 1)`."""
        return _SCALES[transform]

    def endpoint(self, name: str | None) -> str:
        """An endpoint; empty for an analysis without one."""
        return self.endpoints.get(name, name) if name else ""

    def population(self, name: str) -> str:
        if name == ALL and name not in self.populations:
            return self._say("report.population.all")
        return self.populations.get(name, name)

    def site(self, name: str) -> str:
        return self._say("results.site", name=self.sites[name], site=name) if name in self.sites else name

    def _say(self, code: str, /, **values: str) -> str:
        return say(code, **values).in_language(self.language)


def labels_of(study: Study, language: str = ENGLISH) -> Labels:
    """Returns the labels that the study declares, which have one language, with a report's own words in `language`. A
    number's label includes the unit of its hazard ratio, on its scale."""
    endpoints = study.endpoints.items()
    return Labels(
        variables={name: _with_unit(study.label_of(name), of, language) for name, of in study.variables.items()},
        plain={name: study.label_of(name) for name in study.variables} | dict(_strata(study, language)),
        stepped=frozenset(name for name, of in study.variables.items() if getattr(of, "print_per", None) is not None),
        bare_levels=frozenset(level for of in study.variables.values() for level in getattr(of, "levels", None) or ()),
        endpoints={name: endpoint.label for name, endpoint in endpoints if endpoint.label},
        origins={
            name: inside(study.label_of(e.origin), language) for name, e in endpoints if isinstance(e, DateEndpoint)
        },
        competing={name: tuple(map(study.label_of, e.competing)) for name, e in endpoints if e.competing},
        sites={name: site.name for name, site in study.sites.items()},
        populations=dict(_populations(study, language)),
        language=language,
    )


def population_in_words(study: Study, name: str) -> Message:
    """Returns what an adjusted population is, or that all patients are meant."""
    if name == ALL or study.propensity is None:
        return say("report.population.all")
    adjustment = study.propensity.adjustments[name]
    if isinstance(adjustment, Matching):
        return say("report.population.matched", name=name)
    if isinstance(adjustment, Stratification):
        return say("report.population.strata", name=name)
    return say("report.population.weighted", name=name)


def _populations(study: Study, language: str) -> Iterator[tuple[str, str]]:
    for name in study.propensity.adjustments if study.propensity else ():
        yield name, population_in_words(study, name).in_language(language)


def _strata(study: Study, language: str) -> Iterator[tuple[str, str]]:
    for name, asked in study.propensity.stratifications.items() if study.propensity else ():
        stratum = say("report.population.stratum", name=name, cuts=tuple(f"{cut:g}" for cut in asked.cuts))
        yield variable_of(name), stratum.in_language(language)


def _with_unit(label: str, variable: Variable, language: str) -> str:
    if not isinstance(variable, NumberVariable):
        return label
    if variable.transform is not None:
        named = with_unit(label, variable.unit, language)
        return say("report.label.per_step", label=named, scale=_SCALES[variable.transform]).in_language(language)
    if variable.print_per is not None:
        step = f"{variable.print_per:g}"
        if not variable.unit:
            return say("report.label.per_number", label=label, n=step).in_language(language)
        unit = _unit(variable.unit, variable.print_per, language)
        return say("report.label.per_units", label=label, n=step, unit=unit).in_language(language)
    if not variable.unit:
        return label
    return say("report.label.per_unit", label=label, unit=_unit(variable.unit, 1, language)).in_language(language)


def _set(level: str) -> str:
    """Returns a level that has no label as it is printed: `>=75` as `≥75`, `65-<75` as `65–<75`."""
    dashed = level.replace("-", "\N{EN DASH}") if _RANGE.fullmatch(level) else level
    return dashed.replace("<=", "≤").replace(">=", "≥")


def with_unit(label: str, unit: str | None, language: str) -> str:
    """Returns `Age, year`; without a unit the label alone."""
    return (
        say("report.label.with_unit", label=label, unit=_unit(unit, 1, language)).in_language(language)
        if unit
        else label
    )


def _unit(unit: str, n: float, language: str) -> str:
    """Returns a unit of time as it is counted, in the language; another as the study writes it."""
    return say(f"report.unit.{unit}", n=n).in_language(language) if unit in DAYS_PER_UNIT else unit


def inside(label: str, language: str) -> str:
    """Returns `First dose` as it reads inside an English sentence, where an acronym keeps its capitals; a name is the
    same everywhere in a text of another language."""
    return label[0].lower() + label[1:] if language == ENGLISH and label[1:2].islower() else label
