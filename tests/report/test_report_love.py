"""Love plots: what is drawn of the balance of populations, in which order, and what is said of the rest."""

from dataclasses import replace

import pytest
from tests.report.figure_layout import HOSTILE_LABELS, layout_faults

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report import report_of
from riskset_report.cells import Cell, Cells, Mark, Place
from riskset_report.figures.love import _beside
from riskset_report.figures.love_figure import Differences, LoveFigure
from riskset_report.labels import Labels
from riskset_report.printing import Printer

SITES = ("asan", "kurume", "osaka")
N = 240
SUPPRESSED = Mark("suppressed", "fewer than 5 patients")
SCORE = {
    "covariates": ["age", "stage"],
    "site": "none",
    "adjustments": {
        "match": {"method": "nearest", "ratio": 1, "caliper_sd": 0.2},
        "iptw": {"method": "ate", "truncate": 4},
    },
    "gates": {"smd_max": 0.15},
}


def rehearsed(patients, seed):
    study = patients.study(
        SITES, analyses={"score": {"kind": "propensity"}, "balance": {"kind": "balance"}}, propensity=SCORE
    )
    of = [one.name for one in plan(study).sets if one.endpoint is None]
    cohorts = {}
    for name, cohort in patients.deal(patients.rows(seed, N), patients.sites(SITES, N)).items():
        rows = cohort.analysis_sets["os"]
        cohorts[name] = Cohort(name, {"os": rows} | dict.fromkeys(of, PatientSet(rows.variables, rows.patients)))
    return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES, [], is_gated=False)


@pytest.fixture(scope="module")
def results(patients):
    return rehearsed(patients, seed=5)


def figure_in(report):
    blocks = (block for part in report.parts if part.kind == "balance" for block in part.blocks)
    (figure,) = (block for block in blocks if isinstance(block, LoveFigure))
    return figure


@pytest.fixture
def plot_of(printed):
    def plot_of(results, labels=None):
        found = printed(results, labels or Labels())
        return figure_in(found.report).plot(found.printer)

    return plot_of


def found_in(results):
    return {entry.id: entry_json(entry) for entry in results.entries if entry.kind == "balance"}


def test_all_populations_are_in_one_figure_the_largest_difference_first(results, plot_of):
    plot, found = plot_of(results), found_in(results)
    assert figure_in(report_of(results, Labels())).alt.startswith("Balance before adjustment and of ")
    before = [row.values[0] for row in plot.rows]
    assert before == sorted(before, reverse=True)
    assert {row.label for row in plot.rows} == {"age", "stage: I", "stage: II", "stage: III"}
    (age,) = (row for row in plot.rows if row.label == "age")
    smds = [next(v for v in found[f"balance/{of}"]["variables"] if v["variable"] == "age") for of in ("iptw", "match")]
    expected = [smds[0]["before"]["smd"], *(one["after"]["smd"] for one in smds)]
    assert age.values == pytest.approx([abs(value) for value in expected], rel=1e-12)


def test_the_legend_has_the_size_of_each_population(results, plot_of):
    plot, found = plot_of(results, Labels(levels={("arm", "new"): "New", ("arm", "old"): "Old"})), found_in(results)
    matched, effective = found["balance/match"]["matched"], found["balance/iptw"]["effective"]
    assert plot.sets[0] == "Before adjustment"
    assert plot.sets[2] == f"After: match; New {matched['treated']}, Old {matched['control']}"
    assert plot.sets[1].startswith("After: iptw; effective sample size New ")
    assert f"New {effective['treated']:,.1f}".removesuffix(".0") in plot.sets[1]


def test_the_limits_are_the_customary_one_and_the_studys(results, plot_of):
    assert plot_of(results).limits == ((0.1, "Customary limit, 0.1"), (0.15, "The study's limit, 0.15"))


