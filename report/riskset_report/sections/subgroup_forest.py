"""The forest plot of subgroups: all variables of an endpoint and a population in one figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.analysis import NotEstimable, Result
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.subgroup import Subgroups
from riskset.analyses.methods.subgroup_answer import Answer, NoFit, OfLevel, answer_json, compared
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report import notation
from riskset_report.blocks import Shown, Text
from riskset_report.cells import Place
from riskset_report.figures.forest_figure import ForestFigure, ForestRow, IntervalCells, Told
from riskset_report.not_reported import missing_word
from riskset_report.sections.analysed import analysed_notes, is_of_all, population_of
from riskset_report.sections.forests import EMPTY, favours, interval, pages, why
from riskset_report.sections.section import Context

_RATIO = ("hr", "lower", "upper")


def figures(entries: Sequence[ResultEntry], context: Context) -> Iterator[ForestFigure]:
    """Yields a figure for each entry of the study file, endpoint and population with a result."""
    groups: dict[tuple[str, str | None, str], list[ResultEntry]] = {}
    for entry in entries:
        if entry.status == "ok":
            of = entry.analysis
            groups.setdefault((of.name, of.endpoint, of.population), []).append(entry)
    names = {key[1:]: [other[0] for other in groups if other[1:] == key[1:]] for key in groups}
    for (name, endpoint, population), group in groups.items():
        has_others = len(names[endpoint, population]) > 1
        yield from pages(_figure(group, context, f"/{name}" if has_others else ""), context)


def _figure(entries: Sequence[ResultEntry], context: Context, of_name: str) -> ForestFigure:
    first, labels = entries[0], context.labels
    analysis = cast(Subgroups, first.analysis)
    has_one_set = len({entry.analysis.set_id for entry in entries}) == 1
    everyone = _of_all(first, context) if has_one_set else None
    values = {"endpoint": labels.endpoint(analysis.endpoint), "population": population_of(first, context)}
    ratio = context.say("report.forest.ratio", interval=context.interval)
    arms = tuple(labels.arm(arm.variable, arm.level) for arm in analysis.arms)
    return ForestFigure(
        result=f"subgroup/{analysis.endpoint}/{analysis.population}{of_name}",
        title=context.say("report.forest.subgroups", **values) + (f" ({analysis.name})" if of_name else ""),
        label=context.say("report.forest.subgroup"),
        left=tuple(context.say("report.forest.events_of", arm=arm) for arm in arms),
        right=(ratio, context.say("report.forest.p_interaction")),
        rows=tuple(_rows(entries, everyone, context)),
        x_label=context.say("report.forest.axis"),
        favours=favours(compared(analysis.arms), context),
        footnote=tuple(_notes(entries, context, has_one_set=has_one_set)),
        notices=context.notices,
        description=context.say("report.forest.alt_subgroups"),
        guide=everyone.intervals[0].cells if everyone and everyone.intervals else (),
    )


def _rows(entries: Sequence[ResultEntry], everyone: ForestRow | None, context: Context) -> Iterator[ForestRow]:
    if everyone is not None:
        yield everyone
    for entry in entries:
        analysis, answer = cast(Subgroups, entry.analysis), cast(Answer, entry.result)
        label = context.labels.plain_variable(analysis.variable)
        yield ForestRow(label, (EMPTY, EMPTY, EMPTY, _interaction(entry, context)), is_heading=True)
        if everyone is None:
            yield _of_all(entry, context, is_inner=True)
        at = Place(entry.id, variable=analysis.variable)
        for level, end in answer.levels:
            yield _of_level(at, level, end, context)


def _of_all(entry: ResultEntry, context: Context, *, is_inner: bool = False) -> ForestRow:
    analysis, answer = cast(Subgroups, entry.analysis), cast(Answer, entry.result)
    at = Place(entry.id, variable=analysis.variable)
    label = context.say("report.label.all_patients") if is_of_all(entry) else context.say("report.analysed.heading")
    drawn = (
        (interval(at, "diamond", ("overall.hr", "overall.lower", "overall.upper")),)
        if _is_fitted(answer.overall)
        else ()
    )
    texts = (*_counts(at, "overall", None), _ratio(at, "overall", None, answer.overall, context), EMPTY)
    return ForestRow(label, texts, drawn, is_inner=is_inner, is_heading=not is_inner)


def _of_level(at: Place, level: str, end: Result, context: Context) -> ForestRow:
    label, drawn = context.labels.level(at.variable, level), tuple[IntervalCells, ...]()
    own = end.end if isinstance(end, OfLevel | NoFit) else end
    if isinstance(end, OfLevel | NoFit):
        counts = _counts(at, "levels", level)
    else:
        counts = (Told((notation.NO_VALUE,)), Told((notation.NO_VALUE,)))
    if _is_fitted(own):
        keys = ("levels.hr", "levels.lower", "levels.upper")
        drawn = (interval(at, "square", keys, level, error="levels.se"),)
    return ForestRow(label, (*counts, _ratio(at, "levels", level, own, context), EMPTY), drawn, is_inner=True)


def _is_fitted(end: Result) -> bool:
    return isinstance(end, CoxFit)


def _counts(at: Place, quantity: str, level: str | None) -> tuple[Told, Told]:
    """Returns events and patients of both arms."""

    def of(arm: int, what: str) -> Shown:
        return Shown("count", (at.of(f"{quantity}.by_arm[{arm}].{what}", level=level).id,))

    first, second = (Told((of(arm, "events"), "/", of(arm, "n"))) for arm in range(2))
    return first, second


def _ratio(at: Place, quantity: str, level: str | None, end: Result, context: Context) -> Told:
    if _is_fitted(end):
        return Told((Shown("ratio", tuple(at.of(f"{quantity}.{key}", level=level).id for key in _RATIO)),))
    found = context.cells.of(at.result, f"{quantity}.reason")
    own = [cell for cell in found if level in (None, cell.place.level.split(" / ")[0])]
    return Told((missing_word(end, context),), why(end, own, context))


def _interaction(entry: ResultEntry, context: Context) -> Told:
    """Returns P of the likelihood-ratio test, or why there is none."""
    analysis, answer = cast(Subgroups, entry.analysis), cast(Answer, entry.result)
    if answer_json(answer, compared(analysis.arms))["interaction"]["likelihood_ratio"] is not None:
        place = Place(entry.id, "interaction.likelihood_ratio.p", variable=analysis.variable)
        return Told((Shown("p_value", (place.id,)),))
    ends = [end for end in (answer.interaction, answer.main) if not _is_fitted(end)]
    end = ends[0] if ends else NotEstimable("no information", say("analyses.subgroup.no_interaction"))
    return Told((missing_word(end, context),), why(end, context.cells.of(entry.id, "interaction.reason"), context))


def _notes(entries: Sequence[ResultEntry], context: Context, *, has_one_set: bool) -> Iterator[Text]:
    analysis, labels = cast(Subgroups, entries[0].analysis), context.labels
    yield (context.say("report.forest.of_subgroups", interval=context.interval),)
    if analysis.adjusted:
        covariates = tuple(map(labels.plain_variable, analysis.adjusted))
        yield (context.say("report.subgroup.adjusted", covariates=covariates),)
    yield from analysed_notes(entries[0], context, has_advice=False) if has_one_set else ()
