"""Kaplan-Meier figures: what is written on them, where it stands, and that nothing strange in a study breaks them.

`golden/report/lung.json` holds numbers of R's survival (its script stands beside it).
"""

import copy
import html
import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from riskset_report.blocks import PAGE_MM
from riskset_report.figures import style, survival_drawing
from riskset_report.figures.legend_placement import Corner, LegendPlacement, Size, free_placement
from riskset_report.figures.ruler import Ruler
from riskset_report.figures.survival_layout import ticks
from riskset_report.labels import Labels

LABELS = Labels(
    endpoints={"os": "Overall survival"},
    levels={("sex", "male"): "Male", ("sex", "female"): "Female"},
    origins={"os": "enrolment"},
)


@pytest.fixture
def plot_of(printed):
    def plot_of(document, labels=LABELS):
        return printed(document, labels).plots()[0]

    return plot_of


@pytest.fixture
def texts_of(plot_of):
    def texts_of(document, labels=LABELS):
        svg = style.drawn_files(survival_drawing.draw, plot_of(document, labels), PAGE_MM).svg.decode()
        return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]

    return texts_of


def drop_arms(results):
    result = results["results"][0]
    result |= {"arms": [], "log_rank": None, "log_rank_by_site": None, "variable": None, "reference": None}


def test_the_text_box_has_medians_hazard_ratio_and_log_rank(lung, texts_of):
    texts = texts_of(lung)
    for expected in (
        "Median (95% CI), months",
        "Male\u00a0 9.4 (7.4–11.3)",  # 287 days (224, 343) in R
        "Female\u00a0 14.3 (11.5–18.2)",
        "HR 0.56 (95% CI 0.40–0.80)",
        "Log-rank P = .002",
        "Log-rank by site P = .001",
        "Male (reference)",
        "Months since enrolment",
        "Overall survival (%)",
    ):
        assert expected in texts


def test_the_footnote_names_limits_grid_and_model(lung, plot_of):
    footnote = plot_of(lung).footnote
    assert footnote.startswith("212 patients, 150 events. Kaplan-Meier on a grid of 7 days, up to day 1099;")
    assert "pointwise 95% CI, log-log limits" in footnote
    assert "HR: Cox model with one baseline hazard per site and no other covariate." in footnote
    assert "NR" not in footnote


def test_a_figure_carries_the_notices_of_its_study(lung, texts_of):
    lung["notices"] = ["MADE-UP DATA.", "Nobody has released these numbers."]
    assert "MADE-UP DATA. Nobody has released these numbers." in texts_of(lung)
    lung["notices"] = []
    assert not any("MADE-UP" in text for text in texts_of(lung))


def test_numbers_at_risk_are_those_of_the_landmarks(lung, plot_of):
    plot = plot_of(lung)
    for curve, arm in zip(plot.curves, lung["results"][0]["arms"], strict=True):
        assert [plot.at_risk(curve, mark["time"]) for mark in arm["landmarks"]] == [
            str(mark["at_risk"]) for mark in arm["landmarks"]
        ]
        assert plot.at_risk(curve, 0) == str(arm["n"])
        assert plot.at_risk(curve, 40) == "0"


def test_numbers_at_risk_stand_under_their_ticks(lung, plot_of, texts_of):
    """The last of 10 patients at risk leaves on day 658: 21.6 months."""
    plot, texts = plot_of(lung), texts_of(lung)
    for curve, name in zip(plot.curves, ("Male", "Female"), strict=True):
        row = texts.index(name)
        assert texts[row + 1 : row + 9] == [plot.at_risk(curve, tick) for tick in range(0, 22, 3)]
    male = texts.index("Male")
    assert (texts[male + 1], texts[male + 3], texts[male + 5]) == ("126", "82", "34")  # in R, at 0, 6 and 12 months


def test_steps_hold_their_value_until_the_next(lung, plot_of):
    curve = plot_of(lung).curves[0]
    steps = curve.steps(curve.survival)
    assert steps[:4].tolist() == [[0.0, 1.0], [14.0, 1.0], [14.0, curve.survival[0]], [21.0, curve.survival[0]]]
    last = max(step for step, n in enumerate(curve.at_risk) if int(n) >= 10)
    assert steps[-1].tolist() == [curve.days[last], curve.survival[last]]


