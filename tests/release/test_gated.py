"""What may be published of a run with every kind of analysis, and that nothing else is in any file."""

import csv
import io
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.release.conftest import RECORDED

from riskset_release.attacker.counts import small_cells
from riskset_release.attacker.curves import small_steps
from riskset_release.attacker.folder import texts
from riskset_release.gate.curves import Published, steps
from riskset_release.gate.gated import FEW, NOT_KNOWN, SMALL, gated
from riskset_release.gate.links import counted_of
from riskset_release.gate.numbers import NumberRule, rule_of
from riskset_release.gate.published import published_files
from riskset_report.cells import Mark

K = 5


def test_every_number_of_every_kind_is_known(gate):
    """A new kind, or a new number of one, is held back until somebody says what it tells."""
    assert gate.unknown == frozenset()


def test_a_number_that_no_rule_knows_is_held_back_by_its_name(whole, monkeypatch):
    monkeypatch.setattr(
        "riskset_release.gate.gated.rule_of", lambda path: None if path == "terms.hr" else rule_of(path)
    )
    found = gated(whole)
    assert found.unknown == {"cox: terms.hr", "cumulative-incidence: terms.hr"}
    assert {id_ for id_, why in found.held_back.items() if why == NOT_KNOWN} == {
        cell.id for cell in found.cells if cell.place.quantity == "terms.hr"
    }


def test_an_attacker_reads_small_cells_before_the_gate_and_none_behind_it(gate, published, unpublished):
    assert len(small_cells(unpublished, gate.counted, K)) > 5
    assert len(small_steps(unpublished, K)) > 20
    assert small_cells(published, gate.counted, K) == []
    assert small_steps(published, K) == []


def test_one_mark_stands_for_all_that_is_held_back(gate, published):
    marks = {cell.value for cell in gate.cells if isinstance(cell.value, Mark)}
    assert len(marks) == 1
    held = [cell for cell in gate.cells if isinstance(cell.value, Mark)]
    assert {cell.id for cell in held} == set(gate.held_back)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(published["numbers.csv"].decode("utf-8-sig")))}
    assert {rows[cell.id]["value"] for cell in held} == {"withheld"}
    assert not any(
        re.search(r"<\s*5\b|&lt;\s*5\b", text) for path, text in texts(published) if path.startswith("tables")
    )


def test_results_json_has_the_published_numbers_and_no_others(gate, published):
    document = json.loads(published["results.json"])
    assert "opened" not in document
    curve = next(one for one in document["results"] if one["kind"] == "km")["overall"]["curve"]
    assert set(curve["events"]) == {None}
    assert all(value is None or round(value, 2) == value for value in curve["survival"])
    assert all(value is None or value % 5 == 0 for value in curve["at_risk"])
    model = next(one for one in document["results"] if one["kind"] == "cox" and one["status"] == "ok")
    assert all(len(f"{term['hr']:g}".replace(".", "").lstrip("0")) <= 3 for term in model["terms"])
    assert set(map(tuple, model["covariance"])) == {tuple([None] * len(model["terms"]))}


def test_no_file_has_a_number_that_is_held_back_with_all_its_digits(whole, gate, published):
    """Of numbers with many digits, which nothing else has by chance."""
    from riskset_report.cells import cells_of

    exact = {cell.id: cell.value for cell in cells_of(whole)}
    secrets = {
        f"{value:.6g}"
        for id_ in gate.held_back
        if isinstance(value := exact.get(id_), float) and len(f"{value:.6g}") > 6
    }
    assert len(secrets) > 50
    for path, text in texts(published):
        found = secrets & set(re.findall(r"\d+\.\d+", text))
        assert not found or path.endswith(".svg"), (path, sorted(found)[:3])


def test_a_model_of_few_events_is_held_back(whole, monkeypatch):
    """A standard error would tell how the events are spread over the levels."""
    monkeypatch.setattr("riskset_release.gate.enough.enough_events", lambda events, parameters: False)
    found = gated(whole)
    of_models = [c for c in found.cells if c.place.quantity == "terms.se" and c.place.result.startswith("cox")]
    assert of_models
    assert {found.held_back.get(cell.id) for cell in of_models} == {FEW}