def test_what_is_refused_is_said_below(results, plot_of):
    refused = RefusedByRule("R4", "stage = II: must be at least 10; found 6.")

    def change(balanced):
        rows = tuple(replace(row, after=None) if row.variable == "stage" else row for row in balanced.rows)
        return replace(balanced, rows=rows, without={"stage": refused})

    entries = (replace(e, result=change(e.result)) if e.id == "balance/match" else e for e in results.entries)
    plot = plot_of(replace(results, entries=tuple(entries)))
    assert "Not given in match: stage: stage = II: must be at least 10; found 6." in plot.footnote[0]
    assert [row.values[2] is None for row in plot.rows] == [row.label != "age" for row in plot.rows]
    assert all(row.values[0] is not None and row.values[1] is not None for row in plot.rows)


def test_of_two_levels_one_is_drawn(results, plot_of):
    def change(balanced):
        rows = tuple(row for row in balanced.rows if row.level != "III")
        return replace(balanced, rows=rows)

    analyses = {
        e.id: replace(e.analysis, covariates=tuple(replace(c, levels=c.levels[:2]) for c in e.analysis.covariates))
        for e in results.entries
        if e.kind == "balance"
    }
    entries = (
        replace(e, result=change(e.result), analysis=analyses[e.id]) if e.kind == "balance" else e
        for e in results.entries
    )
    plot = plot_of(replace(results, entries=tuple(entries)))
    assert {row.label for row in plot.rows} == {"age", "stage: II"}


def test_two_runs_of_which_all_that_differs_is_held_back_are_the_same_drawing(results, patients):
    reports = [report_of(run, Labels()) for run in (results, rehearsed(patients, seed=6))]
    values = [{cell.id: cell.value for cell in report.cells} for report in reports]
    differing = [id_ for id_ in values[0] if values[0][id_] != values[1][id_]]
    files = []
    for report in reports:
        cells = report.cells.with_values(dict.fromkeys(differing, SUPPRESSED))
        files.append(figure_in(report).drawn(Printer(cells, "month", 30.4375), 85))
    assert files[0] == files[1]
    assert b"suppressed" in files[0].svg


def printer_of(*values):
    return Printer(Cells(Cell(f"c{at}", Place(f"c{at}"), value) for at, value in enumerate(values)), "month", 30.4375)


def figure_of(label, sets=3, rows=4):
    names = tuple((f"{label} {at}",) for at in range(sets))
    differences = tuple(Differences(f"{label} {at}", ("c0", "c1", "")) for at in range(rows))
    limits = ((0.1, (label,)), ("c1", (label,)))
    return LoveFigure("balance/match", "Balance", names, differences, limits, label, ((label,),), notices=label)


@pytest.mark.parametrize("label", list(HOSTILE_LABELS.values()), ids=list(HOSTILE_LABELS))
@pytest.mark.parametrize("values", [(0.57, 0.02), (-12.5, 0.3), (0.0001, 0.0)])
def test_no_text_leaves_its_figure_or_overlaps_another(label, values):
    assert layout_faults(figure_of(label), printer_of(*values)) == []


def test_a_number_held_back_has_no_mark_and_no_place_in_the_order():
    rows = (Differences("held", ("c0",)), Differences("small", ("c1",)), Differences("large", ("c2",)))
    figure = replace(figure_of("x"), rows=rows, limits=())
    plot = figure.plot(printer_of(SUPPRESSED, 0.1, -0.4))
    assert [(row.label, row.values) for row in plot.rows] == [("large", (0.4,)), ("small", (0.1,)), ("held", (None,))]
    assert "suppressed: fewer than 5 patients." in plot.footnote[0]


def test_drawing_is_repeatable():
    figure, printer = figure_of("Age"), printer_of(0.57, 0.02)
    assert figure.drawn(printer, 175) == figure.drawn(printer, 175)


def test_marks_that_would_cover_each_other_are_drawn_one_below_the_other():
    assert _beside([1.0, 1.2, None]) == [0.0, 0.0, 0.0]
    alone, upper, lower = _beside([3.0, 1.01, 1.0])
    assert (alone, upper) == (0.0, -lower)
    assert upper < 0 < lower
