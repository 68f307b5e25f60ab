"""The table of patients at baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskset.catalogue import Message, say
from riskset_report.methods.done import Done

_TESTS = ("t", "welch", "van_elteren", "kruskal_wallis_by_site", "chi2", "chi2_yates", "fisher")
_CITED = {"van_elteren": ("van_elteren",)}


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields what describes the patients, and how arms were compared."""
    yield _described(done)


def _described(done: Done) -> Iterator[Message]:
    tables = done.of("table1")
    if not tables:
        return
    populations = done.populations(one.about[1] for one in tables)
    plain = [row for one in tables if not one.said.get("weighted") for row in one.said["variables"]]
    if done.study.comparison is None:
        yield say("methods.baseline.table", populations=populations)
    else:
        yield say("methods.baseline.table_by_arm", populations=populations)
    if any(row["type"] == "number" for row in plain):
        yield say("methods.baseline.numbers")
    if any(row["type"] != "number" for row in plain):
        yield say("methods.baseline.categories")
    for one in tables:
        asked = done.study.analyses.get(one.entry.analysis.name)
        if asked is not None:
            yield say(f"methods.baseline.rows.{asked.missing}")
            break
    if any(row.get("smd") for one in tables for row in one.said["variables"]):
        yield say("methods.baseline.smd", ref=done.cite("yang"))
    if made := tuple(name for name in _TESTS if _is_made(name, plain)):
        tests = tuple(say(f"methods.baseline.test.{name}", ref=_cited(name, done)) for name in made)
        yield say("methods.baseline.tests", tests=tests)
    if weighted := [one for one in tables if one.said.get("weighted")]:
        yield say("methods.baseline.weighted", populations=done.populations(one.about[1] for one in weighted))


def _is_made(test: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a test has a P value for any variable."""
    return any((row.get("tests") or {}).get(test, {}).get("p") is not None for row in rows)


def _cited(test: str, done: Done) -> str:
    return done.cite(*_CITED[test]) if test in _CITED else ""
