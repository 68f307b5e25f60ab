"""Forest plots: what is printed in their rows, where things are drawn, and that nothing held back can be seen.

The numbers of Cox models are R's (`golden/report/lung.json`); the positions are worked out by hand.
"""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from tests.report.figure_layout import HOSTILE_LABELS, faults_in, layout_faults

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.analyses.excluded import Excluded
from riskset.analyses.methods.cox_fit import Separated, SeparationLimit
from riskset.analyses.methods.subgroup_answer import NoFit
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset_report import report_of
from riskset_report.blocks import Shown
from riskset_report.cells import Cell, Cells, Mark, Place
from riskset_report.figures import forest
from riskset_report.figures.forest_axis import axis_of, extent
from riskset_report.figures.forest_figure import ForestFigure, ForestRow, IntervalCells, Told
from riskset_report.figures.forest_pages import TALLEST, paged
from riskset_report.figures.forest_plot import Interval
from riskset_report.figures.style import house_style
from riskset_report.labels import Labels
from riskset_report.printing import Printer

SITES = ("asan", "kurume", "osaka")
N = 240
ASKED = {
    "subgroups": {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"]},
    "sites": {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"]},
    "cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["age", "stage"]},
}
SUPPRESSED = Mark("suppressed", "fewer than 5 patients")


def rehearsed(patients, seed):
    study = patients.study(SITES, analyses=ASKED)
    cohorts = patients.deal(patients.rows(seed, N), patients.sites(SITES, N))
    outcome = Rehearsal(study, cohorts, is_gated=False, told_alone=SITES[:2]).run()
    return results_of(study, outcome, SITES, [], is_gated=False)


@pytest.fixture(scope="module")
def results(patients):
    return rehearsed(patients, seed=3)


@pytest.fixture
def plot_of(printed):
    def plot_of(results, kind, labels=None):
        found = printed(results, labels or Labels())
        (figure,) = found.blocks(kind, ForestFigure)
        return figure.plot(found.printer)

    return plot_of


def with_result(results, kind, change):
    """The results with what the entries of a kind ended with changed."""
    entries = (replace(e, result=change(e.result)) if e.kind == kind else e for e in results.entries)
    return replace(results, entries=tuple(entries))


def texts_of(plot):
    return {row.label: row.texts for row in plot.rows}


def test_a_row_of_a_model_has_both_hazard_ratios_and_p(lung, printed):
    found = printed(lung)
    (figure,) = found.blocks("cox", ForestFigure)
    plot = figure.plot(found.printer)
    assert plot.columns == ("Univariable\nHR (95% CI)", "Multivariable\nHR (95% CI)", "P")
    assert [(row.label, *row.texts) for row in plot.rows] == [
        ("sex",),
        ("male", "1 (reference)", "1 (reference)", ""),
        ("female", "0.56 (0.40–0.80)", "0.54 (0.38–0.77)", "<.001"),
        ("age", "1.025 (1.004–1.046)", "1.01 (0.99–1.04)", ".15"),
        ("ecog",),
        ("0", "1 (reference)", "1 (reference)", ""),
        ("1", "1.42 (0.93–2.18)", "1.556 (1.003–2.413)", ".048"),
        ("2+", "3.15 (1.89–5.24)", "3.26 (1.91–5.55)", "<.001"),
        ("wt_loss", "1.00 (0.99–1.01)", "0.99 (0.98–1.01)", ".25"),
    ]
    female = plot.rows[2].intervals
    assert [(one.mark, one.estimate) for one in female] == [("circle", 0.5638038764736), ("square", 0.5384199114119)]
    assert "Multivariable model: 212 patients, 150 events." in plot.footnote[0]
    assert figure.alt.startswith("os, all patients: Cox models. A row for each covariate")
    assert plot.favours is None  # the rows compare different things


def test_univariable_models_alone_have_their_sizes(results, plot_of):
    plot = plot_of(results, "cox")
    assert plot.columns == ("n (events)", "HR (95% CI)", "P")
    assert all(row.texts[0].startswith("240 (") for row in plot.rows if row.label != "stage")
    assert plot.legend == ()


def test_one_estimate_alone_is_no_figure(lung, printed):
    lung["results"] = lung["results"][:2]  # the curves, and the univariable model of sex
    assert printed(lung).blocks("cox", ForestFigure) == []


def test_a_separated_term_is_an_arrow_from_its_limit(lung, printed):
    column = {"variable": "sex", "level": "female", "reference": "male"}
    reason = {
        "code": "separated",
        "message": "separated",
        "columns": [column],
        "limit": {**column, "coef": 0.4187, "hr": 1.52, "side": "lower"},
    }
    lung["results"][1] |= {"status": "not estimable", "reason": reason}
    found = printed(lung)
    (figure,) = found.blocks("cox", ForestFigure)
    row = figure.plot(found.printer).rows[2]
    assert row.texts[0] == "> 1.52 (separated)"
    assert row.intervals[0] == Interval("circle", None, 1.52, inf)


def test_a_separated_multivariable_model_is_an_arrow_at_its_limit_beside_its_other_ratios(lung, printed, typed):
    results = typed(lung)
    at = next(i for i, entry in enumerate(results.entries) if entry.id.endswith("/multivariable"))
    entry = results.entries[at]
    terms = {term.column.variable: term for term in entry.result.terms}
    sex = terms.pop("sex").column
    rest = tuple(terms.values())
    end = Separated(
        "separated",
        "separated",
        columns=(sex,),
        limit=SeparationLimit(sex, "upper", -0.4187, 0.658),
        events=150,
        rest=rest,
        others=tuple(term.column for term in rest),
    )
    separated = replace(entry, result=end, analysed=212, excluded=Excluded({}, {}))
    found = printed(replace(results, entries=(*results.entries[:at], separated, *results.entries[at + 1 :])))
    (figure,) = found.blocks("cox", ForestFigure)
    plot = figure.plot(found.printer)
    rows = {row.label: row for row in plot.rows}
    assert rows["female"].texts[1] == "< 0.66 (separated)"
    assert rows["female"].intervals[1] == Interval("square", None, 0.0, 0.658)
    drawn = [row.intervals[1] for row in plot.rows if len(row.intervals) == 2 and row.label != "female"]
    assert [one.estimate for one in drawn] == pytest.approx([term.hr for term in rest])
    assert [one.upper for one in drawn] == pytest.approx([term.upper for term in rest])
    assert "Multivariable model: 212 patients, 150 events." in " ".join(plot.footnote)
    assert "with the separated covariate at its limit" in " ".join(plot.footnote)


def test_a_model_without_estimates_says_why_below(lung, printed):
    lung["results"][1] |= {
        "status": "refused",
        "reason": {"rule": "R4", "message": "sex = female: must be at least 10; found 6", "remedy": "merge"},
    }
    lung["results"][4] |= {"status": "not estimable", "reason": {"code": "no events", "message": "nobody died"}}
    found = printed(lung)
    (figure,) = found.blocks("cox", ForestFigure)
    plot = figure.plot(found.printer)
    texts = texts_of(plot)
    assert texts["female"][0] == "refused (R4)*"
    assert texts["wt_loss"][0] == "n.e.†"
    assert plot.footnote[1:] == (
        "* refused by rule R4: sex = female: must be at least 10; found 6.",
        "† nobody died.",
    )


def test_a_curved_number_is_named_and_not_drawn(patients, printed):
    asked = {"bent": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]}}
    asked["bent"]["splines"] = {"age": [55, 65, 75]}
    study = patients.study(SITES, analyses=asked)
    cohorts = patients.deal(patients.rows(3, N), patients.sites(SITES, N))
    results = results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES, [], is_gated=False)
    found = printed(results)
    (figure,) = found.blocks("cox", ForestFigure)
    plot = figure.plot(found.printer)
    assert [row.label for row in plot.rows] == ["arm", "old", "new", "stage", "I", "II", "III"]
    assert "Not drawn, because they enter as curves: age." in plot.footnote[0]


