"""Below a table of Cox models: what each model's companions found, and which of them have no result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import Concordance, CoxFit, Linearity, PhTest, WeightedLogRank
from riskset.results import ResultEntry
from riskset.study.asked.cox import FEWEST_CLUSTERS
from riskset_report.blocks import Format, Row, Shown, Table, Text, Why
from riskset_report.cells import Place
from riskset_report.missing_numbers import sentence
from riskset_report.not_reported import missing_word
from riskset_report.sections.cox_model import term_label
from riskset_report.sections.section import Context

_OF_PAIRS: Final[Mapping[str, Format]] = {"estimate": "three_decimals", "se": "three_decimals", "pairs": "count"}


def beside(name: str, entry: ResultEntry, context: Context) -> Iterator[Text]:
    """Yields the notes of one fitted model, which is called `name`."""
    model, fit = cast(CoxModel, entry.analysis), cast(CoxFit, entry.result)
    yield from _robust(name, model, fit, context)
    yield from _weighted_log_rank(name, entry, fit, context)
    yield from _profile(name, fit, context)
    yield from _linearity(name, entry, fit, context)


def _robust(name: str, model: CoxModel, fit: CoxFit, context: Context) -> Iterator[Text]:
    """From which errors the limits are, and which terms have no such error."""
    if model.robust == "none":
        return
    sites = len(context.results.sites)
    if any(term.robust_se is not None for term in fit.terms):
        yield (context.say(f"report.cox.robust.{model.robust}", model=name, n=sites),)
    if model.robust == "site" and sites < FEWEST_CLUSTERS:
        yield (context.say("report.cox.few_clusters", most=FEWEST_CLUSTERS),)
    for term in fit.terms:
        if term.column in fit.not_robust:
            of = {
                "term": term_label(term.column, context.labels),
                "reason": why_not(fit.not_robust[term.column], context),
            }
            yield (context.say("report.cox.not_robust", model=name, **of),)


def _weighted_log_rank(name: str, entry: ResultEntry, fit: CoxFit, context: Context) -> Iterator[Text]:
    if isinstance(fit.weighted_log_rank, WeightedLogRank):
        ids = tuple(Place(entry.id, f"weighted_log_rank.{key}").id for key in ("chi2", "df", "p"))
        yield context.worded("report.cox.robust.score", model=name, test=Shown("chi_square", ids))
    elif fit.weighted_log_rank is not None:
        yield (context.say("report.cox.robust.no_score", model=name, reason=why_not(fit.weighted_log_rank, context)),)


def _profile(name: str, fit: CoxFit, context: Context) -> Iterator[Text]:
    """Which limits are of the profile likelihood, and why others that were asked are not."""
    labels = context.labels
    if terms := tuple(term_label(term.column, labels) for term in fit.terms if term.has_profile_limits):
        yield (context.say("report.cox.profile_limits", model=name, terms=terms),)
    for column, why in fit.not_profiled.items():
        yield (context.say("report.cox.no_profile_limits", model=name, term=term_label(column, labels), reason=why),)


def concordances(models: Sequence[tuple[str, ResultEntry]], context: Context) -> Iterator[Text]:
    """Yields the concordance of fitted models with their names, of several in one note; and why one has none."""
    fits = [(name, entry, cast(CoxFit, entry.result).concordance) for name, entry in models]
    found = [(name, entry) for name, entry, end in fits if isinstance(end, Concordance)]
    if len(found) > 1:
        each = tuple(piece for name, entry in found for piece in ("; ", f"{name} ", *_concordance(entry)))
        yield (context.say("report.cox.concordances"), " ", *each[1:], context.say("report.cox.concordances_end"))
    for name, entry in found if len(found) == 1 else ():
        of = {part: Shown(form, (Place(entry.id, f"concordance.{part}").id,)) for part, form in _OF_PAIRS.items()}
        yield context.worded("report.cox.concordance", model=name, **of)
    for name, _, end in fits:
        if end is not None and not isinstance(end, Concordance):
            yield (context.say("report.cox.no_concordance", model=name, reason=why_not(end, context)),)


def _concordance(entry: ResultEntry) -> Text:
    estimate, se = (Shown("three_decimals", (Place(entry.id, f"concordance.{key}").id,)) for key in ("estimate", "se"))
    return estimate, " (", se, ")"


def _linearity(name: str, entry: ResultEntry, fit: CoxFit, context: Context) -> Iterator[Text]:
    for number, end in fit.linearity.items():
        of = {"model": name, "variable": context.labels.plain_variable(number)}
        if isinstance(end, Linearity):
            place = Place(entry.id, variable=number)
            ids = tuple(place.of(f"splines.likelihood_ratio.{key}").id for key in ("chi2", "df", "p"))
            yield context.worded("report.cox.likelihood_ratio", **of, test=Shown("chi_square", ids))
        else:
            yield (context.say("report.cox.no_likelihood_ratio", **of, reason=why_not(end, context)),)


def tests_of_time(title: str, models: Sequence[tuple[str, ResultEntry]], context: Context) -> Iterator[Table]:
    """Yields the table of the tests of proportional hazards of fitted models, with their names; none without tests."""
    fits = [(name, entry, cast(CoxFit, entry.result)) for name, entry in models]
    tested = [(name, entry, fit) for name, entry, fit in fits if fit.ph_tests]
    if not tested:
        return
    of_time = list(tested[0][2].ph_tests)
    first = tested[0][1]
    yield Table(
        id=f"table ph_test/{first.analysis.endpoint}/{first.analysis.population}/{first.analysis.name}",
        title=context.say("report.cox.ph_title", models=title),
        columns=tuple(context.say(f"report.cox.of_time.{transform}") for transform in of_time),
        rows=tuple(row for name, entry, fit in tested for row in _rows_of_tests(name, entry, fit, context)),
        notes=((context.say("report.cox.ph_note"),),),
    )


def _rows_of_tests(name: str, entry: ResultEntry, fit: CoxFit, context: Context) -> Iterator[Row]:
    labels = context.labels
    yield Row(name)
    for term in fit.terms:
        place, level = Place(entry.id, variable=term.column.variable), term.column.level
        yield Row(term_label(term.column, labels), _of_each(context, fit, place, "terms", level), is_inner=True)
    for variable in fit.categories:
        yield Row(
            labels.variable(variable),
            _of_each(context, fit, Place(entry.id, variable=variable), "variables"),
            is_inner=True,
        )
    if len(fit.terms) > 1:
        yield Row(context.say("report.cox.ph_all"), _of_each(context, fit, Place(entry.id), "global"), is_inner=True)


def _of_each(context: Context, fit: CoxFit, place: Place, part: str, level: str | None = None) -> tuple[Text, ...]:
    """Returns the test, for each function of time, at a place of results.json."""
    cells: list[Text] = []
    for transform, end in fit.ph_tests.items():
        if isinstance(end, PhTest):
            ids = tuple(place.of(f"ph_test.{transform}.{part}.{key}", level=level).id for key in ("chi2", "df", "p"))
            cells.append((Shown("chi_square", ids),))
        else:
            cells.append((missing_word(end, context), Why((why_not(end, context),))))
    return tuple(cells)


def why_not(end: Result, context: Context) -> str:
    """Returns why a companion has no result."""
    if isinstance(end, RefusedByRule):
        return sentence(end.rule, end.message, context.language)
    if isinstance(end, NotEstimable):
        return sentence(end.code, end.message, context.language)
    return ""
