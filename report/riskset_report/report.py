"""A report before it is printed: sections of figures and tables that refer to cells, and these cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

from riskset.catalogue import catalogue, in_language
from riskset.results import Results
from riskset_report.blocks import Block, Text
from riskset_report.cells import Cells, cells_of
from riskset_report.labels import Labels, labels_of
from riskset_report.not_reported import reason
from riskset_report.sections import OWN, section_of
from riskset_report.sections.section import Context


@dataclass(frozen=True)
class ReportPart:
    """The figures and tables of one kind of analysis."""

    kind: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """Everything that is printed. With different cells it is the same report with different numbers, or with marks."""

    results: Results
    """For the head of the page and the results not reported; their numbers are printed only through the cells."""
    labels: Labels
    language: str
    """Of its texts: a code such as `en`."""
    parts: tuple[ReportPart, ...]
    cells: Cells
    is_released: bool = False
    """Whether it is published: then how many numbers the run opened, and of how many patients, is not in it."""

    @property
    def missing(self) -> list[tuple[str, str, Text]]:
        """Ids, status and reason of the results without numbers, those that end alike together."""
        alike: dict[tuple[str, Text], list[str]] = {}
        for entry in self.results.entries:
            if entry.status != "ok":
                alike.setdefault((entry.status, reason(entry, self.cells, self.language)), []).append(entry.id)
        return [(", ".join(ids), status, why) for (status, why), ids in alike.items()]


def report_of(
    results: Results,
    labels: Labels | None = None,
    language: str | None = None,
    *,
    is_released: bool = False,
    has_exact_curves: bool = False,
) -> Report:
    """Returns the report of a run, with the study's labels and in its language unless others are given. One that is
    released says how its curves were made for that, or that they are exact.

    Raises UnknownLanguage where a language has no catalogue.
    """
    of = language or results.study.language
    catalogue(of)  # raises before anything is built
    own = replace(labels, language=of) if labels else labels_of(results.study, of)
    context = Context(results, own, cells_of(results), of, is_released, has_exact_curves)
    kinds = dict.fromkeys(entry.kind for entry in results.entries)
    in_order = [*(kind for kind in OWN if kind in kinds), *(kind for kind in kinds if kind not in OWN)]
    parts = tuple(_part(kind, context) for kind in in_order)
    return Report(results, context.labels, of, parts, context.cells, is_released)


def _part(kind: str, context: Context) -> ReportPart:
    section = section_of(kind)
    entries = [entry for entry in context.results.entries if entry.kind == kind]
    return ReportPart(kind, in_language(section.heading, context.language), tuple(section.blocks(entries, context)))
