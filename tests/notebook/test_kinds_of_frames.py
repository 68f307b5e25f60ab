"""Every kind of result that is registered has its frames: the numbers of results.json, and no other."""

import json
from dataclasses import replace

import pytest
from tests.test_kinds import EXAMPLES, SITES, cohorts_of, study_of

from riskset.analyses.analysis import RefusedByRule
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset_notebook.frames import _KINDS, NUMBERS
from riskset_notebook.loading import setting_of
from riskset_notebook.run import Run
from riskset_notebook.tables import TablesOfResults


@pytest.fixture(scope="module", params=sorted(EXAMPLES))
def results(request, patients):
    """The results of a study of one kind, and of what it needs; no rule is applied."""
    study = study_of(patients, request.param)
    outcome = Rehearsal(study, cohorts_of(patients, request.param), is_gated=False).run()
    return results_of(study, outcome, SITES, is_gated=False)


def as_run(results):
    document = json.loads(json.dumps(results_json(results)))  # as it is read from the file
    return Run(document, setting_of(document, results.study), TablesOfResults(results))


@pytest.fixture(scope="module")
def run(results):
    return as_run(results)


@pytest.fixture(scope="module")
def refused(results):
    """The same results, all refused."""
    why = RefusedByRule("R4", "too few patients have a level", "merge levels", "all")

    def refuse(entry):
        return replace(entry, result=why, gate="refused", parts=tuple(map(refuse, entry.parts)))

    return as_run(replace(results, entries=tuple(map(refuse, results.entries))))


def numbers_below(value):
    if isinstance(value, dict):
        return {n for one in value.values() for n in numbers_below(one)}
    if isinstance(value, list):
        return {n for one in value for n in numbers_below(one)}
    return {float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else set()


def cells(frame):
    columns = [frame[name] for name in frame if frame[name].dtype in ("float64", "Int64")]
    return {float(value) for column in columns for value in column.dropna()}


def test_every_kind_of_riskset_has_frames():
    assert set(_KINDS) == set(EXAMPLES)


def test_every_number_of_a_frame_is_one_of_the_result(run):
    days = run._document["time"]["days_per_unit"]
    for result in run.values():
        known = numbers_below(result.json)
        for part in result.parts:
            frame = result.to_frame(part).drop(columns="time", errors="ignore")
            assert cells(frame) <= known | {1.0}, (result.id, part)  # the degree of freedom of a test within sites
        if "time" in (frame := result.to_frame()):
            assert (frame["time"] * days).tolist() == pytest.approx(frame["day"].tolist(), rel=1e-12)


def test_the_first_frame_has_rows_and_the_last_column_says_why(run):
    for result in run.values():
        frame = result.to_frame()
        assert len(frame) > 0, result.id
        assert list(frame)[-1] == "reason"
        assert result.to_frame(result.parts[0]).equals(frame)


def test_the_part_of_numbers_has_every_number(run):
    for result in run.values():
        frame = result.to_frame(NUMBERS)
        assert frame["id"].is_unique
        assert set(frame["value"].dropna()) == numbers_below(result.json)


def test_a_refused_result_has_the_same_columns_and_says_why(run, refused):
    for id_, result in refused.items():
        assert result.reason == "too few patients have a level"
        for part in result.parts:
            frame = result.to_frame(part)
            assert frame.dtypes.to_dict() == run[id_].to_frame(part).dtypes.to_dict(), (id_, part)
            if part != NUMBERS:
                assert len(frame) > 0
                assert (frame["reason"] == result.reason).all(), (id_, part)
                assert frame.select_dtypes("float64").isna().all(axis=None) or part == "means"  # which has its tau


def test_shown(run):
    assert all(id_ in repr(run) for id_ in run)
    html = run._repr_html_()
    assert all(id_ in html for id_ in run)
    for result in run.values():
        assert result.id in repr(result)
        assert "<table" in result._repr_html_()
