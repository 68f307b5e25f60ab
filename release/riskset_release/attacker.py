"""What a hostile reader computes from a release folder: it opens every file, and knows how numbers are linked and by
which rule they are held back. It is the test of the gate, and tells a committee what is left to be computed.

Nothing of the gate's own decisions is used: counts are those that a file shows, curves are those that a file draws.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from riskset_release.gate.links import Counted
from riskset_release.gate.reader import NotSolved, range_of

_INTEGER: Final = re.compile(r"\d+")
_AT_RISK, _PROBABILITY = 2.5, 0.005
"""By how much a rounded number at risk, and a rounded probability, may differ from the exact one."""


@dataclass(frozen=True)
class Told:
    """A count of patients as far as a reader can tell it."""

    count: str
    least: int
    largest: int


def shown_counts(files: Mapping[str, bytes], counted: Counted) -> set[str]:
    """Returns the counts that numbers.csv shows, which has every number of a release by the id of its cell."""
    return {
        counted.cells[row["id"]]
        for row in _rows(files["numbers.csv"])
        if row["id"] in counted.cells and _INTEGER.fullmatch(row["value"])
    }


def small_cells(files: Mapping[str, bytes], counted: Counted, least: int) -> list[Told]:
    """Returns the small cells, of 1 to `least` - 1, that a reader can tell from less than `least` other values: of
    those that are printed or follow by subtraction (`counted`, of the whole run)."""
    system, known = counted.system, shown_counts(files, counted)
    largest = max(system.values.values(), default=0) + 2 * least
    found = []
    for name in system.small(least):
        if name in known:
            value = system.values[name]
            found.append(Told(name, value, value))
            continue
        try:
            of = range_of(system, name, known, largest, least)
        except NotSolved:
            continue
        if of.width < least:
            found.append(Told(name, of.least, of.largest))
    return found


def small_steps(files: Mapping[str, bytes], least: int) -> list[Told]:
    """Returns the steps of curves.csv in which a reader can prove that 1 to `least` - 1 patients had the event, or were
    censored: from the survival before and after it, and how many are at risk."""
    found, before = list[Told](), dict[tuple[str, ...], tuple[float, float, float]]()
    for row in _rows(files["curves.csv"]):
        probability = row["surv"] or row["cuminc"]
        curve = (row["result"], row["strata"], row["cause"])
        if not row["surv"] or not _is_number(probability) or not _is_number(row["n.risk"]):
            continue
        survival, at_risk, day = float(probability), float(row["n.risk"]), float(row["time"])
        exact = {row["n.event"], row["n.censor"]}
        for of in exact:
            if _is_number(of) and 0 < float(of) < least:
                found.append(Told(f"{' '.join(curve)} day {day:g}", int(float(of)), int(float(of))))
        earlier = before.get(curve)
        if earlier is not None:
            found += _of_step(f"{' '.join(curve)} day {day:g}", earlier, (day, survival, at_risk), least)
        if earlier is None or survival != earlier[1]:  # who has the event after a row may be counted in a later one
            before[curve] = (day, survival, at_risk)
    return found


def _of_step(
    name: str, before: tuple[float, float, float], now: tuple[float, float, float], least: int
) -> Iterator[Told]:
    """Yields the events of a step where the roundings leave only small values. They happened while as many were at risk
    as before the step, as at its end, or any number between."""
    is_rounded = any(round(survival, 2) == survival for _, survival, _ in (before, now) if survival not in (0.0, 1.0))
    of_risk, of_probability = (_AT_RISK, _PROBABILITY) if is_rounded else (0.0, 1e-9)
    ends = [
        n * (1.0 - new / old) if old > 0 else 0.0
        for n in (now[2] - of_risk, before[2] + of_risk)
        for old in (before[1] - of_probability, before[1] + of_probability)
        for new in (now[1] - of_probability, now[1] + of_probability)
    ]
    low, high = min(ends), max(ends)
    whole = [n for n in range(max(0, int(low) - 1), int(high) + 2) if low - 1e-6 <= n <= high + 1e-6]
    if whole and min(whole) > 0 and max(whole) < least:
        yield Told(name, min(whole), max(whole))


def texts(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yields every text that a release folder has, with the path of its file: also of Word and of drawings."""
    for path, content in files.items():
        if path.endswith(".docx"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    if name.endswith((".xml", ".rels")):
                        yield f"{path}: {name}", archive.read(name).decode("utf-8", "replace")
        elif not path.endswith((".png", ".pdf")):
            yield path, content.decode("utf-8", "replace")


def _rows(content: bytes) -> Sequence[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
