"""The report's tables, row by row; the numbers are R's (`golden/report/lung.R`)."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report import notation
from riskset_report.labels import Labels

COLUMNS = ("n (events)", "Univariable HR (95% CI)", "P", "Multivariable HR (95% CI)", "P")
APART = ("Univariable n (events)", "HR (95% CI)", "P", "Multivariable n (events)", "HR (95% CI)", "P")
LABELS = Labels(
    variables={"age": "Age, per year", "ecog": "ECOG PS"},
    endpoints={"os": "Overall survival"},
    levels={("sex", "male"): "Male", ("sex", "female"): "Female"},
)


@pytest.fixture
def cox_tables(printed):
    return lambda document: printed(document, LABELS).tables("cox")


@pytest.fixture
def cox_table_of(cox_tables):
    def cox_table_of(document):
        (table,) = cox_tables(document)
        return table

    return cox_table_of


@pytest.fixture
def survival_table_of(printed):
    def survival_table_of(document):
        (table,) = printed(document, LABELS).tables("km")
        return table

    return survival_table_of


def cells_of(table):
    return {row.label: row.cells for row in table.rows}


def model_of(results, ending):
    return next(result for result in results["results"] if result["id"].endswith(ending))


def test_survival_by_arm(lung, survival_table_of):
    table = survival_table_of(lung)
    assert table.columns == ("Male", "Female", "All patients")
    assert cells_of(table) == {
        "Patients": ("126", "86", "212"),
        "Events": ("101", "49", "150"),
        "Months until survival falls to (95% CI)": (),
        "75%": ("5.5 (3.9–6.0)", "8.0 (6.4–11.3)", "6.0 (5.3–6.9)"),
        "50% (median)": ("9.4 (7.4–11.3)", "14.3 (11.5–18.2)", "11.3 (9.4–12.2)"),
        "25%": ("15.9 (13.1–19.3)", "23.2 (18.2–25.3)", "18.9 (15.9–21.6)"),
        "Survival, % (95% CI)": (),
        "at 6 months": ("65.8 (56.8–73.4)", "84.7 (75.1–90.8)", "73.4 (66.8–78.8)"),
        "at 12 months": ("35.9 (27.0–44.8)", "55.7 (43.0–66.6)", "43.7 (36.2–50.8)"),
        "at 24 months": ("8.6 (3.9–15.7)", "19.8 (8.9–33.8)", "12.6 (7.3–19.2)"),
    }
    assert table.notes == (
        "Log-rank test on the grid: χ² = 9.55 (df 1, P = .002).",
        "Log-rank test stratified by site: χ² = 10.14 (df 1, P = .001).",
    )


def test_survival_without_arms_or_landmarks(lung, survival_table_of):
    result = lung["results"][0]
    result |= {"arms": [], "log_rank": None, "log_rank_by_site": None}
    result["overall"]["landmarks"] = []
    table = survival_table_of(lung)
    assert table.columns == ("All patients",)
    assert table.rows[-1].label == "25%"
    assert table.notes == ()


def test_cox_models_alone_and_together(lung, cox_table_of):
    table = cox_table_of(lung)
    assert table.title == "Overall survival, all patients: Cox models"
    assert table.columns == COLUMNS
    assert [(row.label, row.is_inner) for row in table.rows] == [
        ("sex", False),
        ("Male", True),
        ("Female", True),
        ("Age, per year", False),
        ("ECOG PS", False),
        ("0", True),
        ("1", True),
        ("2+", True),
        ("wt_loss", False),
    ]
    cells = cells_of(table)
    assert cells["sex"] == ("212 (150)", "", "", "", "")
    assert cells["Male"] == ("126 (101)", "1 (reference)", "", "1 (reference)", "")
    assert cells["Female"] == ("86 (49)", "0.56 (0.40–0.80)", ".002", "0.54 (0.38–0.77)", "<.001")
    assert cells["Age, per year"] == ("212 (150)", "1.025 (1.004–1.046)", ".02", "1.01 (0.99–1.04)", ".15")
    assert cells["ECOG PS"] == ("212 (150)", "", "<.001", "", "<.001")
    assert [row.label for row in table.rows if row.is_heading] == ["sex", "ECOG PS"]
    assert cells["1"] == ("106 (–)", "1.42 (0.93–2.18)", ".10", "1.556 (1.003–2.413)", ".048")


def test_the_signs_of_a_table_of_models_are_explained_where_they_are(lung, cox_table_of):
    signs = ("P beside a variable: Wald's test of all its levels together.",)
    assert cox_table_of(lung).notes[-2:] == (*signs, "(–): the events of this level are not counted.")
    lung["results"] = [model_of(lung, "univariable/sex")]
    assert not any("P beside" in note or "(–)" in note for note in cox_table_of(lung).notes)


def test_notes_tell_baseline_ties_and_tests(lung, cox_table_of):
    notes = cox_table_of(lung).notes
    assert "One baseline hazard per site; tied times by Efron's approximation." in notes[0]
    assert notes[1].startswith("Univariable, ECOG PS: likelihood ratio χ² = 19.25 (df 2, P < .001); Wald")
    assert notes[2] == (
        "Multivariable: likelihood ratio χ² = 34.07 (df 5, P < .001); Wald χ² = 33.24 (df 5, P < .001); "
        "score χ² = 35.29 (df 5, P < .001)."
    )
    assert len(notes) == 5


def test_models_of_different_patients_tell_their_sizes_in_their_rows(lung, cox_table_of):
    model_of(lung, "univariable/age")["n"] = 200
    table = cox_table_of(lung)
    assert table.columns == APART
    cells = cells_of(table)
    assert (cells["Age, per year"][0], cells["Age, per year"][3]) == ("200 (150)", "212 (150)")
    assert (cells["1"][0], cells["1"][3]) == ("106 (–)", "106 (–)")


def test_one_kind_of_model_makes_three_columns(lung, cox_table_of):
    lung["results"] = [model_of(lung, "multivariable")]
    assert cox_table_of(lung).columns == ("n (events)", "Multivariable HR (95% CI)", "P")


def test_a_term_without_estimate_tells_why(lung, cox_table_of):
    nothing = dict.fromkeys(("coef", "se", "robust_se", "hr", "lower", "upper", "z", "p"))
    reason = {"code": "aliased with site", "message": "one value at each site"}
    term = {"variable": "country", "level": "JP", "reference": "KR", **nothing, "reason": reason}
    model_of(lung, "multivariable")["terms"].append(term)
    table = cox_table_of(lung)
    assert cells_of(table)["country"] == ("212 (150)", "", "", "", "")  # its levels are not counted
    assert cells_of(table)["KR"] == ("", "", "", "1 (reference)", "")
    assert cells_of(table)["JP"] == ("", "", "", "n.e.*", "")
    assert table.notes[-1] == "* one value at each site."


def test_a_refused_model_keeps_its_row_and_tells_why(lung, cox_table_of):
    age = model_of(lung, "univariable/age")
    for key in ("n", "events", "ties", "terms", "tests"):
        del age[key]
    age |= {"status": "refused", "reason": {"rule": "R4", "message": "too few events for its terms"}}
    table = cox_table_of(lung)
    assert cells_of(table)["Age, per year"] == ("212 (150)", "refused (R4)*", "", "1.01 (0.99–1.04)", ".15")
    assert table.notes[-1] == "* R4: too few events for its terms."


def test_equal_reasons_are_one_footnote_and_others_have_their_own(lung, cox_table_of):
    for ending, message in (("age", "too few"), ("ecog", "too few"), ("sex", "too many")):
        model = model_of(lung, f"univariable/{ending}")
        variables = dict.fromkeys(term["variable"] for term in model["terms"])
        refuse(model, *variables, message=message, remedy="")
    table = cox_table_of(lung)
    cells = {row.label: row.cells[1] for row in table.rows if len(row.cells) > 1}
    assert (cells["Female"], cells["Age, per year"], cells["1"]) == ("refused (R4)*", *["refused (R4)†"] * 2)
    assert table.notes[-2:] == ("* R4: too many.", "† R4: too few.")


def refuse(result, *covariates, **reason):
    """Makes a result one that a rule refused, as results.json tells it."""
    kept = {
        key: result[key]
        for key in ("id", "analysis", "kind", "endpoint", "population", "model", "ties")
        if key in result
    }
    result.clear()
    reason = {"rule": "R4", "message": "one stands out", "remedy": "drop a column", "by": "a site"} | reason
    result.update(kept, status="refused", reason=reason, covariates=list(covariates))


def test_a_refused_model_beside_fitted_ones_has_its_column_and_no_empty_cell(lung, cox_table_of, printed):
    model = model_of(lung, "multivariable")
    refuse(model, *dict.fromkeys(term["variable"] for term in model["terms"]))
    table = cox_table_of(lung)
    assert table.columns == COLUMNS
    said = {row.label: row.cells[3] for row in table.rows if row.cells and not row.is_heading}
    assert said == dict.fromkeys(said, "refused (R4)*")
    assert len(said) == 7
    assert table.notes[-1] == "* R4: one stands out. What would pass: drop a column."
    assert printed(lung, LABELS).boxes("cox") == []


def test_a_refused_model_says_nothing_of_covariates_it_would_not_have_had(lung, cox_table_of):
    refuse(model_of(lung, "multivariable"), "age")
    said = {row.label: row.cells[3] for row in cox_table_of(lung).rows if row.cells}
    assert said.pop("Age, per year") == "refused (R4)*"
    assert set(said.values()) == {""}


def test_models_all_of_which_were_refused_are_one_box_for_each_rule(lung, cox_tables, printed):
    models = [result for result in lung["results"] if result["kind"] == "cox"]
    for model in models:
        refuse(model, "age")
    refuse(models[-1], "age", rule="R3", by="all", message="12 events are too few.", remedy="")
    assert cox_tables(lung) == []
    first, second = printed(lung, LABELS).boxes("cox")
    assert first.title == second.title == "Overall survival, all patients: Cox models"
    assert str(first.status) == "Refused by rule R4, by one site on its own patients; no one learns which site"
    assert (first.why, first.remedy) == ("one stands out", "drop a column")
    assert str(second.status) == "Refused by rule R3, on the totals, by all parties"
    assert (second.why, second.remedy) == ("12 events are too few", "")


def test_models_none_of_which_was_fitted_make_no_table(lung, cox_tables):
    for result in lung["results"]:
        result |= {"status": "not estimable", "reason": {"code": "not converged"}}
    assert cox_tables(lung) == []


def test_each_endpoint_has_its_table(lung, cox_tables):
    lung["results"] += [
        {**result, "id": result["id"].replace("os", "pfs"), "endpoint": "pfs"} for result in lung["results"]
    ]
    tables = cox_tables(lung)
    assert [table.title for table in tables] == [
        "Overall survival, all patients: Cox models",
        "pfs, all patients: Cox models",
    ]


def test_a_second_analysis_of_an_endpoint_has_its_own_table(patients, printed):
    sites, rows = ("asan", "kurume"), patients.rows(5, 300)
    cox = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]}
    analyses = {
        "survival": {"kind": "km", "endpoints": ["os"]},
        "efron": cox | {"univariable": ["age"], "ties": "efron"},
        "breslow": cox | {"univariable": ["age", "arm"], "ties": "breslow"},
        "again": cox | {"univariable": ["age", "arm"], "ties": "efron"},
    }
    study = patients.study(sites, analyses=analyses, disclosure={"secure_sum": "off"})
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(sites, rows.n)), is_gated=False).run()
    refused = {"cox/os/all/univariable/age/again": RefusedByRule("R4", "")}
    outcome = replace(outcome, results=outcome.results | refused)
    found = printed(results_of(study, outcome, sites))

    efron, breslow, again = found.tables("cox")

    def cells(*models):
        fits = [outcome.results[f"cox/os/all/{model}"] for model in models]
        return tuple(
            text
            for fit, t in ((fit, fit.terms[0]) for fit in fits)
            for text in (notation.ratio(t.hr, t.lower, t.upper), notation.p_value(t.p))
        )

    titles = [f"os, all patients: Cox models ({name})" for name in ("efron", "breslow", "again")]
    assert [table.title for table in (efron, breslow, again)] == titles
    assert "tied times by Efron's approximation." in efron.notes[0]
    assert "tied times by Breslow's approximation." in breslow.notes[0]
    assert efron.columns == breslow.columns == COLUMNS
    new = rows.variables["arm"] == 1
    sizes = [notation.size(chosen.sum(), rows.event[chosen].sum()) for chosen in (new, rows.days > 0)]
    assert cells_of(efron)["new"] == (sizes[0], "", "", *cells("multivariable"))
    assert cells_of(breslow)["new"] == (sizes[0], *cells("univariable/arm", "multivariable/breslow"))
    assert cells_of(breslow)["age"][:3] == (sizes[1], *cells("univariable/age/breslow"))
    assert cells_of(again)["age"][1] == "refused (R4)*"
    assert again.notes[-1] == "* R4."

    alone = cells("univariable/arm")[0].replace("(", "(95% CI ")
    assert f"HR {alone}" in found.plots()[0].statistics


def test_an_arm_of_nobody_has_no_median_that_was_not_reached(patients, printed):
    """Nor quartiles or landmarks; in the table, in the figure and in results.json."""
    sites, rows = ("asan", "kurume"), patients.rows(5, 120)
    rows = replace(rows, variables={**rows.variables, "arm": np.zeros(rows.n)})
    analyses = {
        "survival": {"kind": "km", "endpoints": ["os"], "landmarks": [12]},
        "follow": {"kind": "follow-up", "endpoints": ["os"]},
        "means": {"kind": "rmst", "endpoints": ["os"], "tau": [12]},
    }
    study = patients.study(sites, analyses=analyses, disclosure={"secure_sum": "off"})
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(sites, rows.n)), is_gated=False).run()
    results = results_of(study, outcome, sites)
    found = printed(results)
    for kind in ("km", "follow-up", "rmst"):
        (table,) = found.tables(kind)
        of_nobody = [row.cells[1] for row in table.rows if row.cells]
        assert table.columns[1] == "new"
        assert of_nobody.count(notation.NO_VALUE) >= 1
        assert not any(notation.Words().not_reached in text for text in of_nobody), kind
    (plot,) = found.plots()
    assert f"new\u00a0 {notation.NO_VALUE}" in plot.statistics
    for entry in results.entries:
        nobody = entry_json(entry)["arms"][1]
        assert (nobody["n"], nobody["reason"]["code"]) == (0, "no patients")


def test_a_weighted_model_says_as_how_many_its_patients_count(patients, printed):
    """Of weights 30 to 90 the patients count as fewer, and no number of events is printed."""
    sites = ("asan", "kurume")
    cox = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "age", "robust": "none"}
    cohorts = patients.deal(patients.rows(seed=3, n=80), np.array(sites)[np.arange(80) % 2])
    for name, cohort in cohorts.items():
        rows = cohort.analysis_sets["os"]
        weighted = {"os weighted by age": replace(rows, weights=rows.variables["age"])}
        cohorts[name] = replace(cohort, analysis_sets={"os": rows, **weighted})
    study = patients.study(sites, analyses={"cox": cox})
    results = results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), sites, [], is_gated=False)
    (table,) = printed(results, LABELS).tables("cox")
    assert [row.cells[0] for row in table.rows] == ["80", "", ""]
    (entry,) = (entry_json(entry) for entry in results.entries if entry.id == "cox/os/all/multivariable")
    assert entry["effective_n"] < 80
    (note,) = (note for note in table.notes if note.startswith("Each patient counts by "))
    n, events = entry["effective_n"], entry["effective_events"]
    assert note.endswith(f": the patients as {n} of equal weight, and those with an event as {events}.")
