"""A design that is tried on six frames: days 1, 1+, 6, 6, 8+, 9; the second, fourth and sixth are of the new arm."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from tests.notebook.conftest import ROWS, STUDY

import riskset
from riskset.errors import DataError, Refused

ALL = pd.DataFrame(
    {
        "day": [1.0, 6.0, 8.0, 9.0],
        "at_risk": [6.0, 4.0, 2.0, 1.0],
        "events": [1.0, 2.0, 0.0, 1.0],
        "censored": [1.0, 0.0, 1.0, 0.0],
        "survival": [5 / 6, 5 / 12, 5 / 12, 0.0],
    }
)


def test_the_curve_of_all_patients(run):
    frame = run.km("os").to_frame()
    every = frame[frame["level"].isna()]
    assert every["level_label"].unique().tolist() == ["All patients"]
    pd.testing.assert_frame_equal(every[list(ALL)].reset_index(drop=True), ALL, rtol=1e-12)


def test_a_missing_number_is_nan_and_says_why(run):
    frame = run.km("os").to_frame()
    last = frame[frame["level"].isna()].iloc[-1]
    assert math.isnan(last["upper"])
    assert last["reason"] == "not defined where the estimate is 0 or 1"
    quartiles = run.km("os").to_frame("quartiles")
    missing = quartiles[["estimate", "lower", "upper"]].isna().any(axis=1)
    assert missing.any()
    assert (quartiles.loc[missing, "reason"] == "not reached").all()
    assert quartiles.loc[~missing, "reason"].isna().all()


def test_medians_by_hand(run):
    """Old: 2/3 after day 1, 1/3 after day 6. New: 1/2 after day 6, 0 after day 9: the median is the middle, 7.5."""
    frame = run.km("os").to_frame("quartiles")
    medians = frame[frame["probability"] == 0.5].set_index("level_label")["estimate"]
    assert medians.to_dict() == {"old": 6.0, "new": 7.5, "All patients": 6.0}


def test_the_steps_that_are_drawn(run):
    axes = Figure().subplots()
    assert run.km("os").plot(axes) is axes
    old, new = axes.get_lines()
    assert (old.get_label(), new.get_label()) == ("old", "new")
    assert old.get_xdata().tolist() == [0, 1, 1, 6, 6, 8, 8]
    assert old.get_ydata() == pytest.approx([100, 100, 200 / 3, 200 / 3, 100 / 3, 100 / 3, 100 / 3], rel=1e-12)
    assert axes.get_ylabel() == "Overall survival (%)"


def test_a_frame_of_patients_gives_the_run_of_site_files(run, study, frames, desk, tmp_path):
    desk.writes_study(STUDY)
    for site, frame in frames.items():
        texts = frame.assign(dead=frame["dead"].map({True: "true", False: "false"})).fillna("").astype(str)
        rows = [{"patient": f"{site}-{i}", **row} for i, row in enumerate(texts.to_dict("records"))]
        desk.adds_site(site, rows, study="six")
    assert desk.tries() == {one: run[one].json for one in run}
    again = riskset.load(desk.root / "out", study)
    pd.testing.assert_frame_equal(again.km("os").to_frame(), run.km("os").to_frame())


def test_sites_of_two_patients_do_not_take_part(study, frames):
    with pytest.raises(Refused, match="asan has 1 to 4 patients") as refused:
        riskset.rehearse(study, frames)
    assert refused.value.__notes__ == ["hint: 0 sites would be left, and the study needs at least 2 (min_sites)"]


@pytest.fixture(scope="session")
def refused(study):
    """The same six patients at each of the three sites: too few for the curves and the model."""
    return riskset.rehearse(study, dict.fromkeys(study.sites, pd.DataFrame(ROWS)))


def test_without_ignore_gate_the_rules_hold(refused):
    run = refused
    overview = run.to_frame().set_index("id")
    assert (overview["status"] == "refused").all()
    assert overview["rule"].notna().all()
    assert overview["remedy"].notna().all()
    frame = run["cox/os/all/multivariable"].to_frame()
    assert frame["variable"].tolist() == ["arm"]
    assert math.isnan(frame.loc[0, "coef"])
    assert frame.loc[0, "reason"] == run["cox/os/all/multivariable"].reason
    with pytest.raises(DataError, match="km/os/all has no curve: "):
        run.km("os").plot(Figure().subplots())


def test_types_of_columns_do_not_depend_on_rows(run, refused):
    for id_ in run:
        for part in run[id_].parts:
            full, empty = run[id_].to_frame(part), refused[id_].to_frame(part)
            assert full.dtypes.to_dict() == empty.dtypes.to_dict(), (id_, part)
            assert list(full)[-1] == "reason" or part == "numbers"


@pytest.mark.parametrize("dtype", ["float64", "Int64", "float32", "string", "object"])
def test_numbers_of_every_type_are_the_same(run, study, frames, dtype):
    frames = {site: frame.astype({"days": dtype}) for site, frame in frames.items()}
    assert riskset.rehearse(study, frames, ignore_gate=True) == run


@pytest.mark.parametrize(
    "dead", [lambda c: c.astype(int), lambda c: c.astype(float), lambda c: c.astype("boolean"), np.asarray]
)
def test_truth_values_of_every_type_are_the_same(run, study, frames, dead):
    frames = {site: frame.assign(dead=dead(frame["dead"])) for site, frame in frames.items()}
    assert riskset.rehearse(study, frames, ignore_gate=True) == run


def test_categories_and_other_columns_change_nothing(run, study, frames):
    frames = {
        site: frame.assign(arm=frame["arm"].astype("category"), note="x", since=pd.Timestamp("2020-02-29 13:00"))
        for site, frame in frames.items()
    }
    assert riskset.rehearse(study, frames, ignore_gate=True) == run
