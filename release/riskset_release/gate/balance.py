"""What a table of balance tells of counts: of a level, a standardised difference and the ratio of the variances are two
equations for how many patients of two arms have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from riskset.results import ResultEntry, Results
from riskset_release.gate.counted import Count, path_of
from riskset_report.cells import numbers_of

_SIDES: Final = ("before", "after")


def told_by_balance(results: Results) -> Iterator[tuple[str, Count, int]]:
    """Yields for each number of the balance of a level the counts that it tells, with their values: the number's id,
    how many patients of each arm have the level, and of how many."""
    for entry in results.entries:
        if entry.kind != "balance" or not hasattr(entry.result, "rows"):
            continue
        told = dict(_counts(entry))
        after = [one for (side, _, _), counts in told.items() if side == "after" for one in counts]
        for number in numbers_of(entry):
            place, path = number.place, path_of(number).split(".")
            of = after if path == ["largest_smd"] else told.get(("".join(path[1:2]), place.variable, place.level), ())
            yield from ((place.id, count, value) for count, value in of)


def _counts(entry: ResultEntry) -> Iterator[tuple[tuple[str, str, str], list[tuple[Count, int]]]]:
    """Yields by side, variable and level the counts of both arms."""
    arm, own = entry.analysis.question_json()["arm"], entry.analysis.set_id
    sets = (own.of_all.name, entry.analysis.analysis_set)
    rows: Sequence[Any] = getattr(entry.result, "rows")  # noqa: B009 - of the kind `balance`
    for row in rows:
        if row.level is None:
            continue
        for side, name, groups in zip(_SIDES, sets, row.patients, strict=True):
            found = list[tuple[Count, int]]()
            for level, group in zip((arm["level"], arm["reference"]), groups or (), strict=False):
                of_arm = Count(name).at((arm["variable"], level))
                found.append((of_arm.at((row.variable, row.level)), round(group.mean * group.n)))
                found.append((of_arm, group.n))
            yield (side, row.variable, row.level), found
