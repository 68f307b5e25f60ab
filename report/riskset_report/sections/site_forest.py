"""The forest plot of sites: the hazard ratio of each that tells its own, these combined, and the model of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.site_estimates import SiteEstimates
from riskset.analyses.methods.site_heterogeneity import SiteHeterogeneity
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset.stats.meta_analysis import LEAST_FOR_PREDICTION
from riskset_report import notation
from riskset_report.blocks import Format, Shown, Text
from riskset_report.cells import Place
from riskset_report.figures.forest_figure import ForestFigure, ForestRow, Told
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.forests import EMPTY, favours, interval, pages, why
from riskset_report.sections.section import Context, own_title

_NOTHING: Final = Told((notation.NO_VALUE,))
_METHODS: Final = {
    "fixed": say("report.site_heterogeneity.by.fixed"),
    "dersimonian_laird": say("report.site_heterogeneity.by.dersimonian_laird"),
    "reml": say("report.site_heterogeneity.by.reml"),
    "hartung_knapp": say("report.site_heterogeneity.by.hartung_knapp"),
    "paule_mandel": say("report.site_heterogeneity.by.paule_mandel"),
}


def figures(entries: Sequence[ResultEntry], context: Context) -> Iterator[ForestFigure]:
    """Yields a figure for each result in which a site tells its own estimate: without one, nothing is compared."""
    for entry in entries:
        if entry.status == "ok" and cast(SiteEstimates, entry.result).estimates:
            yield from pages(_figure(entry, context), context)


def _figure(entry: ResultEntry, context: Context) -> ForestFigure:
    analysis, result = cast(SiteHeterogeneity, entry.analysis), cast(SiteEstimates, entry.result)
    labels, common = context.labels, isinstance(result.common, CoxFit)
    title = context.say(
        "report.site_heterogeneity.title",
        endpoint=labels.endpoint(analysis.endpoint),
        population=population_of(entry, context),
    )
    return ForestFigure(
        result=entry.id,
        title=own_title(title, entry, context),
        label=context.say("report.forest.site"),
        left=(context.say("report.rows.counted.patients"), context.say("report.rows.counted.events")),
        right=(context.say("report.forest.ratio", interval=context.interval),),
        rows=(*_sites(entry, result, context), *_combined(entry, result, context), _common(entry, result, context)),
        x_label=context.say("report.forest.axis"),
        favours=favours(result.arm, context),
        footnote=tuple(_notes(entry, analysis, result, context)),
        notices=context.notices,
        description=context.say("report.forest.alt_sites"),
        guide=tuple(Place(entry.id, key).id for key in _ratio("common")) if common else (),
    )


def _told(entry: ResultEntry, form: Format, *paths: str) -> Told:
    return Told((Shown(form, tuple(Place(entry.id, path).id for path in paths)),))


def _ratio(of: str) -> tuple[str, str, str]:
    return f"{of}.hr", f"{of}.hr_lower", f"{of}.hr_upper"


def _sites(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[ForestRow]:
    """A square for each site, of an area that tells its weight; a site that tells nothing is a row too."""
    for at, (site, numbers) in enumerate(result.told.items()):
        label, of = context.results.study.sites[site].name, f"sites[{at}]"
        if numbers is None:
            untold = Told(
                (context.say("report.site_heterogeneity.untold"),), (context.say("report.forest.why_untold"),)
            )
            yield ForestRow(label, (_NOTHING, _NOTHING, untold))
        else:
            drawn = interval(Place(entry.id), "square", _ratio(of), error=f"{of}.se")
            counts = (_told(entry, "count", f"{of}.{key}") for key in ("n", "events"))
            yield ForestRow(label, (*counts, _told(entry, "ratio", *_ratio(of))), (drawn,))


def _combined(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[ForestRow]:
    """A diamond for each method; the prediction interval as a dashed line."""
    found = result.combined
    if found is None or found.k == 1:
        return
    yield ForestRow(context.say("report.site_heterogeneity.own_combined"), is_heading=True)
    for of, label in _METHODS.items():
        drawn = interval(Place(entry.id), "diamond", _ratio(of))
        texts = (EMPTY, EMPTY, _told(entry, "ratio", *_ratio(of)))
        yield ForestRow(label.in_language(context.language), texts, (drawn,), is_inner=True)
    if found.k >= LEAST_FOR_PREDICTION:
        limits = ("prediction.hr_lower", "prediction.hr_upper")
        texts = (EMPTY, EMPTY, _told(entry, "ratio_interval", *limits))
        drawn = interval(Place(entry.id), "whisker", ("", *limits))
        yield ForestRow(context.say("report.site_heterogeneity.further"), texts, (drawn,), is_inner=True)


def _common(entry: ResultEntry, result: SiteEstimates, context: Context) -> ForestRow:
    counts = (_told(entry, "count", "n"), _told(entry, "count", "events"))
    label, end = context.say("report.site_heterogeneity.common"), result.common
    if isinstance(end, CoxFit):
        drawn = interval(Place(entry.id), "diamond", _ratio("common"))
        return ForestRow(label, (*counts, _told(entry, "ratio", *_ratio("common"))), (drawn,), is_heading=True)
    reason = why(end, context.cells.of(entry.id, "common.reason"), context)
    return ForestRow(label, (*counts, Told((context.words.not_estimable,), reason)), is_heading=True)


def _notes(entry: ResultEntry, analysis: SiteHeterogeneity, result: SiteEstimates, context: Context) -> Iterator[Text]:
    arm, labels = result.arm, context.labels
    against = {"level": labels.arm(arm.variable, arm.level), "reference": labels.arm(arm.variable, arm.reference)}
    yield (context.say("report.forest.of_sites", interval=context.interval, **against),)
    if adjusted := [name for name in analysis.question_json()["covariates"] if name != arm.variable]:
        yield context.worded("report.site_heterogeneity.adjusted", names=tuple(map(labels.plain_variable, adjusted)))
    if result.combined is not None and result.combined.k > 1:
        i2, tau2 = (Shown("three_digits", (Place(entry.id, key).id,)) for key in ("i2", "tau2"))
        q = Shown("chi_square", tuple(Place(entry.id, f"q.{key}").id for key in ("chi2", "df", "p")))
        yield context.worded("report.forest.heterogeneity", i2=i2, tau2=tau2, q=q)
    yield from analysed_notes(entry, context, has_advice=False)
