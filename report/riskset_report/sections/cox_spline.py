"""Splines of Cox models in the report: for each a figure of the hazard ratio against the number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from riskset.analyses.cohort import ALL
from riskset.analyses.methods.cox import CoxModel
from riskset.results import ResultEntry, entry_json
from riskset.study.entry import as_printed
from riskset.study.spec import NumberVariable
from riskset_report.blocks import Shown, Text
from riskset_report.cells import Place
from riskset_report.figures.spline_figure import SplineFigure
from riskset_report.sections.section import Context, own_title

Json = dict[str, Any]


def spline_figures(entries: Sequence[ResultEntry], context: Context) -> Iterator[SplineFigure]:
    """Yields the figures of fitted models, one for each spline that has a curve."""
    for entry in entries:
        for spline in entry_json(entry).get("splines", ()):
            if spline["curve"] is not None:
                yield _figure(entry, spline, context)


def _figure(entry: ResultEntry, spline: Json, context: Context) -> SplineFigure:
    place, points = Place(entry.id, variable=spline["variable"]), range(len(spline["curve"]))
    hr, lower, upper = (
        tuple(place.of(f"splines.curve[{i}].{key}").id for i in points) for key in ("hr", "lower", "upper")
    )
    (reference,) = as_printed((spline["reference"],))
    name = context.labels.plain_variable(spline["variable"])
    return SplineFigure(
        result=f"{entry.id}/spline/{spline['variable']}",
        title=_title(entry, name, context),
        at=tuple(point["at"] for point in spline["curve"]),
        hr=hr,
        lower=lower,
        upper=upper,
        knots=tuple(spline["knots"]),
        reference=spline["reference"],
        curve_label=context.say("report.spline.curve", variable=name, reference=reference),
        band_label=context.say("report.spline.band", interval=context.interval),
        knots_label=context.say("report.spline.knots"),
        x_label=_with_unit(spline["variable"], name, context),
        y_label=context.say("report.spline.hazard_ratio"),
        footnotes=tuple(_footnotes(entry, spline, context)),
        notices=context.notices,
        description=context.say("report.spline.alt", variable=name, knots=as_printed(tuple(spline["knots"]))),
    )


def _title(entry: ResultEntry, name: str, context: Context) -> str:
    labels, analysis = context.labels, entry.analysis
    of = {"endpoint": labels.endpoint(analysis.endpoint), "variable": name}
    title = context.say(f"report.spline.title.{entry_json(entry)['model']}", **of)
    if analysis.population != ALL:
        title = context.say("report.caption.of", title=title, population=labels.population(analysis.population))
    return own_title(title, entry, context)


def _with_unit(variable: str, name: str, context: Context) -> str:
    declared = context.results.study.variables[variable]
    unit = declared.unit if isinstance(declared, NumberVariable) else None
    return context.say("report.spline.with_unit", variable=name, unit=unit) if unit else name


def _footnotes(entry: ResultEntry, spline: Json, context: Context) -> Iterator[Text]:
    others = [name for name in entry_json(entry)["covariates"] if name != spline["variable"]]
    if others:
        yield (context.say("report.spline.adjusted", covariates=tuple(map(context.labels.plain_variable, others))),)
    yield (context.say("report.spline.footnote"),)
    if spline["linearity"] is not None and cast(CoxModel, entry.analysis).robust == "none":
        place = Place(entry.id, variable=spline["variable"])
        test = Shown("chi_square", tuple(place.of(f"splines.linearity.{key}").id for key in ("chi2", "df", "p")))
        yield context.worded("report.spline.linearity", test=test)
