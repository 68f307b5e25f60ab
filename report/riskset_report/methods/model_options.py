"""What else was asked of the Cox models of one entry: strata, landmark, splines, errors, tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from riskset.catalogue import Message, say
from riskset_report.methods import ties
from riskset_report.methods.done import Done, Given, each_once, numbers

Models = Sequence[Given]

_ERRORS = {"robust": "patient", "matched-set": "matched_set", "site": "site"}


def has_robust_errors(one: Given) -> bool:
    """Whether limits and P values of a model are from robust errors, beside which nothing is told of several
    coefficients together."""
    return any("variance" in term for term in one.said["terms"])


def options(models: Models, done: Done) -> Iterator[Message]:
    """Yields a sentence for each option that the models have."""
    for of_option in _OPTIONS:
        yield from of_option(models, done)


def _strata(models: Models, done: Done) -> Iterator[Message]:
    for strata in each_once(tuple(one.said["strata"]) for one in models if one.said["strata"]):
        populations = done.populations(one.about[1] for one in models if tuple(one.said["strata"]) == strata)
        yield say("methods.models.strata", strata=done.names(strata), populations=populations)


def _landmark(models: Models, done: Done) -> Iterator[Message]:
    for day in each_once(one.said["landmark_days"] for one in models if "landmark_days" in one.said):
        yield say("methods.models.landmark", day=day, ref=done.cite("anderson"))


def _splines(models: Models, done: Done) -> Iterator[Message]:
    found = [spline for one in models for spline in one.said.get("splines", ())]
    knots = {spline["variable"]: numbers(spline["knots"]) for spline in found}
    for name, at in knots.items():
        label = done.labels.plain_variable(name)
        yield say("methods.models.spline", label=label, knots=at, ref=done.cite("harrell"))
    is_ratio = any(spline.get("likelihood_ratio") for spline in found)
    is_wald = any(of["linearity"] for one in models if not has_robust_errors(one) for of in one.said.get("splines", ()))
    if is_ratio or is_wald:
        yield say(f"methods.models.linearity{'_both' if is_ratio and is_wald else '_ratio' if is_ratio else ''}")


def _firth(models: Models, done: Done) -> Iterator[Message]:
    if any(one.said.get("firth") for one in models):
        yield say("methods.models.firth", ref=done.cite("firth", "heinze"))


def _weights(models: Models, done: Done) -> Iterator[Message]:
    for name in each_once(one.said["weights"] for one in models if "weights" in one.said):
        yield say("methods.models.weights", label=done.labels.plain_variable(name))


def _errors(models: Models, done: Done) -> Iterator[Message]:
    """Yields where limits and P values are from, and what these errors take as known."""
    of_terms = [(one, term["variance"]) for one in models for term in one.said["terms"] if "variance" in term]
    for variance in sorted(each_once(found for _, found in of_terms), key=lambda found: found not in _ERRORS):
        populations = done.populations(one.about[1] for one, found in of_terms if found == variance)
        if variance in _ERRORS:
            code = _ERRORS[variance]
            ref = done.cite("lin")
            yield say(f"methods.models.robust.{code}", populations=populations, ref=ref)
        else:
            yield say("methods.models.robust.model", populations=populations)
    weighted = [one for one, found in of_terms if found == "robust" and done.study.is_weighted(one.about[1])]
    if weighted:
        yield say("methods.models.score_as_known")


def _weighted_log_rank(models: Models, done: Done) -> Iterator[Message]:
    if any((one.said.get("weighted_log_rank") or {}).get("p") is not None for one in models):
        yield say("methods.models.weighted_log_rank")


def _profile(models: Models, done: Done) -> Iterator[Message]:
    profiled = [term for one in models for term in one.said["terms"] if term.get("limits") == "profile"]
    if profiled:
        labels = done.names(each_once(term["variable"] for term in profiled))
        yield say("methods.models.profile", labels=labels, ref=done.cite("venzon"))


def _ph_test(models: Models, done: Done) -> Iterator[Message]:
    functions = each_once(
        name for one in models for name, test in one.said.get("ph_test", {}).items() if "reason" not in test
    )
    if functions:
        told = tuple(say(f"study.cox.of_time.{name}") for name in functions)
        yield say("methods.models.ph_test", n=len(told), functions=told, ref=done.cite("grambsch"))


def _concordance(models: Models, done: Done) -> Iterator[Message]:
    if any("reason" not in one.said.get("concordance", {"reason": None}) for one in models):
        yield say("methods.models.concordance", ref=done.cite("harrell_c"))


def _e_value(models: Models, done: Done) -> Iterator[Message]:
    if any(one.said.get("e_value") for one in models):
        yield say("methods.models.e_value", ref=done.cite("vanderweele"))


_OPTIONS: tuple[Callable[[Models, Done], Iterator[Message]], ...] = (
    ties.of_entry,
    _strata,
    _landmark,
    _splines,
    _firth,
    _weights,
    _errors,
    _weighted_log_rank,
    _profile,
    _ph_test,
    _concordance,
    _e_value,
)
