"""Curves in axes of matplotlib: which steps, which counts, and that no count covers another text."""

import json
from dataclasses import replace

import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from riskset.errors import DataError
from riskset_notebook.result import result_of


@pytest.fixture
def axes():
    return Figure(figsize=(6, 4)).subplots()


def test_the_counts_are_those_just_before_each_tick(run, axes):
    run.km().plot(axes, at_risk=True)
    ticks = axes.get_xticks().tolist()
    texts = [text.get_text() for text in axes.texts]
    rows = {"old": [1, 6, 8], "new": [1, 6, 9]}  # days on which the three patients of each arm leave
    expected = [text for arm, days in rows.items() for text in (arm, *(str(sum(d >= t for d in days)) for t in ticks))]
    assert texts == expected


def test_no_text_below_the_axis_covers_another(run, axes):
    run.km().plot(axes, at_risk=True)
    axes.figure.canvas.draw()
    below = [*axes.texts, axes.xaxis.label, *axes.get_xticklabels()]
    boxes = [text.get_window_extent() for text in below if text.get_text()]
    shown = [text.get_text() for text in below if text.get_text()]
    pairs = [(i, j) for i in range(len(boxes)) for j in range(i) if boxes[i].overlaps(boxes[j])]
    assert [(shown[i], shown[j], boxes[i], boxes[j]) for i, j in pairs] == []


def test_without_bands_and_legend(run, axes):
    run.km().plot(axes, bands=False, legend=False)
    assert (len(axes.collections), axes.get_legend(), len(axes.get_lines())) == (0, None, 2)


def test_without_axes_it_draws_into_those_of_pyplot(run):
    pyplot.switch_backend("Agg")
    figure = pyplot.figure()
    try:
        assert run.km().plot().figure is figure
    finally:
        pyplot.close(figure)


def test_curves_end_and_ticks_stand_where_those_of_the_report_do(run, axes):
    """20 patients at risk on day 4, 10 on day 8, 9 on day 12."""
    at_risk = {"day": [4, 8, 12], "at_risk": [20, 10, 9], "survival": [0.5, 0.45, 0.4]}
    curve = {**at_risk, "lower": [None] * 3, "upper": [None] * 3}
    document = {**run.km().json, "arms": [], "overall": {**run.km().json["overall"], "curve": curve}}
    setting = replace(run.km().setting, ticks=(0.0, 5.0, 10.0))
    result_of(document, setting, run.km().tables).plot(axes)
    (line,) = axes.get_lines()
    assert line.get_xdata()[-1] == 8
    assert axes.get_xticks().tolist() == [0, 5]


def incidence(run):
    """A result of two causes by hand: 1/3 have the first by day 2; 1/3 the second by day 5."""
    curve = {"day": [2, 5], "at_risk": [3, 2], "std_error": [None] * 2, "lower": [None] * 2, "upper": [None] * 2}
    causes = [
        {"cause": "arm", "curve": {**curve, "events": [1, 0], "estimate": [1 / 3, 1 / 3]}, "landmarks": []},
        {"cause": "dead", "curve": {**curve, "events": [0, 1], "estimate": [0, 1 / 3]}, "landmarks": []},
    ]
    document = {"id": "cumulative-incidence/os/all", "kind": "cumulative-incidence", "status": "ok", "arms": []}
    document |= {"variable": None, "reference": None, "causes": ["arm", "dead"], "overall": {"level": None}}
    document["overall"]["causes"] = causes
    return result_of(json.loads(json.dumps(document)), run.km().setting, run.km().tables)


@pytest.mark.parametrize(
    ("cause", "label", "heights"), [(None, "Treatment", [0, 0, 100 / 3]), ("dead", "dead", [0, 0, 0])]
)
def test_an_incidence_rises_from_0(run, axes, cause, label, heights):
    incidence(run).plot(axes, cause=cause)
    (line,) = axes.get_lines()
    assert line.get_ydata()[:3] == pytest.approx(heights, rel=1e-12)
    assert line.get_ydata()[-1] == pytest.approx(100 / 3, rel=1e-12)
    assert axes.get_ylabel() == f"Cumulative incidence: {label} (%)"


def test_an_unknown_cause_names_those_that_there_are(run, axes):
    with pytest.raises(DataError, match="cumulative-incidence/os/all has no cause 'relapse'") as unknown:
        incidence(run).plot(axes, cause="relapse")
    assert unknown.value.__notes__ == ["hint: its causes are: arm, dead"]
