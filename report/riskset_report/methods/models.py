"""Cox models: what all have in common, and of each entry of the study its covariates and options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from riskset.catalogue import Message, say
from riskset.study.spec import NumberVariable
from riskset_report.methods import ties
from riskset_report.methods.done import Done, Given, by_analysis, each_once
from riskset_report.methods.model_options import has_robust_errors, options


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields what is common to all models, then a paragraph for each entry."""
    fitted = done.of("cox")
    yield _common(fitted, done)
    for of_entry in by_analysis(fitted):
        yield _entry(of_entry, done)


def _common(fitted: Sequence[Given], done: Done) -> Iterator[Message]:
    if any(one.said["baseline"] == "site" for one in fitted):
        yield say("methods.models.by_site", ref=done.cite("cox"))
    yield from ties.of_all(done)
    if fitted:
        yield say("methods.models.wald")
    yield from _scales(fitted, done)
    if any(one.said.get("categories") and not has_robust_errors(one) for one in fitted):
        yield say("methods.models.categories")


def _scales(fitted: Sequence[Given], done: Done) -> Iterator[Message]:
    """Yields the scale of each transformed number that is a covariate."""
    alike: dict[str, list[str]] = {}
    for name in each_once(name for one in fitted for name in one.said["covariates"]):
        variable = done.study.variables.get(name)
        if isinstance(variable, NumberVariable) and variable.transform is not None:
            alike.setdefault(variable.transform, []).append(name)
    for transform, names in alike.items():
        yield say("methods.models.scale", labels=done.names(names), scale=done.labels.scale(transform))


def _entry(models: Sequence[Given], done: Done) -> Iterator[Message]:
    if models[0].said["baseline"] == "matched-set":
        for group in done.grouped(models):
            yield say("methods.models.by_matched_set", n=group.n, **group.values)
        return
    together = [one for one in models if one.said["model"] == "multivariable"]
    alone = [one for one in models if one.said["model"] == "univariable"]
    for covariates, of in _by_covariates(together).items():
        yield from _fitted("multivariable", covariates, of, done)
    for covariates, of in _by_covariates(alone).items():
        yield from _fitted("univariable", covariates, of, done)
    yield from options(models, done)


def _by_covariates(models: Sequence[Given]) -> Mapping[tuple[str, ...], list[Given]]:
    """Returns the models by the covariates that those of their endpoint and population have."""
    covariates: dict[tuple[str, str], list[str]] = {}
    for one in models:
        covariates.setdefault(one.about, []).extend(one.said["covariates"])
    alike: dict[tuple[str, ...], list[Given]] = {}
    for one in models:
        alike.setdefault(each_once(covariates[one.about]), []).append(one)
    return alike


def _fitted(model: str, covariates: Sequence[str], of: Sequence[Given], done: Done) -> Iterator[Message]:
    for group in done.grouped(of):
        names = done.names(covariates)
        if model == "multivariable":
            yield say("methods.models.multivariable", n=group.n, covariates=names, **group.values)
        elif len(covariates) == 1:
            yield say("methods.models.univariable_of_one", n=group.n, covariate=names, **group.values)
        else:
            yield say("methods.models.univariable", covariates=names, **group.values)
