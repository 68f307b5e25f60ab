"""Who took part, and that no row left a hospital."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from riskset.catalogue import Message, say
from riskset.study.asked import OWN, PACKAGES
from riskset_report.methods.done import Done, each_once


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the hospitals and how their patients were analysed together; then the programs."""
    yield _hospitals(done)
    yield _software(done)


def _hospitals(done: Done) -> Iterator[Message]:
    results = done.results
    sites = tuple(done.labels.site(name) for name in results.sites)
    yield say("methods.design.took_part", n=len(sites), sites=sites)
    if left_out := tuple(done.labels.site(name) for name in results.sites_not_included):
        yield say("methods.design.not_included", n=len(left_out), sites=left_out)
    if done.recorded is None:
        yield say("methods.design.rehearsal", rounds=results.rounds)
        return
    yield say("methods.design.federated", rounds=results.rounds)
    if not _is_masked(done):
        yield say("methods.design.clear")
    elif len(sites) == 2:
        yield say("methods.design.masked_two")
    else:
        yield say("methods.design.masked")


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
