"""The column of the patient number, and several rows of one patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from riskset.catalogue import say
from riskset.study.spec import CategoryVariable
from riskset_site.data.width import in_one_width
from riskset_site.mapping.columns import certainty_of
from riskset_site.mapping.date_forms import share_of_dates
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.proposal import Choice, KeyCandidate
from riskset_site.mapping.words import column_words

_LEAST = 0.5
_SHOWN = 6
_SIX = 6
TAKE = ("first", "last", "max", "min")


def key_candidates(draft: Draft) -> tuple[KeyCandidate, ...]:
    """Returns the columns that may be the patient number, the best first: named like one; else with another text in
    each row."""
    names = dict.fromkeys(column_words()["key"], 1.0)
    scored = []
    for header in filter(None, draft.table.headers):
        counts = {text: n for text, n in draft.counts(header).items() if text}
        found = KeyCandidate(header, len(counts), sum(counts.values()))
        certainty = certainty_of(draft.table.called(header), names)
        is_used = header in draft.assigned.values()
        if found.rows and not is_used and (certainty >= _LEAST or _may_be_key(found, counts, draft.table.n)):
            scored.append((certainty + found.is_unique / 2 + found.distinct / found.rows / 10, found))
    return tuple(found for _, found in sorted(scored, key=lambda pair: -pair[0])[:_SHOWN])


def _may_be_key(found: KeyCandidate, counts: Mapping[str, int], rows: int) -> bool:
    """Six digits alone are rather a number than a day, though most are one in some order: 100123."""
    dates = {text: n for text, n in counts.items() if not (text.isdecimal() and len(text) == _SIX)}
    return found.is_unique and found.rows == rows and share_of_dates(dates) == 0 and "." not in "".join(counts)


def several_rows(draft: Draft, key: str | None) -> tuple[Mapping[str, Any], tuple[Choice, ...], dict[str, str]]:
    """Returns `rows` of [source] where patients have several rows, the choices that follow from it, and what is taken
    of each variable that differs among them."""
    if not key:
        return {}, (), {}
    patients: dict[str, list[int]] = {}
    for at, text in enumerate(draft.table.texts(key)):
        if text:
            patients.setdefault(in_one_width(text), []).append(at)
    groups = [rows for rows in patients.values() if len(rows) > 1]
    if not groups:
        return {}, (), {}
    rows: dict[str, Any] = {"one_per": key}
    if (order := _order(draft, key, groups)) is not None:
        rows["order"] = order
    choices: list[Choice] = []
    take: dict[str, str] = {}
    for name, differing in _differing(draft, groups):
        if taken := _of_follow_up(draft, name):
            take[name] = taken
            continue
        question = say("site.map.choice.take", n=differing, variable=name)
        is_category = isinstance(draft.study.variables[name], CategoryVariable)
        options = TAKE[:2] if is_category else TAKE  # a category has no largest value
        choices.append(Choice(f"{name}.take", question, options, chosen=draft.answers.choose.get(f"{name}.take")))
    take |= {choice.id.removesuffix(".take"): choice.chosen for choice in choices if choice.chosen}
    return rows, tuple(choices), take


def _order(draft: Draft, key: str, groups: list[list[int]]) -> str | None:
    """Returns the column of the day of a visit, else of a test or prescription, that all rows of the patients with
    several have; None where none has one: a row without its place in an order is refused."""
    for content in ("visit", "test_day"):
        found = draft.column_with([content], taken=[*draft.assigned.values(), key])
        if found is None or share_of_dates(dict(draft.counts(found))) <= _LEAST:
            continue
        texts = draft.table.texts(found)
        if all(texts[at].strip() for rows in groups for at in rows):
            return found
    return None


def _differing(draft: Draft, groups: list[list[int]]) -> Iterator[tuple[str, int]]:
    """Yields each variable of which patients have several values, and how many they are."""
    for name, header in draft.assigned.items():
        texts = draft.table.texts(header)
        differing = sum(len({texts[at] for at in rows if texts[at]}) > 1 for rows in groups)
        if differing:
            yield name, differing


def _of_follow_up(draft: Draft, name: str) -> str:
    """Returns `max` for the last contact, of which the last counts; else nothing."""
    return "max" if any(name == one.censor for one in draft.date_endpoints) else ""
