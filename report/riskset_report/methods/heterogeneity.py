"""Whether the effect of the arm differs: between levels of a variable, and between hospitals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.catalogue import Message, say
from riskset_report.methods import ties
from riskset_report.methods.design import sites_told
from riskset_report.methods.done import Done, Given, by_analysis, each_once

_COMBINED = ("dersimonian", "paule", "hartung", "cochran")
"""What the combined estimates cite, in the order of the sentence."""


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the subgroups, then the hospitals."""
    for of_entry in by_analysis(done.of("subgroup")):
        yield _subgroups(of_entry, done)
    for of_entry in by_analysis(done.of("site-heterogeneity")):
        yield _sites(of_entry, done)


def _subgroups(found: Sequence[Given], done: Done) -> Iterator[Message]:
    variables: dict[tuple[str, str], list[str]] = {}
    for one in found:
        variables.setdefault(one.about, []).append(one.said["variable"])
    alike: dict[tuple[str, ...], list[Given]] = {}
    for one in found:
        alike.setdefault(each_once(variables[one.about]), []).append(one)
    for names, of in alike.items():
        for group in done.grouped(of):
            yield say("methods.heterogeneity.subgroup", variables=done.names(names), **group.values)
    if any(one.said["interaction"].get("likelihood_ratio") for one in found):
        yield say("methods.heterogeneity.interaction")
    if adjusted := each_once(name for one in found for name in one.said["adjusted"]):
        yield say("methods.heterogeneity.adjusted", covariates=done.names(adjusted))
    yield from ties.of_entry(found, done)


def _sites(found: Sequence[Given], done: Done) -> Iterator[Message]:
    for group in done.grouped(found):
        yield say("methods.heterogeneity.common", **group.values)
    if covariates := each_once(name for one in found for name in one.said["covariates"][1:]):
        yield say("methods.heterogeneity.adjusted", covariates=done.names(covariates))
    yield from ties.of_entry(found, done)
    if any((one.said["treatment_by_site"]["likelihood_ratio"] or {}).get("p") is not None for one in found):
        yield say("methods.heterogeneity.by_site")
    if told := sites_told(found):
        yield say("methods.heterogeneity.told", n=len(told), sites=done.sites(told))
    if any("sites_combined_reason" not in one.said and one.said["sites"] for one in found):
        yield say("methods.heterogeneity.combined", **{name: done.cite(name) for name in _COMBINED})
    if any((one.said.get("prediction") or {}).get("lower") is not None for one in found):
        yield say("methods.heterogeneity.prediction", ref=done.cite("higgins"))
    if any(one.said.get("leave_one_out") for one in found):
        yield say("methods.heterogeneity.leave_one_out")
