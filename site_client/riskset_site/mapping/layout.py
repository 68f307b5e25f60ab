"""Where the table of an export is: the row of its names, and the rows below it that are no patients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from riskset_site.mapping.first_look import RawRow, RawRows
from riskset_site.mapping.words import footer_words, plain, without_brackets

_TITLES = 30
_MOSTLY = 0.6
_FEW_FIELDS = 0.34


@dataclass(frozen=True)
class Table:
    """The rows of patients under their names."""

    header: tuple[int, ...]
    """Numbers of the row of the names, or of the two rows of them."""
    footer: int
    """Rows at the end, but for empty ones, that are no patients."""
    headers: tuple[str, ...]
    rows: tuple[RawRow, ...]
    is_whole: bool
    """False where only the first and the last rows of a long export were looked at."""
    left_out: tuple[RawRow, ...] = ()
    """The rows of the footer."""

    def texts(self, header: str) -> tuple[str, ...]:
        """Returns the column's text in every row; empty where the row has none."""
        at = self.headers.index(header)
        return tuple(row.fields[at] if at < len(row.fields) else "" for row in self.rows)

    def counts(self, header: str) -> Counter[str]:
        """Returns the column's texts with the number of their rows, the most frequent first."""
        return Counter(dict(Counter(self.texts(header)).most_common()))


def table_of(
    raw: RawRows, known: frozenset[str], header: tuple[int, ...] | None = None, footer: int | None = None
) -> Table:
    """Returns the table, its header and footer where a person has said them; `known` are plain names of columns."""
    rows = [row for row in raw.rows if not row.is_empty]
    above = header or proposed_header(rows, known)
    by_number = {row.number: row for row in rows}
    named = [by_number[number].fields for number in above if number in by_number]
    headers = _numbered(_joined(named)) if named else ()
    body = [row for row in rows if row.number > max(above, default=0)]
    left_out = footer if footer is not None else _footer(body)
    kept = body[: len(body) - left_out]
    return Table(above, left_out, headers, tuple(kept), raw.is_whole, tuple(body[len(body) - left_out :]))


def proposed_header(rows: Sequence[RawRow], known: frozenset[str]) -> tuple[int, ...]:
    """Returns the row among the first in which the most names are known; else the first that is nearly as wide as the
    table."""
    if not rows:
        return (1,)
    first = rows[:_TITLES]
    hits = {row.number: sum(plain(without_brackets(name)) in known for name in row.fields if name) for row in first}
    best = max(first, key=lambda row: (hits[row.number], -row.number))
    if hits[best.number] >= 2:
        return _with_upper(best, first)
    width = max(_filled(row) for row in rows[:200])
    return (next(row.number for row in first if _filled(row) >= _MOSTLY * width),)


def _with_upper(lower: RawRow, rows: Sequence[RawRow]) -> tuple[int, ...]:
    """Returns two rows where names of the lower one are empty or repeat, and the row above it has names for these."""
    names = [name for name in lower.fields if name]
    is_plain = len(set(names)) == len(names) and len(names) == len(lower.fields)
    upper = next((row for row in rows if row.number == lower.number - 1), None)
    if is_plain or upper is None or _filled(upper) < 2:
        return (lower.number,)
    return (upper.number, lower.number)


def _joined(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Returns the names of one row, or `upper/lower` of two; a merged cell holds for those to its right."""
    if len(rows) == 1:
        return tuple(rows[0])
    upper, lower = rows
    filled, last = [], ""
    for at in range(len(lower)):
        last = (upper[at] if at < len(upper) else "") or last
        filled.append(last)
    return tuple("/".join(filter(None, pair)) for pair in zip(filled, lower, strict=True))


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names, those that repeat with a number from the left: `AFP [1]`, `AFP [2]`."""
    total, met = Counter(names), Counter[str]()
    found = []
    for name in names:
        met[name] += 1
        found.append(f"{name} [{met[name]}]" if total[name] > 1 and name else name)
    return tuple(found)


def _footer(rows: Sequence[RawRow]) -> int:
    """Returns how many of the last rows begin with a word such as 'total', or have hardly a field."""
    return sum(1 for _ in _not_patients(rows))


def _not_patients(rows: Sequence[RawRow]) -> Iterator[RawRow]:
    if not rows:
        return
    width = Counter(map(_filled, rows)).most_common(1)[0][0]
    for row in reversed(rows):
        first = next(filter(None, row.fields), "")
        words = {plain(first), plain(first.split(":")[0].split("：")[0]), plain(first.split(" ")[0])}
        is_short = width > 2 and _filled(row) <= max(1, _FEW_FIELDS * width) and row.fields[0:1] != ("",)
        if not (words & footer_words() or is_short):
            return
        yield row


def _filled(row: RawRow) -> int:
    return sum(map(bool, row.fields))
