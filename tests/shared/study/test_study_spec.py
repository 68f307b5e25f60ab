"""The study as a value: its properties and methods."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from riskset.study.asked.cox import CoxEntry
from riskset.study.load import load_study
from riskset.study.spec import Comparison, GridTable, NumberVariable, Study

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture(scope="module")
def hcc() -> Study:
    return load_study(CONFIGS / "hcc-second-line.toml")


def number(**settings):
    return NumberVariable(**{"type": "number", "range": (1, 100)} | settings)


def test_the_order_of_the_file_is_kept(hcc):
    assert list(hcc.sites) == ["asan", "kurume"]
    assert list(hcc.variables)[:4] == ["arm", "age", "sex", "aetiology"]
    assert [rule.id for rule in hcc.eligibility] == ["adults", "child_pugh", "started"]


def test_titles_fall_back_to_english_then_to_any(hcc):
    assert hcc.title_in("ko") == hcc.title_in("en") == hcc.header.title["en"]
    german = hcc.model_copy(update={"header": hcc.header.model_copy(update={"title": {"de": "Titel"}})})
    assert german.title_in("en") == "Titel"


def test_a_month_has_30_4375_days(hcc):
    assert hcc.days_per_unit == 365.25 / 12


def test_levels_of_each_kind(hcc):
    assert hcc.levels_of("ecog") == ("0", "1", "2+")
    assert hcc.levels_of("mvi") == ("false", "true")
    assert hcc.levels_of("age") == hcc.levels_of("start") == ()


def test_a_variable_without_a_label_is_printed_by_name(hcc):
    assert hcc.label_of("afp") == "AFP"
    bare = hcc.variables["afp"].model_copy(update={"label": ""})
    assert hcc.model_copy(update={"variables": {"afp": bare}}).label_of("afp") == "afp"


def test_an_endpoint_needs_all_its_models_covariates_and_the_arm(hcc):
    cox = hcc.analyses["cox"].model_copy(
        update={"univariable": ("ehs",), "multivariable": ("mvi", "age"), "endpoints": ("pfs",)}
    )
    study = hcc.model_copy(update={"analyses": {"cox": cox}})
    assert study.covariates_of("pfs") == ("arm", "age", "mvi", "ehs")  # the study's order, not the model's
    assert study.covariates_of("os") == ("arm",)
    assert study.model_copy(update={"comparison": None}).covariates_of("os") == ()


def test_univariable_true_means_each_of_the_multivariable_model():
    cox = CoxEntry(kind="cox", endpoints=("os",), univariable=True, multivariable=("b", "a"))
    assert cox.univariable_covariates == cox.covariates == ("b", "a")
    listed = cox.model_copy(update={"univariable": ("c", "a")})
    assert listed.univariable_covariates == ("c", "a")
    assert listed.covariates == ("b", "a", "c")
    assert cox.model_copy(update={"univariable": False}).univariable_covariates == ()


@pytest.mark.parametrize(
    ("transform", "at_eight"),
    [
        (None, 8.0),
        ("log", np.log(8)),
        ("log2", 3.0),
        ("log10", np.log10(8)),
        ("log1p", np.log(9)),
        ("log10p1", np.log10(9)),
        ("sqrt", np.sqrt(8)),
    ],
)
def test_transforms(transform, at_eight):
    variable = number(transform=transform)
    values = variable.transformed(np.array([8.0, np.nan]))
    np.testing.assert_allclose(values, [at_eight, np.nan], rtol=1e-15)
    low, high = variable.transformed_range
    assert low < values[0] < high


@pytest.mark.parametrize(
    ("transform", "begins", "is_defined"),
    [
        ("log", 0, False),
        ("log", 0.1, True),
        ("log2", -1, False),
        ("log10", 0, False),
        ("log1p", 0, True),
        ("log1p", -1, False),
        ("log10p1", -0.5, True),
        ("log10p1", -1, False),
        ("sqrt", 0, True),
        ("sqrt", -0.1, False),
    ],
)
def test_a_transform_must_be_defined_on_the_whole_range(transform, begins, is_defined):
    if is_defined:
        assert np.isfinite(number(transform=transform, range=(begins, 9)).transformed_range).all()
    else:
        with pytest.raises(ValidationError, match="not defined at"):
            number(transform=transform, range=(begins, 9))


def test_a_study_cannot_be_changed(hcc):
    with pytest.raises(ValidationError, match="frozen"):
        hcc.disclosure.min_cell = 1


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
def test_an_estimand_that_would_do_nothing_is_refused(estimand):
    with pytest.raises(ValidationError, match="has an estimand of its own"):
        Comparison(arm="arm", reference="old", estimand=estimand)


def test_the_grid_ends_where_the_documentation_says():
    row = next(
        line
        for line in (CONFIGS.parent / "docs" / "study-file.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `max_days` |")
    )
    assert "`width_days` to 36,525" in row
    assert GridTable(width_days=7, max_days=36525).max_days == 36525
    for beyond in (36526, 6):
        with pytest.raises(ValidationError):
            GridTable(width_days=7, max_days=beyond)
