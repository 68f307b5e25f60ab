"""A refusal is told once, with the analyses that it concerns."""

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.disclosure import cells, models
from riskset.disclosure.policy import default_policy
from riskset.results.refusals import in_short, of_analysis, told_once

POLICY = default_policy("pooled")
IDS = tuple(f"cox/{endpoint}/all/multivariable" for endpoint in ("os", "pfs", "ttp"))


def refusals(find, ids=IDS):
    return [(id_, RefusedByRule.of(find(id_))) for id_ in ids]


def test_a_limit_that_several_endpoints_fail_alike_is_told_once():
    (told,) = told_once(refusals(lambda id_: models.parameters(POLICY, id_, 62, 7)))
    assert told.ids == IDS
    assert str(told.refusal.message) == "parameters per patient: must be at most 1/10; found 0.113"


def test_figures_that_differ_are_told_together_where_the_remedy_is_the_same():
    patients = dict(zip(IDS, (62, 64, 62), strict=True))
    (told,) = told_once(refusals(lambda id_: models.parameters(POLICY, id_, patients[id_], 7)))
    assert str(told.refusal.message).endswith("found 0.113, 0.109")


def test_another_remedy_is_another_line():
    events = dict(zip(IDS, (15, 15, 8), strict=True))
    first, last = told_once(refusals(lambda id_: models.events(POLICY, id_, events[id_], 1)))
    assert (first.ids, last.ids) == (IDS[:2], IDS[2:])
    assert "R3=15" in first.refusal.remedy
    assert "no exception goes that far" in last.refusal.remedy


def test_what_is_about_a_column_names_it():
    (told,) = told_once(refusals(lambda _: cells.level(POLICY, "stage = III", 4, 300)))
    assert str(told.refusal.message).startswith("stage = III: patients with the level")
    (told,) = told_once(refusals(lambda id_: cells.contributors(POLICY, id_.split("/")[1], 2)))
    assert str(told.refusal.message).startswith("os, pfs, ttp: contributing sites")


def test_beside_its_analysis_a_refusal_does_not_name_it_again():
    ((id_, refusal),) = refusals(lambda id_: models.events(POLICY, id_, 15, 1), IDS[:1])
    assert str(refusal.message).startswith(f"{id_}: events")
    assert str(of_analysis(id_, refusal).message) == "events: must be at least 20; found 15"
    other = RefusedByRule.of(cells.level(POLICY, "stage = III", 4, 300))
    assert of_analysis(id_, other) is other


@pytest.mark.parametrize(
    ("ids", "short"),
    [
        ([], ()),
        (["km/os/all"], ("km/os/all",)),
        (IDS, ("cox/{os,pfs,ttp}/all/multivariable",)),
        (["cox/a/all/u/x", "cox/a/all/u/y", "cox/b/all/u/x", "cox/b/all/u/y"], ("cox/{a,b}/all/u/{x,y}",)),
        (["cox/a/all/u/x", "cox/b/all/u/y"], ("cox/a/all/u/x", "cox/b/all/u/y")),
        (["km/os/all", "rmst/os/all/12"], ("km/os/all", "rmst/os/all/12")),
        (["km/os/all", "cox/os/all"], ("{km,cox}/os/all",)),
    ],
)
def test_ids_are_written_in_short_and_none_is_added(ids, short):
    assert in_short(ids) == short
