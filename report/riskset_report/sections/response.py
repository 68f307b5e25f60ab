"""Rates of response in the report: a table of the rates of each variable, and one of their comparison within sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from riskset.analyses.counts_in_tables import CountsInTables
from riskset.analyses.methods.response import Rates, Response
from riskset.analyses.methods.response_by_site import BySite, ResponseBySite
from riskset.analyses.rates import Asked
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report import notation
from riskset_report.blocks import Format, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.proportions import Counted, comparison_rows, interval_row, proportion_row
from riskset_report.sections.section import Context, Section, own_title, tabulated

_LIMITS: Final = ("estimate", "lower", "upper")
_WITHIN_SITES: Final[tuple[tuple[str, Format, tuple[str, ...]], ...]] = (
    ("odds_ratio", "ratio", tuple(f"cmh.odds_ratio.{key}" for key in _LIMITS)),
    ("difference", "percent_difference", tuple(f"cmh.risk_difference.{key}" for key in _LIMITS)),
    ("p", "p_value", ("cmh.p",)),
    ("p_corrected", "p_value", ("cmh.corrected.p",)),
    ("p_breslow_day", "p_value", ("breslow_day.p",)),
    ("p_tarone", "p_value", ("breslow_day.tarone.p",)),
)


def _asked(entry: ResultEntry) -> Asked:
    return cast(Response | ResponseBySite, entry.analysis).asked


def _tables(entry: ResultEntry) -> CountsInTables:
    return cast(Response | ResponseBySite, entry.analysis).tables


def _is_by_site(entry: ResultEntry) -> bool:
    return isinstance(entry.analysis, ResponseBySite)


def _title(entry: ResultEntry, context: Context) -> str:
    of = context.labels.plain_variable(_asked(entry).variable)
    which = "title_within_sites" if _is_by_site(entry) else "title"
    title = context.say(f"report.response.{which}", variable=of, population=population_of(entry, context))
    return own_title(title, entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    arms, labels = _tables(entry).arms, context.labels
    columns = [labels.arm(arms.variable, level) for level in arms.levels]
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(*columns, *([] if _is_by_site(entry) else [labels.arm(arms.variable, None)])),
        rows=tuple(_within_sites(entry, context) if _is_by_site(entry) else _rates(entry, context)),
        notes=(*_notes(entry, context), *analysed_notes(entry, context)),
    )


def _rates(entry: ResultEntry, context: Context) -> Iterator[Row]:
    result = cast(Rates, entry.result)
    place = Place(entry.id, variable=_tables(entry).arms.variable or "")
    for at, found in enumerate(result.rates):
        of = Counted(place, f"rates[{at}]", found)
        yield proportion_row(of, _named(entry, at, context), is_inner=False)
        yield interval_row(of, context)
        yield from comparison_rows(of, context, with_ratios=True)


def _named(entry: ResultEntry, at: int, context: Context) -> str:
    ((variable, codes),) = _tables(entry).levels[at].merged
    levels = context.results.study.levels_of(variable)
    named = tuple(levels[code] for code in codes)
    return context.say("report.response.rate", rate=_asked(entry).rates[at].upper(), levels=named)


def _within_sites(entry: ResultEntry, context: Context) -> Iterator[Row]:
    asked, tables, result = _asked(entry), _tables(entry), cast(BySite, entry.result)
    is_compared = {pair[:2]: one is not None for pair, one in zip(asked.pairs(tables), result.compared, strict=True)}
    place = Place(entry.id, variable=tables.arms.variable or "")
    for at in range(len(asked.rates)):
        yield Row(_named(entry, at, context))
        for name, form, keys in _WITHIN_SITES:
            cells: list[Text] = []
            for arm, column in enumerate(tables.arms.columns):
                ids = (place.of(f"rates[{at}].comparisons.{key}", level=column.level).id for key in keys)
                if is_compared.get((at, arm)):
                    cells.append((Shown(form, tuple(ids)),))
                elif (at, arm) in is_compared:
                    cells.append((notation.NO_VALUE,))
                else:
                    cells.append((context.say("report.rows.reference"),) if form == "ratio" else ("",))
            label = context.say(f"report.compared.{name}", interval=context.interval)
            yield Row(label, tuple(cells), is_inner=True)


def _notes(entry: ResultEntry, context: Context) -> Iterator[Text]:
    asked = _asked(entry)
    code = "by_site" if _is_by_site(entry) else "note" if _tables(entry).arms.columns else "note_of_all"
    yield context.worded(f"report.response.{code}", interval=context.interval)
    if asked.as_no_response:
        yield context.worded("report.response.no_response", levels=tuple(asked.as_no_response))
    if asked.left_out:
        yield context.worded("report.response.left_out", levels=tuple(asked.left_out))


SECTION = Section(say("report.heading.response"), tabulated(_table, _title))
