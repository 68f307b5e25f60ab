"""The text: parts with paragraphs, and the references that these cite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

if TYPE_CHECKING:
    from riskset_report.report import Report

Paragraphs = Iterable[Iterable[Message]]


@dataclass(frozen=True)
class Part:
    heading: str
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True)
class Methods:
    """The text before it is printed; its numbers of patients refer to cells."""

    parts: tuple[Part, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class PrintedMethods:
    """The text as every renderer prints it."""

    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and paragraphs."""
    references_title: str
    references: tuple[str, ...]
    """In the order of their numbers, from 1."""


def methods_of(report: Report, recorded: Recorded | None) -> Methods:
    """Returns the text of a run's methods; `recorded` is what the coordinator's record says of the run, None of a
    rehearsal."""
    done = Done(report.results, report.labels, report.cells, recorded)
    parts = tuple(
        Part(heading.in_language(report.language), paragraphs)
        for heading, told in _told(done)
        if (paragraphs := tuple(_texts(told, report.language)))
    )
    return Methods(parts, done.citations.listed)


def printed_methods(methods: Methods, printer: Printer) -> PrintedMethods:
    """Returns the text with the numbers of its cells, or the marks of those that are held back."""
    parts = tuple((part.heading, tuple(map(printer.text, part.paragraphs))) for part in methods.parts)
    return PrintedMethods(printer.say("methods.title"), parts, printer.say("methods.references"), methods.references)


def _told(done: Done) -> Iterator[tuple[Message, Paragraphs]]:
    """Yields heading and paragraphs of each part, in the order in which references are numbered."""
    yield say("methods.heading.design"), design.paragraphs(done)
    yield say("methods.heading.patients"), patients.paragraphs(done)
    yield say("methods.heading.baseline"), baseline.paragraphs(done)
    yield say("methods.heading.adjustment"), adjustment.paragraphs(done)
    yield say("methods.heading.survival"), survival.paragraphs(done)
    yield say("methods.heading.models"), models.paragraphs(done)
    yield say("methods.heading.competing"), competing.paragraphs(done)
    yield say("methods.heading.heterogeneity"), heterogeneity.paragraphs(done)
    yield say("methods.heading.rates"), rates.paragraphs(done)
    yield say("methods.heading.inference"), inference.paragraphs(done)
    yield say("methods.heading.rules"), rules.paragraphs(done)
    yield say("methods.heading.not_reported"), not_reported.paragraphs(done)
    yield say("methods.heading.identity"), identity.paragraphs(done)


def _texts(told: Paragraphs, language: str) -> Iterator[Text]:
    """Yields the paragraphs that have sentences."""
    between = say("methods.between_sentences").in_language(language)
    for sentences in told:
        text: list[Text] = [worded(sentence, language) for sentence in sentences]
        if text:
            yield (*(piece for sentence in text[:-1] for piece in (*sentence, between)), *text[-1])
