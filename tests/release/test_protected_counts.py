"""Which counts are held back: by hand on a small table, and against every table that a reader could think of."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskset_release.gate.protecting import protected
from riskset_release.gate.reader import range_of
from riskset_release.gate.system import CountSystem

K = 5


def table(cells):
    """A two-way table with its margins: rows are levels, columns arms; all of it printed."""
    rows, columns = len(cells), len(cells[0])
    values = {f"{i}{j}": cells[i][j] for i in range(rows) for j in range(columns)}
    values |= {f"{i}+": sum(cells[i]) for i in range(rows)}
    values |= {f"+{j}": sum(row[j] for row in cells) for j in range(columns)}
    values["++"] = sum(map(sum, cells))
    relations = [{f"{i}+": -1, **{f"{i}{j}": 1 for j in range(columns)}} for i in range(rows)]
    relations += [{f"+{j}": -1, **{f"{i}{j}": 1 for i in range(rows)}} for j in range(columns)]
    relations += [{"++": -1, **{f"{i}+": 1 for i in range(rows)}}]
    weights = {name: 10.0 if "+" in name else 1.0 for name in values}
    return CountSystem(values, tuple(relations), frozenset(values), weights)


def test_by_hand():
    """A small cell in a table of two by two needs the other three inner cells: each margin would give it."""
    found = protected(table([[3, 40], [50, 60]]), K)
    assert found.held_back == {"00", "01", "10", "11"}
    assert found.whole == ()


def test_nothing_is_held_back_without_a_small_cell():
    assert protected(table([[0, 40], [50, 60]]), K).held_back == frozenset()


def test_a_difference_that_is_printed_nowhere_is_protected_too():
    """Patients less events: 20 less 18 are 2 without an event."""
    system = CountSystem(
        {"patients": 20, "events": 18, "without": 2},
        ({"patients": 1, "events": -1, "without": -1},),
        frozenset({"patients", "events"}),
        {"patients": 10.0},
    )
    assert protected(system, K).held_back == {"events"}


def possible(system, count, known, largest, least):
    """Every value that a reader could think of, by trying all tables."""
    unknown = [name for name in system.values if name not in known]
    found = set()
    for guess in product(range(largest + 1), repeat=len(unknown)):
        values = {**system.values, **dict(zip(unknown, guess, strict=True))}
        fits = all(sum(c * values[name] for name, c in relation.items()) == 0 for relation in system.relations)
        if fits and any(0 < values[name] < least for name in unknown):
            found.add(values[count])
    return found


@given(st.lists(st.lists(st.integers(0, 7), min_size=2, max_size=2), min_size=2, max_size=2))
@settings(max_examples=25, deadline=None)
def test_what_a_reader_can_compute_is_what_trying_all_tables_gives(cells):
    system = table(cells)
    held = protected(system, 3).held_back
    known = system.printed - held
    for count in system.small(3):
        if len(held) > 4:
            continue
        expected = possible(system, count, known, 20, 3)
        found = range_of(system, count, known, 20, 3)
        assert (found.least, found.largest) == (min(expected), max(expected))
        assert found.width >= 3


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_no_small_cell_can_be_told(cells):
    system = table(cells)
    found = protected(system, K)
    known = system.printed - found.held_back
    for count in system.small(K):
        assert range_of(system, count, known, sum(map(sum, cells)) + 2 * K, K).width >= K


class TestModels:
    """12 events in a level: 3 of the 6 patients of one arm, 9 of the 13 of the other."""

    def system(self, **known):
        values = {"old": 6, "new": 13, "events": 12, "old events": 3, "new events": 9, "old none": 3, "new none": 4}
        relations = ({"events": 1, "old events": -1, "new events": -1},)
        relations += tuple({arm: 1, f"{arm} events": -1, f"{arm} none": -1} for arm in ("old", "new"))
        printed = frozenset(name for name in values if "none" not in name)
        return CountSystem(values, relations, printed, {"old": 50.0, "new": 50.0}, **known)

    def told(self, system, count="old events"):
        found = range_of(system, count, {"old", "new", "events"}, 40, K)
        return found.least, found.largest

    def test_a_model_that_is_held_back_has_a_level_of_few(self):
        """Without it a reader can say 0 to 5; with it not 5, since then the other arm has 5 or more, too."""
        assert self.told(self.system()) == (0, 5)
        held = self.system(few=(frozenset({"old events", "new events"}),))
        assert self.told(held) == (0, 4)
        known = held.printed - protected(held, K).held_back
        assert all(range_of(held, name, known, 40, K).width >= K for name in held.small(K))

    def test_a_model_that_is_published_has_none(self):
        """Of the 5 of the other arm who may have had the event, 5 have."""
        assert self.told(self.system(at_least={"old events": K})) == (5, 5)

    def test_a_count_that_is_printed_explains_a_model_that_is_held_back(self):
        """Of nobody, for instance: nothing is said of the other levels."""
        few = self.system(few=(frozenset({"events", "old events"}),))
        values = {**few.values, "events": 2, "old events": 1, "new events": 1, "old none": 5, "new none": 12}
        found = range_of(CountSystem(values, few.relations, few.printed, few=few.few), "old events", {"events"}, 40)
        assert (found.least, found.largest) == (0, 2)


@pytest.mark.parametrize("nodes", [0])
def test_a_block_that_is_not_solved_is_held_back_whole(nodes, monkeypatch):
    from riskset_release.gate import protecting
    from riskset_release.gate.reader import NotSolved

    def gives_up(*_args, **_kwargs):
        raise NotSolved

    monkeypatch.setattr(protecting, "_protecting", gives_up)
    system = table([[3, 40], [50, 60]])
    found = protected(system, K)
    assert found.held_back == system.printed
    assert found.whole == (system.printed,)
