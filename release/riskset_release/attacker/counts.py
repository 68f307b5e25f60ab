"""Which small counts follow from what is printed: by itself, by subtraction, by rounded percentages, and by the rules
of which a reader knows why a count, or a model, is held back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import Final

from riskset.results import Results
from riskset_release.attacker.folder import rows_of_csv
from riskset_release.attacker.tables import Layout, Reading, readings
from riskset_release.attacker.told import Told
from riskset_release.gate.counted import path_of
from riskset_release.gate.links import Counted
from riskset_release.gate.reader import NotSolved, range_of
from riskset_report.cells import Found, numbers_of

_INTEGER: Final = re.compile(r"\d+")

Between = Mapping[str, tuple[int, int]]
"""By name of a count: the least and the largest value that a reader thinks possible."""


def shown_counts(files: Mapping[str, bytes], counted: Counted) -> set[str]:
    """Returns the counts that numbers.csv shows, which has every number of a run by the id of its cell."""
    return {counted.cells[id_] for id_, value in _listed(files) if id_ in counted.cells and _INTEGER.fullmatch(value)}


def told_counts(files: Mapping[str, bytes], counted: Counted) -> set[str]:
    """Returns the counts that can be computed from another number that numbers.csv shows, such as the difference of the
    arms in a level."""
    shown = (id_ for id_, value in _listed(files) if id_ in counted.tells and _is_number(value))
    return {name for id_ in shown for name in counted.tells[id_]}


def printed_counts(read: Iterable[Reading], counted: Counted) -> dict[str, set[int]]:
    """Returns the counts that tables print, in any of their forms, with the values that they have there."""
    found = dict[str, set[int]]()
    for one in read:
        if one.id in counted.cells and _INTEGER.fullmatch(one.text.replace(",", "")):
            found.setdefault(counted.cells[one.id], set()).add(int(one.value))
    return found


def by_percentages(read: Iterable[Reading], results: Results, counted: Counted) -> Between:
    """Returns between which values a count is of which a rounded percentage is printed, where it is known of how many
    patients that is."""
    read = list(read)
    known, percents = printed_counts(read, counted), {one.id: one for one in read}
    found = dict[str, tuple[int, int]]()
    for number in (number for entry in results.entries for number in numbers_of(entry)):
        of = _whole(number)
        if of is None or number.place.id not in percents:
            continue
        one, name = percents[number.place.id], counted.cells.get(of[0])
        whole = known.get(counted.cells.get(of[1], ""))
        if name is not None and whole is not None:
            rounding, n = 0.5 * 10.0**-one.decimals + 1e-9, min(whole)
            found[name] = (ceil(n * (one.value - rounding) / 100), floor(n * (one.value + rounding) / 100))
    return found


def _whole(number: Found) -> tuple[str, str] | None:
    """Returns the cells of the count of which a number is a percentage, and of the patients who are all."""
    place, path = number.place, path_of(number)
    if not path.endswith(".percent"):
        return None
    n = place.of(f"{place.quantity.removesuffix('percent')}n", level=place.level).id
    if path == "variables.arms.levels.percent":
        return n, place.of("variables.arms.n", level=place.level.partition(" / ")[0]).id
    return n, place.of(f"{place.quantity.removesuffix('percent')}of", level=place.level).id


def small_among(known: Iterable[str], counted: Counted, least: int, between: Between | None = None) -> list[Told]:
    """Returns the small cells, of 1 to `least` - 1, that a reader can tell from less than `least` other values: of
    those that are printed or follow by subtraction (`counted`, of the whole run), where it knows the counts `known`,
    and of others `between` which values they are."""
    system, known, found = counted.system, set(known), list[Told]()
    largest = max(system.values.values(), default=0) + 2 * least
    for name in system.small(least):
        if name in known:
            found.append(Told(name, system.values[name], system.values[name]))
            continue
        try:
            of = range_of(system, name, known, largest, least, between)
        except NotSolved:
            continue
        if of.width < least:
            found.append(Told(name, of.least, of.largest))
    return found


def small_cells(files: Mapping[str, bytes], counted: Counted, least: int) -> list[Told]:
    """Returns the small cells that a reader tells who has numbers.csv, with every number of the run that is not held
    back: more than any release has."""
    return small_among(shown_counts(files, counted) | told_counts(files, counted), counted, least)


def small_printed_cells(
    files: Mapping[str, bytes], layout: Layout, results: Results, counted: Counted, least: int
) -> list[Told]:
    """Returns the small cells that a reader tells from the tables of a release folder, in all their forms."""
    read = list(readings(files, layout))
    return small_among(printed_counts(read, counted), counted, least, by_percentages(read, results, counted))


def _listed(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Returns id and value of each row of numbers.csv."""
    head, *rows = rows_of_csv(files["numbers.csv"])
    id_, value = head.index("id"), head.index("value")
    return [(row[id_], row[value]) for row in rows]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
