"""The love plot of balance: what the arms differ in, before adjustment and in each adjusted population."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from riskset.results import ResultEntry, entry_json
from riskset_report.blocks import Shown, Text
from riskset_report.cells import Place
from riskset_report.figures.love import MOST_SETS
from riskset_report.figures.love_figure import Differences, LoveFigure
from riskset_report.not_reported import clause
from riskset_report.sections.section import Context

Json = dict[str, Any]
_CUSTOMARY: Final = 0.1
"""The difference up to which arms are called balanced."""


def figures(entries: Sequence[ResultEntry], context: Context) -> Iterator[LoveFigure]:
    """Yields a figure of all populations of an entry of the study file; of more than can be told apart, several."""
    of_name: dict[str, list[ResultEntry]] = {}
    for entry in entries:
        if entry.status == "ok":
            of_name.setdefault(entry.analysis.name, []).append(entry)
    for group in of_name.values():
        for at in range(0, len(group), MOST_SETS - 1):
            figure = _figure(group[at : at + MOST_SETS - 1], context)
            if figure.rows:  # otherwise the table says why there is no difference
                yield figure


def _figure(entries: Sequence[ResultEntry], context: Context) -> LoveFigure:
    populations = [context.labels.population(entry.analysis.population) for entry in entries]
    found = [entry_json(entry) for entry in entries]
    result = entries[0].id if len(entries) == 1 else "balance/" + "-".join(e.analysis.population for e in entries)
    return LoveFigure(
        result=result,
        title=context.say("report.love.title", populations=tuple(populations)),
        sets=((context.say("report.love.before"),), *map(_set, entries, found, [context] * len(entries))),
        rows=tuple(_rows(entries, found, context)),
        limits=tuple(_limits(entries, found, context)),
        x_label=context.say("report.love.axis"),
        footnote=tuple(_notes(entries, found, context)),
        notices=context.notices,
        description=context.say("report.love.alt"),
    )


def _set(entry: ResultEntry, found: Json, context: Context) -> Text:
    """Returns a population with its patients of both arms; a weighted one with their effective number."""
    arm, labels = found["arm"], context.labels
    sizes = "effective" if "effective" in found else "matched"
    counts = {key: Shown("count", (Place(entry.id, f"{sizes}.{key}").id,)) for key in ("treated", "control")}
    names = {
        "arm": labels.arm(arm["variable"], arm["level"]),
        "reference": labels.arm(arm["variable"], arm["reference"]),
    }
    population = labels.population(entry.analysis.population)
    if sizes == "effective":
        return context.worded("report.love.weighted", population=population, **names, **counts)
    return context.worded("report.love.matched", population=population, **names, **counts)


def _rows(entries: Sequence[ResultEntry], found: Sequence[Json], context: Context) -> Iterator[Differences]:
    """One for a number and for each level; of two levels, which differ by the same, the second one alone."""
    tables = [{(row["variable"], row["level"]): row for row in one["variables"]} for one in found]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    for variable, level in keys:
        levels = [other for name, other in keys if name == variable]
        if len(levels) == 2 and level == levels[0]:
            continue
        of_row = [(entry.id, table.get((variable, level), {})) for entry, table in zip(entries, tables, strict=True)]
        before = next((_cell(id_, row, "before") for id_, row in of_row if row.get("before")), "")
        after = tuple(_cell(id_, row, "after") if row.get("after") else "" for id_, row in of_row)
        if any((before, *after)):
            yield Differences(_label(variable, level, context), (before, *after))


def _cell(result: str, row: Mapping[str, Any], when: str) -> str:
    return Place(result, variable=row["variable"]).of(f"variables.{when}.smd", level=row["level"] or "").id


def _label(variable: str, level: str | None, context: Context) -> str:
    name = context.labels.plain_variable(variable)
    if level in (None, "true"):
        return name
    return context.say("report.label.arm", variable=name, level=context.labels.level(variable, level))


def _limits(
    entries: Sequence[ResultEntry], found: Sequence[Json], context: Context
) -> Iterator[tuple[float | str, Text]]:
    """The customary limit, and that of the study if it is another."""
    yield _CUSTOMARY, (context.say("report.love.customary", limit=f"{_CUSTOMARY:g}"),)
    for entry, one in zip(entries, found, strict=True):
        for at, gate in enumerate(one["gates"]):
            if gate["limit"] != _CUSTOMARY:
                id_ = Place(entry.id, f"gates[{at}].limit").id
                yield id_, context.worded("report.love.demanded", limit=Shown("three_digits", (id_,)))
                return


def _notes(entries: Sequence[ResultEntry], found: Sequence[Json], context: Context) -> Iterator[Text]:
    yield (context.say("report.love.note"),)
    without: dict[tuple[str, str], dict[str, None]] = {}
    for entry, one in zip(entries, found, strict=True):
        for row in one["variables"]:
            if reason := row.get("reason"):
                key = entry.analysis.population, reason["message"]
                without.setdefault(key, {})[context.labels.plain_variable(row["variable"])] = None
    for (population, message), variables in without.items():
        of = {"population": context.labels.population(population), "reason": clause(message, context.language)}
        yield (context.say("report.love.without", variables=tuple(variables), **of),)