def test_the_adjusted_hazard_ratio_is_named_where_there_is_no_other(lung, plot_of):
    lung["results"] = [result for result in lung["results"] if not result["id"].endswith("univariable/sex")]
    plot = plot_of(lung)
    assert "Adjusted HR 0.54 (95% CI 0.38–0.77)" in plot.statistics
    assert "the covariates of the multivariable model" in plot.footnote


def test_a_hazard_ratio_of_other_patients_is_not_borrowed(lung, plot_of):
    for result in lung["results"][1:]:
        result["endpoint"] = "pfs"
    assert not any("HR" in line for line in plot_of(lung).statistics)


def test_an_arm_that_cannot_be_estimated_says_so(lung, plot_of):
    lung["results"][1]["terms"][0] |= {"coef": None, "hr": None, "lower": None, "upper": None, "p": None}
    assert "HR n.e." in plot_of(lung).statistics


def test_a_median_that_is_not_reached(lung, plot_of, texts_of):
    lung["results"][0]["arms"][1]["median_days"] = {"estimate": None, "lower": 350, "upper": None}
    plot = plot_of(lung)
    assert "Female\u00a0 NR (11.5–NR)" in plot.statistics
    assert plot.footnote.endswith("NR, not reached.")
    texts_of(lung)


def test_a_study_without_arms_shows_all_patients(lung, texts_of):
    drop_arms(lung)
    texts = texts_of(lung)
    assert "All patients\u00a0 11.3 (9.4–12.2)" in texts
    assert not any("HR" in text or "Log-rank" in text or "reference" in text for text in texts)


def test_a_boolean_arm_names_its_variable(lung, texts_of):
    result = lung["results"][0]
    result |= {"variable": "hormone", "reference": "false"}
    result["arms"][0]["level"], result["arms"][1]["level"] = "false", "true"
    texts = texts_of(lung, Labels(variables={"hormone": "Hormone therapy"}))
    assert "Hormone therapy: no (reference)" in texts
    assert "Hormone therapy: yes" in texts


def test_four_arms_have_four_styles_and_a_ratio_each(lung, plot_of):
    result, model = lung["results"][0], lung["results"][1]
    result["arms"] = [{**copy.deepcopy(result["arms"][0]), "level": level} for level in ("male", "b", "c", "d")]
    model["terms"] = [{**model["terms"][0], "level": level} for level in ("b", "c", "d")]
    model["covariance"] = [[0.03] * 3] * 3
    assert [line for line in plot_of(lung).statistics if line.startswith("HR")] == [
        f"HR, {level} 0.56 (95% CI 0.40–0.80)" for level in ("b", "c", "d")
    ]
    svg = style.drawn_files(survival_drawing.draw, plot_of(lung), PAGE_MM).svg.decode().lower()
    assert all(colour.lower() in svg for colour in style.COLOURS)


def test_more_arms_than_colours_still_differ():
    styles = [style.curve_style(index) for index in range(8)]
    assert len({(style["color"], str(style["linestyle"])) for style in styles}) == 8


def test_limits_that_are_not_defined_leave_a_gap_and_no_warning(lung, plot_of):
    curve = lung["results"][0]["arms"][0]["curve"]
    curve["survival"][-1] = 0.0
    curve["lower"][-1] = curve["upper"][-1] = None
    plot = plot_of(lung)
    assert np.isnan(plot.curves[0].upper[-1])
    style.drawn_files(survival_drawing.draw, plot, PAGE_MM)


def test_an_arm_in_which_nobody_left_is_drawn(lung, texts_of):
    drop_arms(lung)
    for column in lung["results"][0]["overall"]["curve"].values():
        column.clear()
    texts_of(lung)


def test_drawing_is_repeatable_and_leaves_no_setting_behind(lung, plot_of):
    before = dict(mpl.rcParams)
    first, second = (style.drawn_files(survival_drawing.draw, plot_of(lung), PAGE_MM) for _ in range(2))
    assert first == second
    assert dict(mpl.rcParams) == before
    assert b"<dc:date>" not in first.svg


def test_the_png_has_300_dots_per_inch(lung, plot_of):
    image = Image.open(io.BytesIO(style.drawn_files(survival_drawing.draw, plot_of(lung), PAGE_MM).png))
    assert image.size[0] == 2066  # 175 mm
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)  # stored per metre, in whole numbers


