"""A run as it may be published: one object of cells, some held back, all others with the digits that people print.

Everything of a release is rendered from it. What no rule knows is held back, by the name of its path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from riskset.catalogue import say
from riskset.results import ResultEntry, Results
from riskset.results.notices import for_readers
from riskset_release.gate.counted import path_of
from riskset_release.gate.curves import fewest_at_risk, has_curves, has_steps, with_published_curves, without_steps
from riskset_release.gate.earlier import Earlier
from riskset_release.gate.enough import Enough
from riskset_release.gate.links import Counted, counted_of
from riskset_release.gate.numbers import published, rule_of
from riskset_release.gate.protecting import Pattern, protected
from riskset_release.gate.reasons import with_told_reasons
from riskset_report.blocks import Block
from riskset_report.cells import Cell, Cells, Found, Mark, cells_of, numbers_of
from riskset_report.figures.log_log_figure import LogLogFigure
from riskset_report.figures.survival_figure import SurvivalFigure
from riskset_report.labels import Labels
from riskset_report.report import Report, report_of

SMALL, FOLLOWS, FEW, CHANGED = "small", "follows", "few", "changed"
NOT_PUBLISHED, NOT_KNOWN = "not_published", "not_known"
"""Why a number is held back: it, or what it would give away, is a small cell; it follows from one; it rests on too few
patients or events; too few have changed since it was published; numbers of its kind are not published; or no rule knows
it. For the review alone: a reader sees one mark for all."""
_LIMITS: Final = ("estimate", "lower", "upper")
MARK: Final = Mark(say("release.mark"), say("release.mark_reason"))


@dataclass(frozen=True)
class Gated:
    """What may be published of a run, and why the rest may not."""

    exact: Results
    """As the consortium has them."""
    results: Results
    """With the curves as they may be published."""
    cells: Cells
    counted: Counted
    pattern: Pattern
    held_back: Mapping[str, str]
    """By id of a cell: why, one of the codes above."""
    unknown: frozenset[str]
    """Kinds and paths of numbers that no rule knows."""

    def report(self, labels: Labels | None = None, language: str | None = None) -> Report:
        """Returns the report of what may be published. A figure of curves of which none is published is not in it."""
        entries = (
            replace(entry, excluded=None) if self._holds_nobody_back(entry) else entry for entry in self.results.entries
        )
        results = replace(self.results, entries=tuple(entries))
        report = report_of(results, labels, language, is_released=True)
        parts = (replace(part, blocks=tuple(filter(_has_lines, part.blocks))) for part in report.parts)
        return replace(report, parts=tuple(parts), cells=self.cells)

    def _holds_nobody_back(self, entry: ResultEntry) -> bool:
        """Whether it is held back that nobody was left out for a reason: then no sentence says that all are analysed,
        nor lists the other reasons."""
        by_reason = entry.excluded.by_reason.values() if entry.excluded else ()
        cells = {cell.place.quantity: cell.id for cell in self.cells.of(entry.id)}
        return any(not n and cells.get(f"excluded[{at}].n") in self.held_back for at, n in enumerate(by_reason))


def _has_lines(block: Block) -> bool:
    return not isinstance(block, SurvivalFigure | LogLogFigure) or any(curve.survival for curve in block.curves)


def gated(results: Results, earlier: Sequence[Earlier] = ()) -> Gated:
    """Returns what may be published of a run, by itself and beside what was released before."""
    least = results.study.disclosure.min_cell
    counted = counted_of(results, earlier)
    pattern = protected(counted.system, least)
    entries = [
        with_told_reasons(
            without_steps(entry)
            if has_curves(entry) and entry.id in counted.changed
            else with_published_curves(entry, least, results.study.days_per_unit)
        )
        for entry in results.entries
    ]
    without = {entry.id for entry in entries if not has_steps(entry)}
    shown = replace(results, entries=tuple(entries), notices=for_readers(results.notices))
    cells = cells_of(shown)
    gate = _Gate(counted, pattern, least, without, _ended(results, least), cells_of(results))
    values: dict[str, float | int | Mark | None] = {}
    for entry in shown.entries:
        for found_, cell in zip(numbers_of(entry), cells.of(entry.id), strict=True):
            values[cell.id] = gate.value(entry, found_, cell)
    return Gated(results, shown, cells.with_values(values), counted, pattern, gate.held_back, frozenset(gate.unknown))


def _ended(results: Results, least: int) -> frozenset[tuple[str, str, str, str]]:
    """Returns the landmarks and steps at which fewer are at risk than a curve needs, counted or
    weighted: result, curve, level and day."""
    fewest = fewest_at_risk(least)
    return frozenset(
        _step(found)
        for entry in results.entries
        for found in numbers_of(entry)
        if path_of(found).endswith(("landmarks.at_risk", "curve.at_risk"))
        and found.value is not None
        and found.value < fewest
    )


def _step(found: Found) -> tuple[str, str, str, str]:
    place = found.place
    return place.result, place.quantity.rpartition(".")[0], place.level, place.day


class _Gate:
    """Decides number by number."""

    def __init__(
        self,
        counted: Counted,
        pattern: Pattern,
        least: int,
        without_curves: set[str],
        ended: frozenset[tuple[str, str, str, str]],
        exact: Cells,
    ) -> None:
        self._counted, self._pattern, self._least = counted, pattern, least
        self._without_curves, self._ended = without_curves, ended
        self._exact = exact
        self._scopes: dict[str, _Scope] = {}
        self.held_back: dict[str, str] = {}
        self.unknown: set[str] = set()

    def value(self, entry: ResultEntry, found: Found, cell: Cell) -> float | int | Mark | None:
        if isinstance(cell.value, Mark):
            return cell.value
        if cell.value is None:
            return self._of_none(entry, found, cell)
        why, digits = self._judged(entry, found, cell)
        if why:
            self.held_back[cell.id] = why
            return MARK
        if (name := self._counted.cells.get(cell.id)) is not None:
            return self._counted.system.values[name]  # the published curve does not know how many had the event
        return type(cell.value)(published(cell.value, digits))

    def _of_none(self, entry: ResultEntry, found: Found, cell: Cell) -> Mark | None:
        """Returns what stands where there is no number. A count that a hospital withheld has the mark of every other: a
        word of its own would tell that it is small. A median of a curve that is not published, or ends before it, is
        none that was not reached."""
        rule, exact = rule_of(path_of(found)), self._exact.get(cell.id)
        is_reached = exact is not None and exact.value is not None and path_of(found).endswith(_LIMITS)
        if path_of(found).startswith("excluded"):
            self.held_back[cell.id] = SMALL
        elif entry.id in self._without_curves and rule is not None and rule.of in ("curve", "described"):
            self.held_back[cell.id] = CHANGED if entry.id in self._counted.changed else FEW
        elif is_reached and rule is not None and rule.of == "described":
            self.held_back[cell.id] = FEW
        else:
            return None
        return MARK

    def _judged(self, entry: ResultEntry, found: Found, cell: Cell) -> tuple[str, int]:
        """Returns why a number is held back, empty where it is not, and with how many digits it is published."""
        if (name := self._counted.cells.get(cell.id)) is not None:
            return (SMALL if name in self._pattern.held_back else ""), 13
        if self._counted.tells.get(cell.id, frozenset()) & self._pattern.held_back:
            return FOLLOWS, 0
        rule = rule_of(path_of(found))
        if rule is None:
            self.unknown.add(f"{entry.kind}: {path_of(found)}")
            return NOT_KNOWN, 0
        if rule.of == "held back":
            return NOT_PUBLISHED, 0
        if entry.id in self._counted.changed and rule.of in ("curve", "estimate", "described"):
            return CHANGED, 0
        if rule.of == "curve":
            return self._of_curve(entry, found), rule.digits
        scope = self._scope(entry)
        if rule.of == "of counts" and scope.is_held(found):
            return FOLLOWS, 0
        if rule.of in ("estimate", "described") and not scope.enough.holds(found):
            return FEW, 0
        return "", rule.digits

    def _of_curve(self, entry: ResultEntry, found: Found) -> str:
        """Returns why a number of a curve is held back. How many of all arms are at risk, rounded beside those of each,
        would narrow them."""
        of_all = found.place.quantity.startswith("overall.") and found.place.quantity.endswith(".at_risk")
        if of_all and getattr(entry.result, "arms", None):
            return NOT_PUBLISHED
        if found.place.quantity.endswith(".at_risk") and self._is_size_held(found):
            return FOLLOWS
        return FEW if _step(found) in self._ended or entry.id in self._without_curves else ""

    def _is_size_held(self, found: Found) -> bool:
        """Whether it is held back how many an arm has: on the first day as many are at risk, to a multiple of 5."""
        part = found.place.quantity.partition(".")[0]
        name = self._counted.cells.get(found.place.of(f"{part}.n", level=found.place.level).id)
        return name in self._pattern.held_back

    def _scope(self, entry: ResultEntry) -> _Scope:
        if entry.id not in self._scopes:
            self._scopes[entry.id] = _Scope.of(entry, self._counted, self._pattern, self._least)
        return self._scopes[entry.id]


@dataclass(frozen=True)
class _Scope:
    """The counts of one result, and which of them are held back."""

    held: Mapping[str, list[tuple[str, str]]]
    """By part of the result, such as `rates[0]`: variable and level of the counts that are held back."""
    parts: frozenset[str]
    """Those that have counts."""
    enough: Enough

    @classmethod
    def of(cls, entry: ResultEntry, counted: Counted, pattern: Pattern, least: int) -> _Scope:
        held: dict[str, list[tuple[str, str]]] = defaultdict(list)
        parts = set[str]()
        for found in numbers_of(entry):
            name = counted.cells.get(found.place.id)
            if name is not None:
                parts.add(_part(found.place.quantity))
            if name in pattern.held_back:
                held[_part(found.place.quantity)].append((found.place.variable, found.place.level))
        return cls(held, frozenset(parts), Enough(entry, least))

    def is_held(self, found: Found) -> bool:
        """Whether a count is held back from which a number follows: of the same arm and level where it is of one, else
        any of its part."""
        place = found.place
        held = self.held.get(self._counted_part(place.quantity), ())
        if place.quantity.startswith("variables."):
            same = [level for variable, level in held if variable == place.variable]
            return any(level in (place.level, "") for level in same) if place.level else bool(same)
        if ".arms." in place.quantity or ".overall." in place.quantity:
            return any(place.level == level or place.level.startswith(f"{level} / ") for _, level in held)
        return bool(held)

    def _counted_part(self, quantity: str) -> str:
        """Returns the innermost part around a number that has counts: a comparison in `rates[0].comparisons[1]` is of
        those of `rates[0]`."""
        part = _part(quantity)
        while part and part not in self.parts:
            part = _part(part[: part.rindex("[")])
        return part


def _part(quantity: str) -> str:
    """Returns the innermost item of a list that has a number: `rates[0]`, `terms[2].grades[0]`."""
    head, bracket, _ = quantity.rpartition("]")
    return head + bracket
