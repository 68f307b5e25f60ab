"""Who took part, and that no row left a hospital."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version

from riskset.catalogue import Message, say
from riskset.study.asked import OWN, PACKAGES
from riskset_report.methods.done import Done, Given, each_once


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the hospitals and how their patients were analysed together; then the programs."""
    yield _hospitals(done)
    yield _software(done)


def _hospitals(done: Done) -> Iterator[Message]:
    results = done.results
    yield say("methods.design.took_part", n=len(results.sites), sites=done.sites(results.sites))
    if left_out := results.sites_not_included:
        yield say("methods.design.not_included", n=len(left_out), sites=done.sites(left_out))
    if done.recorded is None:
        yield say("methods.design.rehearsal", rounds=results.rounds)
        return
    yield say("methods.design.federated", rounds=results.rounds)
    if not _is_masked(done):
        yield say("methods.design.clear")
    elif len(results.sites) == 2:
        yield say("methods.design.masked_two")
    else:
        yield say("methods.design.masked")
    if told := sites_told(done.of("site-heterogeneity")):
        yield say("methods.design.told", n=len(told))


def sites_told(found: Iterable[Given]) -> tuple[str, ...]:
    """Returns the sites that told their own estimates."""
    return each_once(site["site"] for one in found for site in one.said["sites"] if "reason" not in site)


def _is_masked(done: Done) -> bool:
    conduct = done.results.conduct
    return done.study.disclosure.secure_sum == "required" if conduct is None else conduct.is_masked


def _software(done: Done) -> Iterator[Message]:
    conduct = done.results.conduct
    versions = conduct.versions if conduct is not None else (version("riskset"),)
    yield say("methods.design.software", versions=versions)
    for kind in each_once(one.entry.kind for one in done.given if one.entry.kind not in OWN):
        if kind in PACKAGES.versions:
            yield say("methods.design.package", kind=kind, package=PACKAGES.versions[kind])
        else:
            yield say("methods.design.other_package", kind=kind)