def test_subgroups_of_an_endpoint_are_in_one_figure(results, plot_of, printed):
    plot = plot_of(results, "subgroup", Labels(levels={("arm", "new"): "New drug", ("arm", "old"): "Old drug"}))
    assert plot.left == ("Old drug\nevents/n", "New drug\nevents/n")
    assert plot.favours == ("← favours New drug", "favours Old drug →")
    (table,) = printed(results).tables("subgroup")
    rows = {row.label: row.cells for row in table.rows}
    assert [row.label for row in plot.rows] == ["All patients", "stage", "I", "II", "III"]
    for row in plot.rows:
        if row.label != "stage":
            assert row.texts[:3] == rows[row.label][:3]
    assert plot.rows[1].texts[:3] == ("", "", "")
    assert f"likelihood ratio P = {plot.rows[1].texts[3]}" in table.notes[0]
    assert plot.guide == plot.rows[0].intervals[0].estimate
    assert plot.rows[0].intervals[0].mark == "diamond"


def test_a_level_with_too_few_patients_is_a_row_with_its_reason(results, plot_of):
    few = NotEstimable("no events", say("analyses.no_covariate", reasons=("nobody with an event",)))
    ends = {
        "I": RefusedByRule("R4", "level I has 6, must be at least 10."),
        "II": NoFit("", "", few, {"old": (5, 0), "new": (3, 0)}),
    }

    def change(answer):
        return replace(answer, levels=tuple((level, ends.get(level, end)) for level, end in answer.levels))

    plot = plot_of(with_result(results, "subgroup", change), "subgroup")
    texts = texts_of(plot)
    assert texts["I"] == ("–", "–", "refused (R4)*", "")
    assert texts["II"] == ("0/5", "0/3", "n.e.†", "")
    assert texts["III"][2].endswith(")")
    assert plot.footnote[1] == "* refused by rule R4: level I has 6, must be at least 10."
    assert plot.footnote[2].startswith("† ")
    assert [bool(row.intervals) for row in plot.rows] == [True, False, False, False, True]


