"""Counts of different tables that are linked: a reader who subtracts one table from another learns no small count."""

from types import SimpleNamespace

import pytest

from riskset.analyses.cohort import SetId
from riskset.study.spec import DateEndpoint
from riskset_release.gate.counted import CENSORED, ELIGIBLE, EVENTS, ROWS, Count
from riskset_release.gate.linked import Links
from riskset_release.gate.links import counted_of
from riskset_release.gate.links_between import _add_union, add_endpoints, add_subsets
from riskset_release.gate.protecting import protected
from riskset_release.gate.reader import range_of
from riskset_release.gate.system import CountSystem

K = 5
STUDY = SimpleNamespace(
    endpoints={
        "pfs": DateEndpoint(origin="start", event=("progression", "death"), censor="last"),
        "ttp": DateEndpoint(origin="start", event=("progression",), competing=("death",), censor="last"),
        "os": DateEndpoint(origin="start", event=("death",), censor="last"),
    }
)


def system_of(links):
    named = links.named
    return CountSystem(named, tuple(links.relations), frozenset(one.name for one in links.values))


def told(links, shown):
    """Returns what a reader can say of each small count where `shown` are printed."""
    system = system_of(links)
    return {name: range_of(system, name, shown, 200, K) for name in system.small(K) if name not in shown}


@pytest.fixture
def counts():
    """69 patients: 62 progressed, 5 died before; so 2 have neither, and 67 have the event of PFS. 53 died at all."""
    own = Count("set")
    of = {"pfs": own.at(what=f"{EVENTS} (pfs)"), "os": own.at(what=f"{EVENTS} (os)")}
    causes = [own.at(what=f"{EVENTS}: {kind} (ttp)") for kind in ("progression", "death")]
    return {own: 69, of["pfs"]: 67, of["os"]: 53, causes[0]: 62, causes[1]: 5}


def test_kinds_of_event_add_up_to_those_with_any_and_these_to_the_wider_endpoint(counts):
    links = Links(counts)
    links.add_parts()
    add_endpoints(links, STUDY)
    shown = {one.name for one in counts if one.what != f"{EVENTS} (pfs)"}  # only the events of PFS are held back
    ranges = told(links, shown)
    assert any("pfs" in name or "any kind" in name for name in ranges)
    assert {found.width for found in ranges.values()} == {0}  # and are told by those of progression and of death
    system = system_of(links)
    known = system.printed - protected(system, K).held_back
    assert all(range_of(system, name, known, 200, K).width >= K for name in system.small(K))


def lacking(of_each, left_out):
    """Links of patients of an arm: how many lack each variable, and how many are left out."""
    one = Count(ELIGIBLE, ROWS, (("arm", "a"),))
    missing = {name: one.at(("variable", name), what="missing") for name in of_each}
    links = Links({missing[name]: n for name, n in of_each.items()})
    links.unprinted["left out"] = left_out
    _add_union(links, "left out", one, sorted(of_each))
    return links, {name: count.name for name, count in missing.items()}


def test_who_is_left_out_lacks_one_of_the_variables():
    """8 are left out; 5 lack ECOG, so that 3 or more lack AFP, and not more than 8."""
    links, names = lacking({"afp": 4, "ecog": 5, "high_afp": 4}, 8)
    found = range_of(system_of(links), names["afp"], {"left out", names["ecog"]}, 200)
    assert (found.least, found.largest) == (3, 8)
    # of a variable made from another the same patients lack both
    found = range_of(system_of(links), names["afp"], {"left out", names["high_afp"]}, 200)
    assert (found.least, found.largest) == (4, 4)


def test_variables_that_as_many_lack_by_chance_are_two():
    links, names = lacking({"afp": 4, "ecog": 4}, 8)
    found = range_of(system_of(links), names["afp"], {"left out", names["ecog"]}, 200)
    assert (found.least, found.largest) == (4, 8)


def test_a_box_after_one_that_is_the_same_as_its_own_first_is_in_it(whole, gate):
    """The flow chart's boxes are linked, also where several have the same patients and are one set."""
    from dataclasses import replace

    from riskset_release.gate.linked import boxes_of

    entries = [entry for entry in whole.entries if entry.kind == "flow"]
    assert [*boxes_of(entries, {})]
    first, second = next(boxes_of(entries, {}))
    assert (first, "all of them") in boxes_of(entries, {second: "all of them"})
    assert replace(Count(first), of=second) != Count(first)


def test_those_without_the_event_of_a_population_are_some_of_those_of_all():
    """Also where the table of follow-up prints them as censored: 20 of 60 of all, and 18 of 40 in the population."""
    own, part = Count("os"), Count("os/match")
    events, censored = own.at(what=f"{EVENTS} (os)"), own.at(what=f"{CENSORED} (os)")
    links = Links({own: 60, events: 40, censored: 20, part: 40, part.at(what=events.what): 22})
    links.add_parts()
    sets = {"os": SetId("os"), "os/match": SetId("os", "match")}
    entries = [SimpleNamespace(analysis=SimpleNamespace(set_id=of)) for of in sets.values()]
    add_subsets(links, entries, {}, None)
    assert links.unprinted[f"{censored.name}, not in os/match"] == 2
    assert links.unprinted[f"{events.name}, not in os/match"] == 18


def test_every_result_of_a_population_is_of_some_of_all(whole):
    from riskset_release.gate.links import counted_of

    relations = counted_of(whole).system.relations
    assert any(any("not in patients/match" in name for name in relation) for relation in relations)


def test_those_with_a_value_and_those_without_are_all(whole):
    """A table gives both, and how many there are: of two a reader knows the third."""
    system = counted_of(whole).system
    with_a_value = [name for name in system.values if name.startswith("with a value of")]
    assert with_a_value
    for name in with_a_value:
        kinds = [
            {count.partition(" of ")[0]: of for count, of in one.items()} for one in system.relations if name in one
        ]
        assert {"patients": 1, "with a value": -1, "missing": -1} in kinds
