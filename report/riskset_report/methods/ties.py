"""How tied event times were handled: said once where all models agree, else of the models of each entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from riskset.catalogue import Message, say
from riskset_report.methods.done import Done, Given, each_once

_CITED = {"efron": ("efron",), "breslow": ("breslow",)}
_KINDS = ("cox", "cumulative-incidence", "subgroup", "site-heterogeneity")


def of_all(done: Done) -> Iterator[Message]:
    """Yields the ties of all models with one baseline hazard a site, where they are the same."""
    found = _found(done.of(*_KINDS))
    if len(found) == 1:
        yield from _said(found, done)


def of_entry(models: Iterable[Given], done: Done) -> Iterator[Message]:
    """Yields the ties of the models of one entry, where those of all are not the same."""
    if len(_found(done.of(*_KINDS))) > 1:
        yield from _said(_found(models), done)


def _said(found: tuple[str, ...], done: Done) -> Iterator[Message]:
    for ties in found:
        yield say(f"methods.models.ties.{ties}", ref=done.cite(*_CITED[ties]))


def _found(models: Iterable[Given]) -> tuple[str, ...]:
    """Returns the methods of models in which tied times matter: within matched sets they do not."""
    return each_once(one.said["ties"] for one in models if one.said.get("ties") and one.said["baseline"] == "site")
