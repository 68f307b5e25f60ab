"""Each endpoint: curves by arm with numbers at risk, length of follow-up, and events by month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskset.catalogue import Message, say
from riskset.study.spec import DateEndpoint, Study
from riskset_report.figures.survival_drawing import draw as draw_curves
from riskset_report.figures.survival_plot import PlottedCurve, SurvivalPlot
from riskset_report.notation import p_phrase, time_with_limits
from riskset_site.explore.curves import LocalCurve, LocalCurves, local_curves
from riskset_site.explore.figures.month_bars import MonthBars, draw
from riskset_site.explore.incidence import local_incidences
from riskset_site.explore.months import event_months
from riskset_site.explore.pictures import WIDE, Pictures
from riskset_site.explore.rows import Looked
from riskset_site.pages import PagePart, PageSection

_SPACE = "\u00a0 "
"""Between a name and its number; a line may end there."""


def sections(looked: Looked, pictures: Pictures) -> Iterator[PageSection]:
    """Yields a section for each endpoint of the study."""
    for name in looked.study.endpoints:
        heading = say("explore.heading.endpoint", name=looked.study.endpoint_label(name))
        yield PageSection(heading, list(_parts(name, looked, pictures)))


def _parts(name: str, looked: Looked, pictures: Pictures) -> Iterator[PagePart]:
    study, rows = looked.study, looked.cohort.outcomes(name)
    unknown = int((looked.eligible & ~looked.used.follow_ups[name].known).sum())
    incomplete = int(looked.eligible.sum()) - unknown - rows.n
    yield say("explore.endpoint.rows", n=rows.n, events=int(rows.event.sum()), unknown=unknown, incomplete=incomplete)
    if not rows.n:
        return
    arm = study.comparison.arm if study.comparison else None
    found = local_curves(name, rows, arm, study.levels_of(arm) if arm else ())
    label = study.endpoint_label(name)
    yield pictures.drawn(
        draw_curves, _survival(found, study, pictures), WIDE, say("explore.endpoint.picture", name=label)
    )
    yield from _incidences(name, looked, pictures)
    yield say("explore.endpoint.follow_up")
    yield pictures.drawn(
        draw_curves, _follow_up(found, study, pictures), WIDE, say("explore.endpoint.picture_of_follow_up", name=label)
    )
    if months := event_months(looked, name, rows):
        axis = say("explore.axis.month") if months.of_calendar else say("explore.axis.month_since")
        bars = MonthBars(months, pictures.said(axis), pictures.said(say("explore.axis.events")))
        yield pictures.drawn(draw, bars, WIDE, say("explore.endpoint.picture_of_months", name=label))


def _incidences(name: str, looked: Looked, pictures: Pictures) -> Iterator[PagePart]:
    """Yields the cumulative incidence of each cause of an endpoint with competing events."""
    study, rows = looked.study, looked.cohort.outcomes(name)
    arm = study.comparison.arm if study.comparison else None
    causes = study.endpoints[name].causes
    found = list(local_incidences(rows, causes, arm, study.levels_of(arm) if arm else ()))
    if found:
        yield say("explore.endpoint.competing")
    for cause, curves in found:
        y_label = say("report.axis.cumulative_incidence", cause=cause)
        plot = _plot(curves, y_label, (), name, study, pictures, start=0.0)
        yield pictures.drawn(draw_curves, plot, WIDE, say("explore.endpoint.picture_of_incidence", cause=cause))


def _survival(found: LocalCurves, study: Study, pictures: Pictures) -> SurvivalPlot:
    tests = []
    if found.log_rank_p is not None:
        tests.append(pictures.said(say("explore.endpoint.log_rank", p=p_phrase(found.log_rank_p, pictures.words))))
    elif found.has_entry and len(found.survival) > 1:
        tests.append(pictures.said(say("explore.endpoint.no_log_rank")))
    return _plot(found.survival, say("explore.axis.free"), tests, found.endpoint, study, pictures)


def _follow_up(found: LocalCurves, study: Study, pictures: Pictures) -> SurvivalPlot:
    return _plot(found.follow_up, say("explore.axis.followed"), [], found.endpoint, study, pictures)


def _plot(
    curves: Sequence[LocalCurve],
    y_label: Message,
    tests: Sequence[str],
    endpoint: str,
    study: Study,
    pictures: Pictures,
    start: float = 1.0,
) -> SurvivalPlot:
    everybody = pictures.said(say("explore.endpoint.all"))
    labels = [curve.level or everybody for curve in curves]
    unit, words = study.time.unit, pictures.words
    units = pictures.said(say(f"report.unit.{unit}", n=2))
    title = say("report.km.medians", interval=words.confidence(0.95), units=units)
    medians = [
        f"{label}{_SPACE}{time_with_limits(curve.median, *curve.median_limits, unit, study.days_per_unit, words)}"
        for label, curve in zip(labels, curves, strict=True)
    ]
    defined = study.endpoints[endpoint]
    x_label = say("report.axis.time", units=units)
    if isinstance(defined, DateEndpoint):
        x_label = say("report.axis.since", units=units, origin=study.label_of(defined.origin))
    return SurvivalPlot(
        x_label=pictures.said(x_label),
        y_label=pictures.said(y_label),
        risk_title=pictures.said(say("report.figure.at_risk")),
        unit=unit,
        days_per_unit=study.days_per_unit,
        curves=tuple(_plotted(curve, label, start) for curve, label in zip(curves, labels, strict=True)),
        legend=tuple(labels),
        statistics=(pictures.said(title), *medians, *(("", *tests) if tests else ())) if start else (),
        footnote=_footnote(curves, pictures) if start else pictures.said(say("explore.endpoint.footnote_of_incidence")),
        ticks=study.time.ticks,
    )


def _footnote(curves: Sequence[LocalCurve], pictures: Pictures) -> str:
    whole = pictures.said(say("explore.endpoint.footnote"))
    if all(None not in (curve.median, *curve.median_limits) for curve in curves):
        return whole
    return f"{whole} {pictures.said(say('report.km.not_reached'))}"


def _plotted(curve: LocalCurve, label: str, start: float) -> PlottedCurve:
    """Returns a curve as it is drawn: to its end, since every step is the site's own patient."""
    return PlottedCurve(
        label=label,
        days=curve.days,
        survival=curve.estimate,
        lower=curve.lower,
        upper=curve.upper,
        at_risk=tuple(map(str, curve.at_risk)),
        median_days=curve.median,
        start=start,
    )
