"""Sites' own hazard ratios in the report: one row for each site, then the combined ones, heterogeneity and the common
model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from riskset.analyses.analysis import NotEstimable
from riskset.analyses.methods.site_estimates import SiteEstimates
from riskset.analyses.methods.site_heterogeneity import SiteHeterogeneity
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report import notation
from riskset_report.blocks import Format, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.not_reported import clause
from riskset_report.sections import site_forest
from riskset_report.sections.analysed import analysed_notes, population_of
from riskset_report.sections.forests import with_figures
from riskset_report.sections.section import Context, Section, own_title, tabulated

_LIMITS: Final = ("hr", "hr_lower", "hr_upper")
_COMBINED: Final = ("fixed", "dersimonian_laird", "reml", "hartung_knapp", "paule_mandel")


def _title(entry: ResultEntry, context: Context) -> str:
    endpoint, population = context.labels.endpoint(entry.analysis.endpoint), population_of(entry, context)
    title = context.say("report.site_heterogeneity.title", endpoint=endpoint, population=population)
    return own_title(title, entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    result = cast(SiteEstimates, entry.result)
    rows = [*_sites(entry, result, context), *_combined(entry, result, context), *_tests(entry, result, context)]
    if cast(SiteHeterogeneity, entry.analysis).leave_one_out and result.without:
        rows += _without(entry, result, context)
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(
            context.say("report.rows.counted.patients"),
            context.say("report.rows.counted.events"),
            context.say("report.rows.hazard_ratio", interval=context.interval),
            context.say("report.rows.p"),
        ),
        rows=tuple(rows),
        notes=(*_notes(entry, result, context), *analysed_notes(entry, context)),
    )


def _cell(entry: ResultEntry, form: Format, *paths: str) -> Text:
    return (Shown(form, tuple(Place(entry.id, quantity=path).id for path in paths)),)


def _ratio(entry: ResultEntry, of: str) -> Text:
    return _cell(entry, "ratio", *(f"{of}.{key}" for key in _LIMITS))


def _sites(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[Row]:
    if not result.told:
        return
    yield Row(context.say("report.site_heterogeneity.sites"))
    for at, (site, numbers) in enumerate(result.told.items()):
        of, nothing = f"sites[{at}]", (notation.NO_VALUE,)
        label = context.results.study.sites[site].name
        if numbers is None:
            yield Row(
                label, (nothing, nothing, (context.say("report.site_heterogeneity.untold"),), ("",)), is_inner=True
            )
        else:
            counts = (_cell(entry, "count", f"{of}.{key}") for key in ("n", "events"))
            yield Row(label, (*counts, _ratio(entry, of), ("",)), is_inner=True)


def _combined(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[Row]:
    counts = (_cell(entry, "count", "n"), _cell(entry, "count", "events"))
    found = result.combined
    if found is not None:
        yield Row(context.say("report.site_heterogeneity.own_combined"))
        for of in _COMBINED[: 1 if found.k == 1 else None]:
            label = context.say(f"report.site_heterogeneity.by.{of}")
            yield Row(label, (("",), ("",), _ratio(entry, of), _cell(entry, "p_value", f"{of}.p")), is_inner=True)
        if found.k > 1:
            limits = _cell(entry, "ratio_interval", "prediction.hr_lower", "prediction.hr_upper")
            yield Row(context.say("report.site_heterogeneity.further"), (("",), ("",), limits, ("",)), is_inner=True)
    p = _cell(entry, "p_value", "common.p")
    yield Row(context.say("report.site_heterogeneity.common"), (*counts, _ratio(entry, "common"), p))


def _tests(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[Row]:
    found = result.combined
    if found is not None and found.k > 1:
        numbers = (*_cell(entry, "three_digits", "i2"), "% / ", *_cell(entry, "three_digits", "tau2"))
        yield Row(context.say("report.site_heterogeneity.i2"), (("",), ("",), numbers, ("",)))
        q = _cell(entry, "chi_square", "q.chi2", "q.df", "q.p")
        yield Row(context.say("report.site_heterogeneity.q"), (("",), ("",), q, ("",)))
    of = "treatment_by_site.likelihood_ratio"
    test: Text = (notation.NO_VALUE,)
    if not isinstance(result.treatment_by_site, NotEstimable):
        test = _cell(entry, "chi_square", f"{of}.chi2", f"{of}.df", f"{of}.p")
    yield Row(context.say("report.site_heterogeneity.by_site"), (("",), ("",), test, ("",)))


def _without(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[Row]:
    yield Row(context.say("report.site_heterogeneity.without"))
    for at, site in enumerate(result.told):
        if site in result.without:
            of = f"leave_one_out[{at}]"
            cells = (("",), ("",), _ratio(entry, of), _cell(entry, "p_value", f"{of}.p"))
            yield Row(context.results.study.sites[site].name, cells, is_inner=True)


def _notes(entry: ResultEntry, result: SiteEstimates, context: Context) -> Iterator[Text]:
    analysis = cast(SiteHeterogeneity, entry.analysis)
    arm = analysis.model.design[0]
    against = (context.labels.arm(arm.variable, level) for level in (arm.level, arm.reference))
    level, reference = against
    yield context.worded("report.site_heterogeneity.note", level=level, reference=reference, interval=context.interval)
    if adjusted := [name for name in analysis.question_json()["covariates"] if name != arm.variable]:
        names = tuple(map(context.labels.plain_variable, adjusted))
        yield context.worded("report.site_heterogeneity.adjusted", names=names)
    if result.estimates:
        of = {"n": Shown("count", (Place(entry.id, quantity="sites_combined").id,))}
        yield context.worded("report.site_heterogeneity.combined", **of)
    if result.combined is not None and result.combined.k == 2:
        yield context.worded("report.site_heterogeneity.no_prediction")
    if analysis.not_told is not None:
        remedy = clause(analysis.not_told.remedy, context.language)
        reason = {"rule": analysis.not_told.rule, "reason": analysis.not_told.message, "remedy": remedy}
        yield context.worded("report.site_heterogeneity.nobody", **reason)
    elif any(numbers is None for numbers in result.told.values()):
        yield context.worded("report.site_heterogeneity.not_told")


SECTION = Section(
    say("report.heading.site-heterogeneity"), with_figures(site_forest.figures, tabulated(_table, _title))
)
