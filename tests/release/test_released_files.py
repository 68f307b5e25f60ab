"""All files of the lung demonstration as they may be published: no text has a count that is held back, and no drawing
a survival with more than two digits."""

import re
import xml.etree.ElementTree as Xml
from dataclasses import replace

import numpy as np
import pytest
from tests.release.conftest import RECORDED

from riskset_release.attacker.drawn_steps import drawn_steps
from riskset_release.attacker.folder import texts
from riskset_release.exact_outputs import exact_outputs
from riskset_release.gate.gated import SMALL
from riskset_release.gated_outputs import outputs_of
from riskset_report.cells import cells_of

SVG = "{http://www.w3.org/2000/svg}"
MARK = "withheld"


def files_of(gate):
    return {path: content for output in outputs_of(gate, RECORDED) for path, content in output.files.items()}


def lines_of(files):
    """Every line of every text, with its file."""
    return {(path, line.strip()) for path, text in texts(files) for line in text.split("\n")}


@pytest.fixture(scope="module")
def files(lung):
    return files_of(lung)


def test_no_text_has_a_count_that_is_held_back(lung_results, lung, files):
    """Where a text would have the count, were it not held back, it has the mark, in every form. That nothing else knows
    the count, the next test shows."""
    exact = cells_of(lung_results)
    counts = {id_: exact[id_].value for id_, why in lung.held_back.items() if why == SMALL}
    assert counts
    untouched = replace(lung, cells=lung.cells.with_values(counts))
    told = lines_of(files_of(untouched)) - lines_of(files)
    assert {path.rpartition(".")[2] for path, _ in told} >= {"csv", "html", "docx", "svg", "pdf", "md"}
    changed = lines_of(files) - lines_of(files_of(untouched))
    in_place = [line for path, line in changed if not path.endswith((".svg", ".pdf"))]  # there lines end elsewhere
    assert in_place
    assert [line for line in in_place if MARK not in line] == []


def test_files_are_made_of_the_published_numbers_alone(lung, files):
    """With other numbers of excluded patients behind the marks, and of models, each file is the same to the byte."""
    changed = []
    for entry in lung.results.entries:
        excluded = entry.excluded
        if excluded:
            more = {name: n + 100 if n else n for name, n in excluded.by_reason.items()}
            lacking = {name: n + 100 if n else n for name, n in excluded.missing.items()}
            entry = replace(entry, excluded=replace(excluded, by_reason=more, missing=lacking))
        changed.append(replace(entry, analysed=entry.analysed and entry.analysed + 100))
    other = replace(lung, results=replace(lung.results, entries=tuple(changed)))
    assert files_of(other) == files


def points_of(path):
    return np.array(re.findall(r"[ML] (\S+) (\S+)", path.get("d")), float)


def survival_of(svg):
    """Returns the survival that each point of each curve and band of a Kaplan-Meier figure implies."""
    axes = Xml.fromstring(svg).find(f".//{SVG}g[@id='axes_1']")
    ticks = axes.findall(f"./{SVG}g[@id='matplotlib.axis_2']//{SVG}use")
    zero, one = float(ticks[0].get("y")), float(ticks[-1].get("y"))
    clipped = [path for path in axes.iter(f"{SVG}path") if path.get("clip-path")]
    assert len(clipped) >= 4  # curves and bands of two arms
    heights = np.concatenate([points_of(path)[:, 1] for path in clipped])
    return (zero - heights) / (zero - one)


@pytest.mark.parametrize("width", ["", "-85mm"])
def test_a_drawn_curve_has_no_survival_beyond_two_digits(files, width):
    survival = survival_of(files[f"figures/km-os-all{width}.svg"])
    assert len(np.unique(survival.round(4))) > 20
    np.testing.assert_allclose(survival, survival.round(2), atol=1e-6)


def test_no_drawing_proves_a_step_of_few_patients(files):
    """Not even to somebody who knows that a step has the events since the one before."""
    steps = {path: drawn_steps(svg) for path, svg in files.items() if path.endswith(".svg")}
    assert sum(len(of) > 10 for of in steps.values()) >= 2
    assert [(path, one) for path, of in steps.items() for one in of if one.is_small(5)] == []


def test_the_exact_steps_that_an_attacker_proves_are_those_of_the_patients(lung_results, lung, files):
    """Of a curve with more than a hundred steps, some nearer to each other than a drawing tells apart."""
    (found,) = exact_outputs(lung_results, lung, RECORDED, [], ["figure-km-os-all"])
    (entry,) = [one for one in lung_results.entries if one.id == "km/os/all"]
    of_day = [dict(zip(arm.curve.day, arm.curve.events, strict=True)) for arm in entry.result.arms]
    steps = drawn_steps(found.files["figures/km-os-all-exact.svg"])
    assert len(steps) > 60
    for step in steps:
        near = [
            n for day, n in of_day[step.curve - 1].items() if n and abs(day - step.time * unit_of(lung_results)) < 2
        ]
        assert any(step.least <= n <= step.largest for n in [*near, sum(near)]), step
    assert sum(step.is_small(5) for step in steps) > 40


def unit_of(results):
    return results.study.days_per_unit


@pytest.mark.parametrize("width", ["", "-85mm"])
def test_a_curve_on_another_scale_has_no_other_survival(lung, files, width):
    """Of log(-log S) against log time: each arm's heights are those of its published survival."""
    axes = Xml.fromstring(files[f"figures/cox-os-all-cox-log-log{width}.svg"]).find(f".//{SVG}g[@id='axes_1']")
    ticks = axes.findall(f"./{SVG}g[@id='matplotlib.axis_2']/{SVG}g")
    at = [float(tick.find(f".//{SVG}use").get("y")) for tick in ticks]
    labels = [float(tick.find(f".//{SVG}text").text.replace("\N{MINUS SIGN}", "-")) for tick in ticks]
    slope, level = np.polyfit(at, labels, 1)
    curves = [path for path in axes.iter(f"{SVG}path") if path.get("clip-path")]
    assert len(curves) == 2
    for path in curves:
        survival = np.exp(-np.exp(level + slope * points_of(path)[:, 1]))
        np.testing.assert_allclose(survival, survival.round(2), atol=1e-5)


def test_numbers_at_risk_are_multiples_of_five(files):
    """Under the curves: each text that is a number is of a tick, or one at risk, a multiple of five."""
    texts_of = [one.text for one in Xml.fromstring(files["figures/km-os-all.svg"]).iter(f"{SVG}text")]
    assert any(MARK in (text or "") for text in texts_of)
    at_risk = texts_of[texts_of.index("Number at risk") + 1 :] if "Number at risk" in texts_of else texts_of
    numbers = [int(text) for text in at_risk if text and re.fullmatch(r"\d{2,3}", text) and int(text) > 36]
    assert numbers
    assert all(number % 5 == 0 for number in numbers)
