"""What was released before belongs to the system: who subtracts one release from the next learns of no few patients."""

import re
from dataclasses import replace

import pytest
from tests.release.conftest import RECORDED
from tests.report.whole_study import whole_results

from riskset_release.attacker.counts import small_cells
from riskset_release.changes import Changes
from riskset_release.gate.earlier import Earlier, changed_by_few
from riskset_release.gate.gated import CHANGED, gated
from riskset_release.gate.links import counted_of, counts_in
from riskset_release.gate.protecting import protected
from riskset_release.gate.reader import range_of
from riskset_release.gate.system import CountSystem
from riskset_release.gated_outputs import outputs_of
from riskset_report.blocks import Figure
from riskset_report.cells import cells_of

K = 5


def released(gate, run="0a"):
    """A release of everything that may be published of a run."""
    shown = [cell.id for cell in gate.cells if cell.id not in gate.held_back]
    counts = frozenset(id_ for id_ in shown if id_ in gate.counted.cells or id_ in gate.counted.tells)
    of = frozenset(entry.id for entry in gate.exact.entries)
    return Earlier(run, "2026-03-01T09:00:00.000+00:00", "0" * 64, replace(gate.exact, run=run), counts, of)


@pytest.fixture(scope="module")
def before(gate):
    return released(gate)


@pytest.fixture(scope="module")
def alone(joined):
    return gated(joined)


@pytest.fixture(scope="module")
def outputs(gate):
    return {one.id: one for one in outputs_of(gate, RECORDED)}


@pytest.fixture(scope="module")
def joined():
    """Two patients more."""
    return whole_results(72)


@pytest.fixture(scope="module")
def later(joined, before):
    return gated(joined, [before])


def two_releases(now, fixed=("old all", "old A", "old B")):
    """Twenty of A and twelve of B were published; two more of A have joined."""
    values = {
        "old all": 32,
        "old A": 20,
        "old B": 12,
        "all": 34,
        "A": 22,
        "B": 12,
        "joined A": 2,
        "joined B": 0,
        "joined all": 2,
    }
    relations = (
        {"old all": 1, "old A": -1, "old B": -1},
        {"all": 1, "A": -1, "B": -1},
        {"A": 1, "old A": -1, "joined A": -1},
        {"all": 1, "old all": -1, "joined all": -1},
        {"B": 1, "old B": -1, "joined B": -1},
    )
    return CountSystem(values, relations, frozenset(now), fixed=frozenset(fixed))


def test_by_hand_two_who_joined_are_told_unless_both_arms_and_all_are_held_back():
    system = two_releases(("all", "A", "B"))
    assert range_of(system, "joined A", system.printed, 44).width == 0
    pattern = protected(system, K)
    assert pattern.held_back == {"all", "A", "B"}  # if B were printed, a reader would know that few of A have joined
    assert pattern.told_before == frozenset()
    assert range_of(system, "joined A", system.printed - pattern.held_back, 44, K).width >= K


def test_what_was_printed_before_is_never_held_back():
    pattern = protected(two_releases(("all", "A", "B")), K)
    assert not pattern.held_back & {"old all", "old A", "old B"}
    with pytest.raises(ValueError, match="cannot be held back"):
        two_releases(("all", "old A"))


def test_a_small_count_that_an_earlier_release_told_is_named_and_costs_nothing_now():
    values = {"old": 3, "all": 40, "others": 37}
    system = CountSystem(values, ({"all": 1, "old": -1, "others": -1},), frozenset({"all", "others"}))
    pattern = protected(replace(system, fixed=frozenset({"old"})), K)
    assert pattern.told_before == {"old"}
    assert pattern.held_back == frozenset()


def test_a_second_release_alone_tells_of_two_who_joined_and_beside_the_first_of_nobody(
    joined, alone, before, later, lists_of
):
    system = counted_of(joined, [before])
    assert len(small_cells(lists_of(alone.report()), system, K)) > 20
    assert small_cells(lists_of(later.report()), system, K) == []
    assert later.pattern.told_before == frozenset()


def test_the_same_patients_cost_nothing(whole, gate, before):
    again = gated(whole, [before])
    assert again.pattern.held_back == gate.pattern.held_back
    assert again.held_back == gate.held_back


def test_what_was_not_released_costs_nothing(joined, alone, before):
    """Nothing of it was published, so that there is nothing to subtract."""
    nothing = gated(joined, [replace(before, counts=frozenset(), published=frozenset())])
    assert nothing.held_back == alone.held_back


def test_a_curve_of_which_too_few_have_changed_is_not_drawn_again(alone, later):
    def figures(gate):
        return {block.id for part in gate.report().parts for block in part.blocks if isinstance(block, Figure)}

    km = next(entry for entry in later.results.entries if entry.kind == "km")
    assert {later.held_back[cell.id] for cell in later.cells.of(km.id, "overall.landmarks.survival")} == {CHANGED}
    assert len(km.result.overall.curve.day) == 0  # nor are the days told
    assert "figure km/os/all" in figures(alone) - figures(later)


def test_a_model_of_which_too_few_have_changed_is_held_back_and_one_of_many_is_not(whole, joined, before):
    assert "cox/os/all/multivariable" in changed_by_few(joined, [before], K)
    assert "cox/os/all/multivariable" not in changed_by_few(whole_results(140), [before], K)
    assert changed_by_few(whole, [before], K) == frozenset()


def test_one_day_that_was_corrected_is_a_patient_of_a_curve(whole, before):
    """No count differs; the two curves do."""
    entries = []
    for entry in whole.entries:
        if entry.id == "km/os/all":
            curve = entry.result.overall.curve
            days = curve.day.copy()
            days[-1] += 1
            overall = replace(entry.result.overall, curve=replace(curve, day=days))
            entry = replace(entry, result=replace(entry.result, overall=overall))
        entries.append(entry)
    assert changed_by_few(replace(whole, entries=tuple(entries)), [before], K) == {"km/os/all"}


def test_the_committee_reads_what_has_changed_and_by_how_many(whole, joined, before):
    def told(results, earlier=before):
        shown = [cell.id for cell in cells_of(results) if cell.place.result == "km/os/all"]
        return [message.code for message in Changes(results, [earlier]).of(shown)]

    assert told(whole) == ["release.changed.same"]
    assert told(joined) == ["release.changed.numbers", "release.changed.patients", "release.changed.few"]
    assert told(whole_results(140)) == ["release.changed.numbers", "release.changed.patients"]
    assert told(joined, replace(before, published=before.published - {"km/os/all"})) == ["release.changed.new"]
    assert [*Changes(whole, ()).of(["km/os/all:analysed@:="])] == []


def test_an_output_names_the_counts_that_it_shows(gate, outputs):
    """By these a later release is judged: all that it shows, and none that is held back."""
    counts = frozenset().union(*(one.counts for one in outputs.values()))
    assert counts <= counts_in(gate.exact) - gate.held_back.keys()
    assert outputs["table-km-os-all"].results == {"km/os/all"}
    methods = outputs["text-methods"]
    text = methods.files["methods.md"].decode()
    assert methods.counts
    assert all(re.search(rf"\b{gate.cells[id_].value}\b", text) for id_ in methods.counts)
