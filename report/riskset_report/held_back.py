"""results.json of a report: its numbers are those of the cells; one that is held back is null there, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from riskset.results import ResultEntry, results_file, results_json
from riskset_report.cells import Cell, Cells, Found, Mark, numbers_of
from riskset_report.report import Report


def results_without_marked(report: Report) -> bytes:
    """Returns results.json. A result of which numbers are held back has them as null, and lists them under `held_back`:
    where each is, its mark and why. A sentence that gives such a number away is replaced by the mark."""
    document = results_json(report.results)
    if report.is_released:
        del document["opened"]
    for entry, result in zip(report.results.entries, document["results"], strict=True):
        if held_back := [*_taken_out(entry, result, report.cells)]:
            result["held_back"] = held_back
    return results_file(document)


def _taken_out(entry: ResultEntry, document: dict[str, Any], cells: Cells) -> Iterator[dict[str, str]]:
    """Sets every number to its cell's, those that are held back to null, and yields what is said of each of these."""
    for found, cell in zip([*numbers_of(entry, document)], cells.of(entry.id), strict=True):
        if isinstance(cell.value, Mark):
            _take_out(found, cell.value)
            yield _said(cell, cell.value)
        elif cell.value != found.value:
            assert found.holder is not None, "every number is in an object or a list"
            holder, at = found.holder
            holder[at] = cell.value


def _take_out(found: Found, mark: Mark) -> None:
    assert found.holder is not None, "every number is in an object or a list"
    holder, at = found.holder
    holder[at] = None
    for around, key in found.inside:
        if key.endswith("reason") and "message" in around[key]:
            around[key]["message"] = mark.text


def _said(cell: Cell, mark: Mark) -> dict[str, str]:
    place = {name: text for name, text in asdict(cell.place).items() if name != "result" and text}
    return {**place, "mark": mark.text, "reason": mark.reason}