def test_one_reason_has_one_note(results, plot_of):
    refused = RefusedByRule("R4", "too few.")

    def change(answer):
        return replace(answer, levels=tuple((level, refused) for level, _ in answer.levels), interaction=refused)

    plot = plot_of(with_result(results, "subgroup", change), "subgroup")
    assert [row.texts[2] for row in plot.rows[2:]] == ["refused (R4)*"] * 3
    assert plot.rows[1].texts[3] == "refused (R4)*"
    assert plot.footnote[1:] == ("* refused by rule R4: too few.",)


def test_sites_have_their_own_rows_and_all_methods(results, plot_of):
    plot = plot_of(results, "site-heterogeneity")
    assert [row.label for row in plot.rows] == [
        "asan",
        "kurume",
        "osaka",
        "Sites' own estimates combined",
        "Fixed effect",
        "Random effects, DerSimonian-Laird",
        "Random effects, REML",
        "Random effects, REML with Hartung-Knapp limits",
        "Random effects, Paule-Mandel",
        "One hazard ratio for all sites, baseline by site",
    ]  # and no prediction interval: two sites tell theirs
    assert plot.rows[2].texts == ("–", "–", "not told*")
    assert plot.footnote[-1].startswith("* The site has not signed")
    assert "I² = " in plot.footnote[0]
    assert max(row.intervals[0].weight for row in plot.rows[:2]) == 1.0


def test_no_figure_where_no_site_tells_its_own(patients, printed):
    study = patients.study(SITES, analyses={"sites": ASKED["sites"]})
    cohorts = patients.deal(patients.rows(3, N), patients.sites(SITES, N))
    results = results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES, [], is_gated=False)
    assert printed(results).blocks("site-heterogeneity", ForestFigure) == []


@pytest.mark.parametrize("kind", ["cox", "subgroup", "site-heterogeneity"])
def test_two_runs_of_which_all_that_differs_is_held_back_are_the_same_drawing(results, patients, kind):
    files = []
    reports = [report_of(run, Labels()) for run in (results, rehearsed(patients, seed=4))]
    values = [{cell.id: cell.value for cell in report.cells} for report in reports]
    differing = [id_ for id_ in values[0] if values[0][id_] != values[1][id_]]
    for report in reports:
        cells = report.cells.with_values(dict.fromkeys(differing, SUPPRESSED))
        (figure,) = (
            b for part in report.parts if part.kind == kind for b in part.blocks if isinstance(b, ForestFigure)
        )
        assert set(figure.cells) & set(differing)
        files.append(figure.drawn(Printer(cells, "month", 30.4375), 175))
    assert files[0] == files[1]
    assert b"suppressed" in files[0].svg


# A drawing of cells by hand


def cell(name, value):
    return Cell(name, Place(name), value)


def printer_of(**values):
    return Printer(Cells(cell(name, value) for name, value in values.items()), "month", 30.4375)


NUMBERS = {"hr": 0.5, "low": 0.25, "high": 1.0, "far": 3e5, "se": 0.1, "wide": 0.2, "n": 1234, "p": 0.0004}


