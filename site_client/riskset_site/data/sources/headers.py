"""The names of an export's columns: from one header row or two, each name once, and as the site file spells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.width import in_one_width, seen_signs


@dataclass(frozen=True)
class Names:
    """The names of all columns, and what there is to say of them."""

    names: tuple[str, ...]
    warnings: tuple[Problem, ...] = ()
    """Names that the site file spells in another width."""
    problems: tuple[Problem, ...] = ()
    """Names that are needed and occur in several columns."""


def plain_name(text: str) -> str:
    """Returns a name as it is compared: without the signs that nobody sees, such as the byte-order mark of a second
    file, and without spaces around it."""
    return seen_signs(text)


def unseen_signs_left_out(rows: Sequence[Sequence[str]], positions: Mapping[str, int]) -> Iterator[Problem]:
    """Yields a warning for each column whose name is read without signs that nobody sees: by its name, and where it is
    in the rows of the header."""
    for name, at in positions.items():
        written = [row[at].strip().lstrip("\ufeff") for row in rows if at < len(row)]
        if found := next((text for text in written if plain_name(text) != text), None):
            yield Problem(say("data.where.column", column=found), say("data.source.unseen_in_name", name=name))


def joined(rows: Sequence[Sequence[str]], *, is_filled: bool = False) -> tuple[str, ...]:
    """Returns one name a column. Of several rows the names are joined by "/"; those of an upper row go on to the right
    over empty cells, unless they are filled already."""
    cells = [[plain_name(text) for text in row] for row in rows]
    width = max(map(len, cells), default=0)
    *upper, last = [padded(row, width) for row in cells] or [()]
    if not is_filled:
        upper = [tuple(accumulate(row, _own_or_left)) for row in upper]
    return numbered(["/".join(part for part in parts if part) for parts in zip(*upper, last, strict=True)])


def _own_or_left(left: str, own: str) -> str:
    return own or left


def padded(row: Iterable[str], width: int) -> tuple[str, ...]:
    """Returns the row with empty cells at its end, up to a width."""
    cells = tuple(row)
    return cells + ("",) * (width - len(cells))


def numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names, those of several columns with their number from the left: "AFP [1]", "AFP [2]"."""
    met: dict[str, int] = {}
    times, found = Counter(names), []
    for name in names:
        met[name] = met.get(name, 0) + 1
        found.append(f"{name} [{met[name]}]" if name and times[name] > 1 else name)
    return tuple(found)


def matched(names: Sequence[str], wanted: Collection[str]) -> Names:
    """Returns the names with those that are wanted spelled as they are there: full and half width are the same where
    exactly one name of the export is meant."""
    own, times, warnings, problems = list(names), Counter(names), [], []
    for name in dict.fromkeys(wanted):
        if times[name] == 1:
            continue
        several, in_width = _numbered_alike(name, names), in_one_width(name)
        alike = [at for at, other in enumerate(names) if in_one_width(other) == in_width and other not in wanted]
        if several or name in names:
            problems.append(_repeated(name, several or (name,) * times[name]))
        elif len(alike) == 1:
            warnings.append(_respelled(names[alike[0]], name))
            own[alike[0]] = name
    return Names(tuple(own), tuple(warnings), tuple(problems))


def _numbered_alike(name: str, names: Sequence[str]) -> tuple[str, ...]:
    count = 0
    while f"{name} [{count + 1}]" in names:
        count += 1
    return tuple(f"{name} [{number}]" for number in range(1, count + 1))


def _repeated(name: str, names: Sequence[str]) -> Problem:
    where = say("data.where.column", column=name)
    message, hint = say("data.export.repeated_column", n=len(names)), say("data.export.rename_column")
    if name not in names:
        hint = say("data.source.which_column", names=tuple(names))
    return Problem(where, message, hint)


def _respelled(found: str, name: str) -> Problem:
    return Problem(say("data.where.column", column=found), say("data.source.respelled_column", name=name))
