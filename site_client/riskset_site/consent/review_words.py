"""A study in sentences that a committee reads: what is computed, and of whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.study.spec import CoxAnalysis, DaysEndpoint, Endpoint, KaplanMeierAnalysis, NumberVariable, Study

_SCALES = {
    "log": "its natural logarithm",
    "log2": "its logarithm to base 2",
    "log10": "its logarithm to base 10",
    "log1p": "the natural logarithm of it plus 1",
    "log10p1": "the logarithm to base 10 of it plus 1",
    "sqrt": "its square root",
}


def questions(study: Study) -> tuple[str, ...]:
    """Returns a sentence for everything that is computed, in the study's order."""
    return tuple(sentence for analysis in study.analyses.values() for sentence in _asked(analysis, study))


def populations(study: Study) -> tuple[str, ...]:
    """Returns who is counted, and how each endpoint comes about."""
    return (*_enrolled(study), *(_endpoint(name, endpoint, study) for name, endpoint in study.endpoints.items()))


def _asked(analysis: KaplanMeierAnalysis | CoxAnalysis, study: Study) -> Iterator[str]:
    of = _listed([_printed(endpoint, study) for endpoint in analysis.endpoints])
    return _curves(analysis, of, study) if isinstance(analysis, KaplanMeierAnalysis) else _models(analysis, of, study)


def _curves(analysis: KaplanMeierAnalysis, of: str, study: Study) -> Iterator[str]:
    grid, arm = study.time.grid, study.comparison.arm if study.comparison else None
    by = f" and by {study.label_of(arm)} ({_listed(study.levels_of(arm))})" if arm else ""
    step = "day" if grid.width_days == 1 else f"{grid.width_days} days"
    yield f"Survival curves (Kaplan-Meier) of {of}, of all patients{by}, counted every {step} to day {grid.max_days}."
    if analysis.landmarks:
        times = _listed([f"{time:g}" for time in analysis.landmarks])
        yield f"Survival at {times} {study.time.unit}s, read from these curves."
    if arm:
        yield f"Log-rank tests of {of} between the arms."


def _models(analysis: CoxAnalysis, of: str, study: Study) -> Iterator[str]:
    alone, together = analysis.univariable_covariates, analysis.multivariable
    if together:
        covariates = _listed([_covariate(name, study) for name in together])
        at_once = " together" if len(together) > 1 else ""
        yield f"Cox models of {of} with {covariates}{at_once}; every hospital has a baseline hazard of its own."
    if alone and set(alone) == set(together or ()):
        yield f"Cox models of {of} with each of these covariates alone."
    elif alone:
        yield f"Cox models of {of} with {_listed([_covariate(name, study) for name in alone])}, each alone."


def _covariate(name: str, study: Study) -> str:
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        scale = f", as {_SCALES[variable.transform]}" if variable.transform else ""
        unit = f" in {variable.unit}" if variable.unit else ""
        return f"{study.label_of(name)} (a number{unit}{scale})"
    return f"{study.label_of(name)} ({', '.join(study.levels_of(name))})"


def _enrolled(study: Study) -> Iterator[str]:
    period, cutoff = study.header.enrolled, study.header.data_cutoff
    if period:
        yield f"Patients enrolled from {period.from_} to {period.to} who fulfil the rules below."
    else:
        yield "Patients who fulfil the rules below." if study.eligibility else "All patients of the export."
    yield from (f"{rule.label}: {rule.rule}" for rule in study.eligibility if rule.label)
    if cutoff:
        yield f"What happened after {cutoff} is not counted."


def _endpoint(name: str, endpoint: Endpoint, study: Study) -> str:
    if isinstance(endpoint, DaysEndpoint):
        entry = f", at risk from the day in {study.label_of(endpoint.entry)}" if endpoint.entry else ""
        days, event = study.label_of(endpoint.days), study.label_of(endpoint.event)
        return f"{_printed(name, study)}: the days in {days}, with the event in {event}{entry}."
    events = " or ".join(study.label_of(event) for event in endpoint.event)
    first = ", whichever is first," if len(endpoint.event) > 1 else ""
    start, censor = study.label_of(endpoint.origin), study.label_of(endpoint.censor)
    return f"{_printed(name, study)}: from {start} to {events}{first} or, without it, to {censor}."


def _printed(endpoint: str, study: Study) -> str:
    return study.endpoints[endpoint].label or endpoint


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