def figure_of(rows, **more):
    given = {"left": ("Events/n",), "right": ("HR (95% CI)", "P"), "favours": ("← favours new", "favours old →")}
    of = {"result": "subgroup/os/all", "title": "A forest", "label": "Subgroup", "x_label": "Hazard ratio"}
    return ForestFigure(**of, rows=tuple(rows), footnote=(), notices="", **(given | more))


def row_of(label, high="high", error="se", mark="square", **more):
    ratio = Told((Shown("ratio", ("hr", "low", high)),))
    texts = (Told((Shown("count", ("n",)),)), ratio, Told((Shown("p_value", ("p",)),)))
    return ForestRow(label, texts, (IntervalCells(mark, "hr", "low", high, error),), **more)


def test_the_area_of_a_square_is_its_weight():
    """The weights are 1 / 0.1² = 100 and 1 / 0.2² = 25, so the sides are as 2 to 1."""
    plot = figure_of([row_of("a"), row_of("b", error="wide")]).plot(printer_of(**NUMBERS))
    weights = [row.intervals[0].weight for row in plot.rows]
    assert weights == pytest.approx([1.0, 0.25])
    assert forest._side(weights[1]) == pytest.approx(forest._side(weights[0]) / 2)


def test_a_ratio_is_where_its_logarithm_is():
    """On an axis from 0.25 to 4, which are as far from 1 in logarithms: 1 in the middle, 0.5 at a quarter."""
    axis = axis_of([Interval("square", 1.0, 0.25, 4.0)], lambda texts: 0.01)
    axis = replace(axis, low=0.25, high=4.0)
    assert [axis.at(value) for value in (0.25, 0.5, 1, 2, 4)] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert axis.at(0) == -inf
    assert axis.at(8) > 1


@pytest.mark.parametrize(
    ("intervals", "width", "ticks"),
    [
        ([(0.9, 0.8, 1.1)], 0.05, (0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.6)),
        ([(0.7, 0.5, 1.4)], 0.09, (0.5, 0.67, 0.8, 1, 1.25, 1.5)),
        ([(0.7, 0.61, 0.79), (2.86, 2.48, 3.29)], 0.15, (0.5, 1, 2, 4)),
        ([(0.4, 0.06, 2.5), (3, 1, 9)], 0.1, (0.125, 0.25, 0.5, 1, 2, 4, 8)),
        ([(30, 2, 90), (0.02, 0.01, 0.5)], 0.2, (0.1, 1, 10)),
        ([], 0.1, (0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.6)),
    ],
)
def test_ticks_are_few_and_customary(intervals, width, ticks):
    axis = axis_of([Interval("square", *of) for of in intervals], lambda texts: width)
    assert axis.ticks == ticks


def test_one_wide_interval_does_not_squeeze_the_others():
    """Limits that are more than 4 times beyond every estimate leave the axis."""
    low, high = extent([Interval("square", 0.8, 0.5, 1.3), Interval("square", 1.5, 0.01, 40.0)])
    assert (low, high) == pytest.approx((0.8 / 4 / 1.06, 1.5 * 4 * 1.06))
    low, high = extent([Interval("square", 0.8, 0.5, 1.3), Interval("square", 1.7, 0.0, inf)])
    assert (low, high) == pytest.approx((0.5 / 1.06, 1.7 * 1.06))


def arrows(figure, printer):
    """How many arrow heads are drawn: polygons with three corners."""
    with house_style():
        drawn = forest.draw(figure.plot(printer), 175)
    return sum(len(np.unique(one.get_xy(), axis=0)) == 3 for one in drawn.findobj(Polygon))


def test_a_limit_beyond_the_axis_is_an_arrow():
    assert arrows(figure_of([row_of("a"), row_of("b")]), printer_of(**NUMBERS)) == 0
    assert arrows(figure_of([row_of("a"), row_of("b", high="far")]), printer_of(**NUMBERS)) == 1


@pytest.mark.parametrize(("lower", "upper", "way"), [(3e5, inf, 1), (0.0, 3e-5, -1)])
def test_limits_both_beyond_one_end_are_one_arrow_out_of_it(lower, upper, way):
    """As of a separated model, whose limit may be far out: not a second arrow back from beyond the axis."""
    plot = figure_of([row_of("a"), row_of("b")]).plot(printer_of(**NUMBERS))
    far = replace(plot.rows[1], intervals=(Interval("square", None, lower, upper),))
    with house_style():
        drawn = forest.draw(replace(plot, rows=(plot.rows[0], far)), 175)
    (head,) = (p.get_xy()[:3] for p in drawn.findobj(Polygon) if len(np.unique(p.get_xy(), axis=0)) == 3)
    (_, axis), *_ = sorted((-np.ptp(x), x) for x in horizontal_lines(drawn))
    tip, tails = head[0], head[1:]
    assert tip[0] == pytest.approx(axis[1] if way > 0 else axis[0])
    assert ((tip[0] - tails[:, 0]) * way > 0).all()


