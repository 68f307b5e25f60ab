"""Table 1 in the report: a column for each arm, for all patients, for standardised differences and for P values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from riskset.analyses.methods.table1 import Table1
from riskset.analyses.methods.table1_weighted import Table1OfWeighted
from riskset.catalogue import say
from riskset.results import ResultEntry, entry_json
from riskset_report import notation
from riskset_report.blocks import Format, Row, Shown, Table, Text, Why
from riskset_report.cells import Place
from riskset_report.labels import with_unit
from riskset_report.sections.analysed import arms_notes, population_of
from riskset_report.sections.section import Context, Section, own_title, tabulated

Json = dict[str, Any]
_FEW = 5
"""Below this expected number a chi-square test is not printed."""
_BLANK: Text = ("",)
_NONE: Text = (notation.NO_VALUE,)


@dataclass(frozen=True)
class _Of:
    """One variable of the table."""

    table: Table1 | Table1OfWeighted
    place: Place
    found: Json
    context: Context

    @property
    def label(self) -> str:
        labels = self.context.labels
        return with_unit(labels.plain_variable(self.found["variable"]), self.found.get("unit"), labels.language)

    @property
    def compared(self) -> tuple[str, ...]:
        """Returns the arms that are compared with the reference."""
        return tuple(level for level in self.table.printed.levels if level != self.table.printed.reference)

    @property
    def because(self) -> Text:
        """Returns why there is nothing of the variable, or nothing by arm."""
        return self.context.because(self.found.get("reason") or self.found.get("arms_reason"))

    def values(self, form: Format, *keys: str, level: str = "") -> Iterator[Text]:
        """Returns numbers of each arm and of all patients; no count of an arm that is not told."""
        for of in self.found["arms"]:
            at = f"{of['level']} / {level}" if level else of["level"]
            ids = tuple(self.place.of(f"variables.arms.{key}", level=at).id for key in keys)
            is_untold = of.get("n") is None and form in ("count", "count_with_percent")
            yield (notation.NO_VALUE, *self.because) if is_untold else (Shown(form, ids),)

    def smd(self, definition: str) -> tuple[Text, ...]:
        """Returns the standardised difference of each arm but the reference."""
        if "arms_reason" in self.found:
            return tuple((notation.NO_VALUE, *self.because) for _ in self.compared)
        at = [i for i, of in enumerate(self.found["smd"]) if of["definition"] == definition]
        return tuple((Shown("standardised", (self.place.of(f"variables.smd[{i}].value").id,)),) for i in at)

    def p(self, test: str, mark: str = "") -> tuple[Text, ...]:
        """Returns the column of P values; none where no tests are asked for."""
        if not self.has_tests:
            return ()
        if "arms_reason" in self.found:
            return ((notation.NO_VALUE, *self.because),)
        return ((Shown("p_value", (self.place.of(f"variables.tests.{test}.p").id,)), mark),)

    @property
    def has_tests(self) -> bool:
        return self.table.tests and bool(self.table.printed.columns)

    @property
    def is_weighted(self) -> bool:
        return isinstance(self.table, Table1OfWeighted)

    @property
    def nothing(self) -> tuple[Text, ...]:
        """Returns the blank cells of the comparisons."""
        return (*(_BLANK for _ in self.compared), *([_BLANK] if self.has_tests else []))


def _title(entry: ResultEntry, context: Context) -> str:
    title = context.say("report.table1.title", population=population_of(entry, context))
    return own_title(title, entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    table, labels = cast("Table1 | Table1OfWeighted", entry.analysis), context.labels
    found = entry_json(entry)["variables"]
    every = [_Of(table, Place(entry.id, variable=one["variable"]), one, context) for one in found]
    compared = every[0].compared
    names = [
        context.say("report.table1.smd_of", level=labels.level(table.printed.variable, of))
        if len(compared) > 1
        else context.say("report.table1.smd_alone")
        for of in compared
    ]
    of_tests = [context.say("report.rows.p")] if every[0].has_tests else []
    arms = (labels.arm(table.printed.variable, level) for level in table.printed.levels)
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(
            *arms,
            labels.arm(None, None),
            *names,
            *of_tests,
        ),
        rows=(_patients(entry, every[0]), *(row for one in every for row in _rows(one))),
        notes=(*_notes(every), *arms_notes(entry, context)),
    )


def _patients(entry: ResultEntry, one: _Of) -> Row:
    place = Place(entry.id, variable=one.table.printed.variable or "")
    patients: list[Json] = entry_json(entry)["n"]
    if one.is_weighted:
        sizes = ((Shown("count", (place.of("n.effective_n", level=of["level"]).id,)),) for of in patients)
        return Row(one.context.say("report.table1.effective"), (*sizes, *one.nothing))
    cells = (
        _NONE if of["n"] is None else (Shown("count", (place.of("n.n", level=of["level"]).id,)),) for of in patients
    )
    return Row(one.context.say("report.table1.patients"), (*cells, *one.nothing))


def _rows(one: _Of) -> Iterator[Row]:
    if "reason" in one.found:
        yield Row(one.label, (*((notation.NO_VALUE, *one.because) for _ in one.found["arms"]), *one.nothing))
        return
    yield from map(one.context.explained, _of_number(one) if one.found["type"] == "number" else _of_levels(one))
    if one.found["arms"][-1].get("missing", 0) != 0:
        yield Row(
            one.context.say("report.table1.missing"), (*one.values("count", "missing"), *one.nothing), is_inner=True
        )


def _of_number(one: _Of) -> Iterator[Row]:
    scale = one.found["scale"]
    labels = one.context.labels
    say = one.context.say
    mean = say("report.table1.mean_on_scale", scale=labels.scale(scale)) if scale else say("report.table1.mean")
    yield Row(one.label)
    cells = (*one.values("mean_with_sd", "mean", "sd"), *one.smd("pooled sd"), *one.p("welch"))
    yield Row(mean, cells, is_inner=True)
    if one.is_weighted:
        return
    quartiles = one.values("median_with_quartiles", *(f"quartiles.{p}" for p in ("p50", "p25", "p75")))
    coarse: Text = (notation.NO_VALUE, Why((say("report.table1.coarse"),)))
    told = (coarse if _is_coarse(of) else text for of, text in zip(one.found["arms"], quartiles, strict=True))
    yield Row(say("report.table1.median"), (*told, *one.nothing), is_inner=True)


def _is_coarse(of: Json) -> bool:
    """Whether quartiles are known within an interval that is wider than the range between them: then they say where
    the search began, not where the patients are."""
    lower, upper, width = (of.get("quartiles", {}).get(key) for key in ("p25", "p75", "width"))
    return None not in (lower, upper, width) and width > upper - lower


def _of_levels(one: _Of) -> Iterator[Row]:
    levels = [of["level"] for of in one.found["arms"][0]["levels"]]
    is_few = not one.is_weighted and _smallest_expected(one.found) < _FEW
    compared = (
        *one.smd("yang-dalton"),
        *(one.p("fisher", f" {one.context.say('report.table1.fisher_mark')}") if is_few else one.p("chi2")),
    )
    shown: Format = "percent" if one.is_weighted else "count_with_percent"
    keys = ("levels.percent",) if one.is_weighted else ("levels.n", "levels.percent")
    if levels == ["false", "true"]:
        yield Row(one.label, (*one.values(shown, *keys, level="true"), *compared))
        return
    yield Row(one.label, (*(_BLANK for _ in one.found["arms"]), *compared), is_heading=True)
    for level in levels:
        cells = one.values(shown, *keys, level=level)
        label = one.context.labels.level(one.found["variable"], level)
        yield Row(label, (*cells, *one.nothing), is_inner=True)


def _smallest_expected(found: Json) -> float:
    """Returns the smallest expected number of patients of a level in an arm, of those that anybody has."""
    *arms, every = found["arms"]
    n = every["n"] or 1
    expected = (arm["n"] * level["n"] / n for arm in arms for level in every["levels"] if arm["n"] and level["n"])
    return min(expected, default=0.0)


def _notes(every: list[_Of]) -> Iterator[Text]:
    one = every[0]
    context = one.context
    if one.is_weighted:
        reason = one.table.question_json()["tests_reason"]["message"]
        yield context.worded("report.table1.weighted", reason=reason)
    else:
        note, released = context.worded("report.table1.note"), context.worded("report.table1.note_released")
        yield released if context.is_released else note
    if one.compared:
        reference = one.context.labels.level(one.table.printed.variable, str(one.table.printed.reference))
        yield context.worded("report.table1.smd", reference=reference)
    if one.has_tests:
        tests, released = context.worded("report.table1.tests"), context.worded("report.table1.tests_released")
        yield released if context.is_released else tests


SECTION = Section(say("report.heading.table1"), tabulated(_table, _title))
