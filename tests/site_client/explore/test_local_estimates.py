"""What lifelines computes for the page of `riskset site explore` equals riskset's own fit of the same rows."""

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.design import matrix, strata_of
from riskset.analyses.plan import plan
from riskset.stats import cox
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import exits, limits, product_limit, quantile
from riskset.study.load import parse_study
from riskset_demo.studies.real import LUNG
from riskset_site.data.cohort import load_cohort
from riskset_site.explore.cox import local_model, local_models
from riskset_site.explore.curves import local_curves
from riskset_site.explore.incidence import local_incidences

STUDY = parse_study(LUNG.study.decode())


@pytest.fixture(scope="module")
def lung(tmp_path_factory):
    """The largest site of the golden data set of lung cancer."""
    folder = tmp_path_factory.mktemp("lung")
    patients = LUNG.patients()
    for name, content in LUNG.folders()[max(patients, key=patients.get)].items():
        (folder / name).write_bytes(content)
    return load_cohort(folder / "site.toml", STUDY)


def own_fit(analysis, cohort):
    rows = cohort.outcomes(analysis.set_id.name)
    design = matrix(analysis.exposure.design, rows)
    strata = strata_of(analysis.exposure.conditions, rows)
    units = design.std(axis=0)
    sets = cox.risk_sets(design, rows.days, rows.event, entry_days=rows.entry_days, strata=strata, scale=units)
    fit = cox.fit([sets])
    information = cox.evaluate(sets, fit.beta).information
    return np.array(fit.beta) / units, np.sqrt(np.diag(np.linalg.inv(information))) / units


def test_models_are_those_of_riskset(lung):
    models = list(local_models(lung, STUDY))
    asked = {one.id: one for one in plan(STUDY).reported}
    assert len(models) == 5
    for model in models:
        coef, se = own_fit(asked[model.id], lung)
        assert [term.coef for term in model.terms] == pytest.approx(coef, rel=1e-7, abs=1e-9)
        assert [term.se for term in model.terms] == pytest.approx(se, rel=1e-6)


def test_curves_are_those_of_riskset(lung):
    rows = lung.outcomes("os")
    found = local_curves("os", rows, "sex", STUDY.levels_of("sex"))
    assert [curve.level for curve in found.survival] == list(STUDY.levels_of("sex"))
    for code, curve in enumerate(found.survival):
        chosen = rows.variables["sex"] == code
        equal(curve, rows.days[chosen], rows.event[chosen])
        equal(found.follow_up[code], rows.days[chosen], ~rows.event[chosen])


def equal(curve, days, event, entry=None):
    grid = Grid(1, int(days.max()) + 1)
    (counts,) = exits(days, event, np.zeros_like(days), 1, grid, entry_days=entry)
    own = product_limit(counts[0], counts[1], None if entry is None else counts[2], grid.days)
    lower, upper = limits(own)
    assert curve.days.tolist() == own.day.tolist()
    assert curve.at_risk.tolist() == own.at_risk.tolist()
    assert curve.estimate == pytest.approx(own.survival, rel=1e-12)
    is_known = np.isfinite(lower)
    np.testing.assert_allclose(curve.lower[is_known], lower[is_known], rtol=1e-9)
    np.testing.assert_allclose(curve.upper[is_known], upper[is_known], rtol=1e-9)
    median = quantile(own, lower, upper, 0.5)
    assert (curve.median, curve.median_limits) == (median.estimate, (median.lower, median.upper))


def test_a_median_is_halfway_where_the_curve_is_flat_at_one_half():
    """6 patients, three events by day 49: lifelines says 49 or 119, as (5/6)(4/5)(3/4) is rounded."""
    days, event = np.array([36, 47, 49, 119, 119, 210]), np.ones(6, bool)
    (curve,) = local_curves("os", AnalysisSet(days, event, None, {}), None, ()).survival
    assert curve.median == 84


def test_incidences_add_up_to_what_is_not_survived():
    """Each cause by hand: three patients, one with each cause, the last censored."""
    rows = AnalysisSet(np.array([1, 2, 3]), np.array([True, False, False]), None, {}, cause=np.array([1, 2, 0]))
    (first, (event,)), (second, (other,)) = local_incidences(rows, ("a", "b"), None, ())
    assert (first, second) == ("a", "b")
    assert (event.days.tolist(), event.at_risk.tolist()) == ([1, 2, 3], [3, 2, 1])
    assert event.estimate == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert other.estimate == pytest.approx([0, 1 / 3, 1 / 3])
    assert (event.events, other.events) == (1, 1)


def test_patients_who_enter_late_are_at_risk_from_the_day_after():
    random = np.random.default_rng(5)
    days, event = random.integers(5, 60, 120), random.random(120) < 0.6
    entry = np.minimum(random.integers(0, 30, 120), days - 1)
    found = local_curves("os", AnalysisSet(days, event, entry, {}), None, ())
    equal(found.survival[0], days, event, entry)
    assert (found.survival[0].level, found.log_rank_p, found.has_entry) == ("", None, True)


def of_sex(sex, event):
    """A cohort of the lung study's model of sex."""
    n = len(sex)
    rows = AnalysisSet(np.arange(1, n + 1), np.array(event, bool), None, {"sex": np.array(sex, float)})
    model = next(one for one in plan(STUDY).reported if one.id == "cox/os/all/univariable/sex")
    return local_model(model, Cohort("here", {"os": rows}))


@pytest.mark.parametrize(
    ("sex", "event", "why"),
    [
        ([0, 1, 0, 1], [0, 0, 0, 0], "there is no event"),
        ([1, 1, 1, 1], [1, 0, 1, 0], "no covariate differs"),
        ([], [], "no row is analysed"),
        ([0, 1, 0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0, 1, 0], "separates those with the event"),
    ],
)
def test_what_cannot_be_fitted_says_why(sex, event, why):
    model = of_sex(sex, event)
    assert model.terms == ()
    assert why in str(model.why_not)


def test_a_level_without_events_is_named():
    model = of_sex([0, 1, 0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0, 1, 0])
    assert [str(note) for note in model.notes] == [
        "nobody with sex = female has the event, so its hazard ratio has no lower bound"
    ]


def test_few_events_are_said():
    random = np.random.default_rng(2)
    model = of_sex(random.integers(0, 2, 12), random.random(12) < 0.5)
    assert len(model.terms) == 1
    assert model.has_few_events