def horizontal_lines(figure):
    """The two ends of each line that is drawn from left to right."""
    lines = [line.get_xydata() for line in figure.findobj(Line2D)]
    return [tuple(xy[:, 0]) for xy in lines if len(xy) == 2 and xy[0, 1] == xy[1, 1]]


def test_drawing_is_repeatable():
    figure, printer = figure_of([row_of("a"), row_of("b")]), printer_of(**NUMBERS)
    assert figure.drawn(printer, 175) == figure.drawn(printer, 175)


def test_a_number_held_back_leaves_no_interval():
    figure, held = figure_of([row_of("a"), row_of("b")]), {**NUMBERS, "se": SUPPRESSED}
    plot = figure.plot(printer_of(**held))
    assert [row.intervals for row in plot.rows] == [(), ()]
    assert "suppressed: fewer than 5 patients." in plot.footnote[0]


MARKS = ("square", "diamond", "circle")


def long_forest(label, variables=30, levels=2):
    for at in range(variables):
        yield ForestRow(f"{label} {at}", (Told(()), Told(()), Told(("n.e.",), (f"why {at % 7}",))), is_heading=True)
        for level in range(levels):
            high = "far" if level else "high"
            yield row_of(f"{label} {level}", high, mark=MARKS[level % len(MARKS)], is_inner=True)


@pytest.mark.parametrize("label", list(HOSTILE_LABELS.values()), ids=list(HOSTILE_LABELS))
def test_no_text_leaves_its_figure_or_overlaps_another(label):
    rows = [row_of(label, is_heading=True, mark="diamond", error=""), *long_forest(label, variables=2)]
    whisker = IntervalCells("whisker", "", "low", "high")
    rows.append(ForestRow(label, (Told(()), Told((Shown("ratio_interval", ("low", "high")),)), Told(())), (whisker,)))
    headings = {"left": (f"{label}\nevents/n", f"{label}\nevents/n"), "right": ("HR (95% CI)", "P for interaction")}
    rows = [replace(row, texts=(*row.texts[:1], *row.texts)) for row in rows]
    figure = figure_of(
        rows,
        **headings,
        favours=(f"← favours {label}", f"favours {label} →"),
        legend=(("circle", label), ("square", label)),
    )
    figure = replace(figure, notices=label, x_label=label, footnote=((label,),))
    assert layout_faults(figure, printer_of(**NUMBERS)) == []


@pytest.mark.parametrize("label", ["Age group", HOSTILE_LABELS["words"]])
def test_thirty_subgroups_are_on_pages(label):
    printer, figure = printer_of(**NUMBERS), figure_of(long_forest(label))
    pages = paged(figure, "A forest (continued)")
    assert len(pages) > 1
    assert tuple(row for page in pages for row in page.rows) == figure.rows
    assert all(page.rows[0].is_heading for page in pages)
    assert [page.title for page in pages] == ["A forest"] + ["A forest (continued)"] * (len(pages) - 1)
    assert len({page.id for page in pages}) == len(pages)
    with house_style():
        layouts = [forest.layout_of(page.plot(printer), 175) for page in pages]
        last = forest.draw(pages[-1].plot(printer), 175)
    assert faults_in(last) == []
    assert len({layout.axis for layout in layouts}) == 1
    assert all(layout.height <= TALLEST + 0.5 for layout in layouts)


def test_forty_terms_of_a_model_are_at_most_pages():
    pages = paged(figure_of(row_of(f"Term {at}, per 1 in log(x + 1)", is_heading=True) for at in range(60)), "more")
    assert len(pages[0].rows) > 30
    assert sum(len(page.rows) for page in pages) == 60


def test_a_variable_with_more_levels_than_a_page_repeats_its_heading():
    heading = ForestRow("Country", (Told(()), Told(()), Told(())), is_heading=True)
    pages = paged(figure_of([heading, *(row_of(f"Level {at}", is_inner=True) for at in range(90))]), "more")
    assert len(pages) > 1
    assert all(page.rows[0] == heading for page in pages)
    assert sum(row.is_inner for page in pages for row in page.rows) == 90