def test_curves_step_where_each_arm_has_gathered_k_or_nobody():
    days = np.arange(1, 9)
    one = (days, np.array([3.0, 2, 0, 0, 4, 1, 0, 7]), np.full(8, 50.0))
    other = (days, np.array([0.0, 1, 4, 0, 0, 0, 0, 5]), np.full(8, 50.0))
    assert steps([one], K) == [2, 6, 8]
    # on day 2 the first has 5 and the second one 1; on day 3 both have 5; the 5 of day 6 are the first one's alone
    assert steps([one, other], K) == [3, 6, 8]


def test_a_curve_ends_after_many_were_at_risk_not_before_they_have_entered():
    day, at_risk = np.array([7, 14, 40, 60, 90, 100]), np.array([4.0, 12, 30, 12, 8, 3])
    of = Published.of(SimpleNamespace(day=day, at_risk=at_risk), [14, 40, 60], K, 30.4)
    assert of.days == [0, 14, 31, 40, 60, 90]


def test_what_follows_from_a_small_cell_is_held_back_with_it(gate):
    """Its percentage, and the comparison of the arms."""
    for id_, why in gate.held_back.items():
        place = gate.cells[id_].place
        if why == SMALL and place.quantity.endswith("arms.n") and place.quantity.startswith(("rates", "terms[")):
            percent = place.of(f"{place.quantity[:-1]}percent", level=place.level).id
            assert percent in gate.held_back


def test_released_curves_say_how_they_were_made_and_nothing_of_the_consortium(published):
    shown = published["tables/km-os-all.html"].decode()
    assert "a curve changes only where 5 patients of an arm have had the event" in shown
    assert "saw totals only" not in "".join(text for path, text in texts(published) if path.startswith("figures"))


@pytest.mark.parametrize(("language", "mark"), [("ko", "비공개"), ("ja", "非公開")])
def test_the_mark_is_in_the_language_of_the_report(gate, language, mark):
    files = published_files(gate, RECORDED, language)
    tables = {path: text for path, text in texts(files) if path.endswith(".html")}
    assert any(mark in text for text in tables.values())
    assert [path for path, text in tables.items() if "withheld" in text] == []


def test_a_curve_of_weights_ends_as_one_of_patients(whole, monkeypatch):
    """How many are at risk by weight is no whole number."""
    from riskset_release.gate import gated as gating

    of_patients = gating._ended(whole, K)
    assert any(".landmarks" in quantity for _, quantity, _, _ in of_patients)
    numbers_of = gating.numbers_of

    def weighted(entry):
        for found in numbers_of(entry):
            is_at_risk = found.place.quantity.endswith("at_risk") and found.value is not None
            yield replace(found, value=float(found.value)) if is_at_risk else found

    monkeypatch.setattr(gating, "numbers_of", weighted)
    assert gating._ended(whole, K) == of_patients


def test_a_count_that_a_hospital_withheld_has_the_mark_of_the_others(whole):
    """Of its own word, `few`, a reader would know that it is small."""
    entries = []
    for entry in whole.entries:
        excluded = entry.excluded
        by_reason = dict.fromkeys(excluded.by_reason) if excluded else {}
        entries.append(replace(entry, excluded=replace(excluded, by_reason=by_reason)) if excluded else entry)
    found = gated(replace(whole, entries=tuple(entries)))
    of_reasons = [cell for cell in found.cells if cell.place.quantity.startswith("excluded")]
    assert of_reasons
    assert all(isinstance(cell.value, Mark) and found.held_back[cell.id] == SMALL for cell in of_reasons)


def test_whole_numbers_that_count_nobody_have_the_digits_of_their_rule(whole, monkeypatch):
    """As the effective number of weighted patients."""
    monkeypatch.setattr(
        "riskset_release.gate.gated.counted_of",
        lambda *runs: replace(counted_of(*runs), cells={}),
    )
    monkeypatch.setattr("riskset_release.gate.gated.rule_of", lambda path: NumberRule(re.compile(""), "question", 1))
    values = [cell.value for cell in gated(whole).cells if isinstance(cell.value, int)]
    assert values
    assert all(len(str(abs(value)).rstrip("0")) <= 1 for value in values)
