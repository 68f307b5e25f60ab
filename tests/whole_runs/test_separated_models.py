"""Separated Cox models from the run to the report: which columns, which limit, and when there is none."""

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet
from riskset.analyses.methods.cox_fit import CoxFit, Separated
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset_report import notation

SITES = ("asan", "kurume")
OFF = {"secure_sum": "off"}


def found_of(patients, rows, **cox):
    sites = np.array(SITES)[np.arange(rows.n) % 2]
    study = patients.study(SITES, analyses={"cox": {"kind": "cox", "endpoints": ["os"], **cox}}, disclosure=OFF)
    return results_of(study, Rehearsal(study, patients.deal(rows, sites), is_gated=False).run(), SITES)


def by_model(results):
    return {result["id"].split("/", 3)[3]: result for result in results_json(results)["results"]}


def gated_results_of(patients, rows, **cox):
    """The same at three sites under the rules, with masks."""
    sites = (*SITES, "osaka")
    study = patients.study(sites, analyses={"cox": {"kind": "cox", "endpoints": ["os"], **cox}})
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(sites, rows.n))).run()
    return {id_.split("/", 3)[3]: result for id_, result in outcome.results.items() if id_.startswith("cox")}


@pytest.mark.parametrize(("levels", "names"), [([2], ["stage = III"]), ([1, 2], ["stage = II", "stage = III"])])
def test_under_the_rules_a_fit_that_runs_away_is_stopped_and_named(patients, levels, names):
    """Farther out the linear predictors pass rule R7 at every site; what was asked until then shows the separation."""
    found = gated_results_of(
        patients,
        without_events(patients.rows(5, 300), levels),
        univariable=["arm", "stage"],
        multivariable=["arm", "stage"],
    )
    assert isinstance(found["univariable/arm"], CoxFit)
    for model in ("univariable/stage", "multivariable"):
        ended = found[model]
        assert isinstance(ended, Separated)
        assert [column.name for column in ended.columns] == names
        assert ended.limit is None
        assert str(ended.message).startswith("separated, or nearly: after ")


def without_events(rows, levels):
    event = rows.event & ~np.isin(rows.variables["stage"], levels)
    return AnalysisSet(rows.days, event, rows.entry_days, rows.variables)


@pytest.fixture(scope="module")
def one_level(patients):
    rows = without_events(patients.rows(5, 300), [2])
    return found_of(patients, rows, univariable=["arm", "stage"], multivariable=["arm", "age", "stage"])


@pytest.fixture(scope="module")
def two_levels(patients):
    rows = without_events(patients.rows(5, 300), [1, 2])
    return found_of(patients, rows, univariable=["arm", "stage"], multivariable=["arm", "age", "stage"])


def test_one_separated_level_has_an_upper_limit(one_level):
    for model in ("univariable/stage", "multivariable"):
        reason = by_model(one_level)[model]["reason"]
        assert reason["columns"] == [{"variable": "stage", "level": "III", "reference": "I"}]
        assert reason["limit"]["side"] == "upper"
        assert reason["limit"]["hr"] == pytest.approx(np.exp(reason["limit"]["coef"]))
        assert reason["message"] == (
            "separated: the likelihood has no maximum in stage = III; "
            f"hazard ratio < {reason['limit']['hr']:.3g} (95% profile likelihood)"
        )


def test_the_table_shows_the_limit_in_the_levels_row(one_level, printed):
    (table,) = printed(one_level).tables("cox")
    cells = {row.label: row.cells for row in table.rows}
    limits = [by_model(one_level)[m]["reason"]["limit"] for m in ("univariable/stage", "multivariable")]
    alone, together = (notation.separated(limit["hr"], limit["side"]) for limit in limits)
    assert [name for name in table.columns if "HR" in name] == [table.columns[1], table.columns[3]]
    assert cells["III"][1:] == (f"{alone}*", "", f"{together}†", "")
    assert cells["I"][1:] == ("1 (reference)", "") * 2
    assert [note[:13] for note in table.notes if note[0] in "*†"] == ["* separated: ", "† separated: "]


def test_the_table_shows_the_events_of_a_separated_model(one_level, two_levels, printed):
    for results in (one_level, two_levels):
        separated = by_model(results)["univariable/stage"]
        fitted = by_model(results)["univariable/arm"]
        assert separated["events"] == fitted["events"]  # of the same patients
        (table,) = printed(results).tables("cox")
        cells = {row.label: row.cells for row in table.rows}
        levels = next(result for result in (separated, fitted) if "levels" in result)["levels"]
        assert sum(of["n"] for of in levels) == fitted["n"]
        assert cells["III"][0].split(" ")[0] == str(next(of["n"] for of in separated["levels"] if of["level"] == "III"))


def test_several_separated_levels_have_none(two_levels):
    for model in ("univariable/stage", "multivariable"):
        reason = by_model(two_levels)[model]["reason"]
        assert [column["level"] for column in reason["columns"]] == ["II", "III"]
        assert reason["limit"] is None
        assert reason["message"].endswith(
            "in stage = II, stage = III; where several coefficients diverge, none has a finite limit"
        )


def test_a_model_without_a_limit_is_not_estimable_in_the_table(two_levels, printed):
    (table,) = printed(two_levels).tables("cox")
    assert table.columns == ("n (events)", "Univariable HR (95% CI)", "P")
    assert {row.label: row.cells for row in table.rows}["II"][1:] == ("n.e.*", "")


@pytest.mark.parametrize(
    ("hr", "side", "text"),
    [
        (2.312, "lower", "> 2.31 (separated)"),
        (0.4261, "upper", "< 0.43 (separated)"),
        (0.00123, "upper", "< 0.001 (separated)"),
        (1.0021, "upper", "< 1.002 (separated)"),
        (123456.0, "lower", "> 123,456 (separated)"),
        (None, "lower", "n.e."),
    ],
)
def test_how_a_limit_is_written(hr, side, text):
    assert notation.separated(hr, side) == text