@pytest.mark.parametrize(
    ("last", "unit", "most", "expected"),
    [
        (75, "month", 9, (0, 12, 24, 36, 48, 60, 72)),
        (34, "month", 9, (0, 6, 12, 18, 24, 30)),
        (1022, "day", 9, (0, 180, 360, 540, 720, 900)),
        (2.6, "year", 9, (0, 0.5, 1, 1.5, 2, 2.5)),
        (2.6, "year", 3, (0, 1, 2)),
        (90, "week", 9, (0, 13, 26, 39, 52, 65, 78)),
        (0.3, "month", 9, (0,)),
        (1e5, "year", 5, (0, 20480, 40960, 61440, 81920)),
    ],
)
def test_ticks_are_those_a_clinician_counts_in(last, unit, most, expected):
    assert ticks(last, unit, most) == expected


AXES, LEGEND, BOX = Size(5.0, 3.5), Size(1.5, 0.4), Size(2.0, 1.2)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            [(0, 3.4), (2.5, 3.4), (2.5, 2.2), (5, 2.2)],
            LegendPlacement(Corner(3.4, 3.1), Corner(0.1, 0.1)),
        ),  # as journals do
        ([(0, 3.4), (1, 3.4), (1, 0.3), (5, 0.3)], LegendPlacement(Corner(2.9, 3.1), Corner(2.9, 1.8))),  # falls early
        ([(0, 3.4), (5, 3.4)], LegendPlacement(Corner(0.1, 1.4), Corner(0.1, 0.1))),  # hardly falls
        ([(0, 1.6), (5, 1.6)], LegendPlacement(Corner(3.4, 3.1), Corner(0.1, 0.1))),
    ],
)
def test_text_goes_to_the_first_corner_that_is_free(line, expected):
    placement = free_placement([np.array(line, dtype=float)], AXES, LEGEND, BOX)
    assert np.allclose(
        [(p.x, p.y) for p in (placement.legend, placement.box)], [(p.x, p.y) for p in (expected.legend, expected.box)]
    )


def test_limits_that_are_not_defined_take_no_room():
    line = np.array([(0, 3.4), (1, 3.4), (1, 0.3), (5, np.nan)])
    assert free_placement([line], AXES, LEGEND, BOX) == LegendPlacement(
        Corner(5 - 2.0 - 0.1, 3.1), Corner(2.9, 3.1 - 0.1 - 1.2)
    )


def test_text_leaves_the_axes_when_no_corner_is_free():
    crossing = np.array([(0, 3.2), (2.5, 3.2), (2.5, 0.5), (5, 0.5)])
    low = np.array([(0.0, 0.6), (5.0, 0.6)])
    high = np.array([(0.0, 3.2), (5.0, 3.2)])
    assert free_placement([crossing, low, high], AXES, LEGEND, BOX) is None
    assert free_placement([crossing], AXES, Size(6, 1), BOX) is None


@pytest.mark.parametrize(
    "text", ["short", "several words of ordinary length", "長い名前の治療群（標準）", "y" * 80, ""]
)
def test_lines_keep_to_their_width_and_lose_nothing(text):
    with style.house_style():
        ruler = Ruler()
        lines = ruler.wrap(text, 9, 1.2)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert ruler.widest(lines, 9) <= 1.2


def test_what_is_cut_is_marked():
    lines = Ruler().wrap("several words of ordinary length that go on", 9, 1.2, most_lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")


def test_korean_breaks_between_words():
    with style.house_style():
        ruler = Ruler()
        words = "조정기관과 기관들은 합계만 보았습니다"
        lines = ruler.wrap(words, 9, ruler.width("조정기관과 기관들", 9))
    assert [word for line in lines for word in line.split()] == words.split()
    assert len(lines) > 1


def test_a_bracket_or_full_stop_stays_with_what_it_closes_or_opens():
    text = "リスク集団 (match)、7日幅の格子 (最終日まで)。区間"
    with style.house_style():
        ruler = Ruler()
        for part in range(3, len(text)):
            lines = ruler.wrap(text, 9, ruler.width(text[:part], 9))
            if max(map(len, lines)) > len("(match)、"):  # a narrower line has to part a word
                assert not [line for line in lines if line[0] in ")。、" or line[-1] == "("]


def test_a_line_never_begins_with_a_closing_mark():
    with style.house_style():
        ruler = Ruler()
        lines = ruler.wrap("ソラフェニブ（標準治療）", 9, ruler.width("ソラフェニブ（標準治療", 9))
    assert lines == ["ソラフェニブ（標準治", "療）"]
