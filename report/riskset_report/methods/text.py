"""The text: parts with paragraphs, and the references that these cite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskset.catalogue import Message, say
from riskset_report.blocks import Text, worded
from riskset_report.methods import (
    adjustment,
    baseline,
    competing,
    design,
    heterogeneity,
    identity,
    inference,
    missing,
    models,
    not_reported,
    patients,
    rates,
    rules,
    survival,
)
from riskset_report.methods.done import Done
from riskset_report.printing import Printer
from riskset_report.provenance import Recorded
from riskset_report.sentences import lines_beside

if TYPE_CHECKING:
    from riskset_report.report import Report

Paragraphs = Iterable[Iterable[Message]]


@dataclass(frozen=True)
class Part:
    code: str
    """What it is about, in no language: `models`."""
    heading: str
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True)
class PrintedPart:
    code: str
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Methods:
    """The text before it is printed; its numbers of patients refer to cells."""

    parts: tuple[Part, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class PrintedMethods:
    """The text as every renderer prints it."""

    title: str
    parts: tuple[PrintedPart, ...]
    references_title: str
    references: tuple[str, ...]
    """In the order of their numbers, from 1."""


def methods_of(report: Report, recorded: Recorded | None) -> Methods:
    """Returns the text of a run's methods; `recorded` is what the coordinator's record says of the run, None of a
    rehearsal."""
    done = Done(report.results, report.labels, report.cells, recorded)
    parts = tuple(
        Part(code, say(f"methods.heading.{code}").in_language(report.language), paragraphs)
        for code, told in _TOLD.items()
        if (paragraphs := tuple(_texts(told(done), report.language)))
    )
    return Methods(parts, done.citations.listed)


def printed_methods(methods: Methods, printer: Printer) -> PrintedMethods:
    """Returns the text with the numbers of its cells, or the marks of those that are held back."""
    parts = tuple(
        PrintedPart(part.code, part.heading, tuple(map(printer.text, part.paragraphs))) for part in methods.parts
    )
    return PrintedMethods(printer.say("methods.title"), parts, printer.say("methods.references"), methods.references)


def _texts(told: Paragraphs, language: str) -> Iterator[Text]:
    """Yields the paragraphs that have sentences."""
    for sentences in told:
        if text := lines_beside((worded(sentence, language) for sentence in sentences), language):
            yield text


_TOLD: Mapping[str, Callable[[Done], Paragraphs]] = {
    "design": design.paragraphs,
    "patients": patients.paragraphs,
    "missing": missing.paragraphs,
    "baseline": baseline.paragraphs,
    "adjustment": adjustment.paragraphs,
    "survival": survival.paragraphs,
    "models": models.paragraphs,
    "competing": competing.paragraphs,
    "heterogeneity": heterogeneity.paragraphs,
    "rates": rates.paragraphs,
    "inference": inference.paragraphs,
    "rules": rules.paragraphs,
    "not_reported": not_reported.paragraphs,
    "identity": identity.paragraphs,
}
"""The parts in the order of the text, in which references are numbered."""
