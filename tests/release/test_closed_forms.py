"""Numbers that are no counts and give counts away: each of these leaks was found by a reader of a demonstration, or of
a small study, and is shown here before it is shown to be closed."""

import re
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.release.conftest import RECORDED
from tests.report.whole_study import whole_results

from riskset.analyses.analysis import WITHHELD, NotEstimable, RefusedByRule
from riskset.analyses.methods.km import ArmCurve, SurvivalCurves
from riskset.catalogue import say
from riskset.stats.kaplan_meier import Curve, Landmark, Quantile
from riskset_release.attacker.counts import by_percentages, told_counts
from riskset_release.attacker.curves import small_quartiles
from riskset_release.attacker.folder import texts
from riskset_release.attacker.tables import layout_of, readings
from riskset_release.gate.counted import EVENTS, Count, path_of
from riskset_release.gate.curves import fewest_at_risk, with_published_curves
from riskset_release.gate.gated import FEW, FOLLOWS, gated
from riskset_release.gate.linked import Links
from riskset_release.gate.links import _without_grids, counted_of
from riskset_release.gate.numbers import rule_of
from riskset_release.gate.published import published_files
from riskset_release.gate.reasons import has_figure, with_told_reasons
from riskset_report.cells import numbers_of

K = 5


class TestBalance:
    """A standardised difference and the ratio of the variances are two equations for two counts."""

    def solved(self, n, smd, ratio):
        """The pairs of counts, of arms of `n` patients, that both numbers allow as they are printed."""
        having = np.meshgrid(*(np.arange(size + 1) for size in n), indexing="ij")
        p = [x / size for x, size in zip(having, n, strict=True)]
        variance = [x * (1 - x) * size / (size - 1) for x, size in zip(p, n, strict=True)]
        with np.errstate(all="ignore"):
            fits = np.round((p[0] - p[1]) / np.sqrt((variance[0] + variance[1]) / 2), 2) == smd
            fits &= np.round(variance[0] / variance[1], 1) == ratio
        return list(zip(*(x[fits] for x in having), strict=True))

    def test_two_printed_numbers_are_two_counts(self):
        """13 of 221, and 24 of 283: of the liver cancer cohort, as its table of balance printed it."""
        p, q = 13 / 221, 24 / 283
        variances = p * (1 - p) * 221 / 220, q * (1 - q) * 283 / 282
        smd = round((p - q) / np.sqrt(sum(variances) / 2), 2)
        assert (13, 24) in (found := self.solved((221, 283), smd, round(variances[0] / variances[1], 1)))
        assert len(found) < 40  # of 63,000

    def test_a_level_whose_counts_are_held_back_has_no_balance(self, whole, gate):
        told = {id_: names for id_, names in gate.counted.tells.items() if names & gate.pattern.held_back}
        assert all(gate.held_back[id_] == FOLLOWS for id_ in told if gate.cells[id_].value is not None)

    def test_what_balance_tells_is_protected_as_if_it_were_printed(self, gate, published):
        levels = {name for names in gate.counted.tells.values() for name in names}
        assert any("stage=" in name for name in levels)
        assert levels <= gate.counted.system.printed
        assert told_counts(published, gate.counted) & gate.pattern.held_back == set()


def test_a_difference_of_a_variable_is_held_back_with_its_counts(lung_results, whole, monkeypatch):
    """In table 1 it is beside the arms, in a list of its own."""
    counted = counted_of(whole)
    of_stage = {name for name in counted.cells.values() if "stage=" in name and "arm=" in name}
    pattern = SimpleNamespace(held_back=frozenset(of_stage), whole=())
    monkeypatch.setattr("riskset_release.gate.gated.protected", lambda *_args: pattern)
    found = gated(whole)
    (smd,) = (c for c in found.cells if c.place.quantity == "variables.smd[0].value" and c.place.variable == "stage")
    assert found.held_back[smd.id] == FOLLOWS


def test_two_criteria_of_response_are_two_counts(whole):
    """RECIST and mRECIST find other patients: the number of the one says nothing of that of the other."""
    outcomes = {one.analysis.question_json()["outcome"] for one in whole.entries if one.kind == "response"}
    names = {name for name in counted_of(whole).cells.values() if name.startswith(("orr by", "dcr by"))}
    assert {name.split()[2] for name in names} == outcomes != {"arm"}


class TestGrid:
    """In rhdnase a model had one event more than the curves: one patient's, after the last day of the grid."""

    def links(self, at_the_end):
        every, early = Count("set").at(what=f"{EVENTS} (os)"), Count("set").at(what=f"{EVENTS} (os) to day 168")
        found = {count: n for _, count, n in _without_grids([("a", every, 241), ("b", early, at_the_end)])}
        links = Links({Count("set"): 641, **found})
        links.add_parts()
        links.add_grids()
        return links

    def test_events_after_the_grid_are_a_count(self):
        assert 1 in self.links(240).unprinted.values()

    def test_where_there_are_none_both_are_one_count(self):
        assert [name for name in self.links(241).named if "to day" in name] == []


@dataclass(frozen=True)
class Entry:
    kind: str
    result: object
    analysis: object = None


class TestCurves:
    """A single arm of 40: 10 events on day 10, 2 on day 20, 8 on day 30, and 20 at once on day 40."""

    @pytest.fixture
    def result(self):
        day, events = np.array([10, 20, 30, 40]), np.array([10.0, 2.0, 8.0, 20.0])
        at_risk = np.array([40.0, 30.0, 28.0, 20.0])
        curve = Curve(day, at_risk, events, np.zeros(4), np.cumprod(1 - events / at_risk), np.zeros(4))
        exact = (Quantile(0.25, 15.0, None, None), Quantile(0.5, 30.0, None, None), Quantile(0.75, 40.0, None, None))
        landmark = Landmark(20.0, 30.0, float(curve.survival[1]), 0.0, np.nan, np.nan)
        limits = np.full(4, np.nan)
        return SurvivalCurves(ArmCurve(None, 40, 40, curve, limits, limits, exact, (landmark,)), (), None, None)

    @pytest.fixture
    def published(self, result):
        return with_published_curves(Entry("km", result), K, 365.25).result

    def test_a_median_off_the_published_curve_tells_of_a_few(self, result, published):
        """The first quartile, half way between days 10 and 20, tells of day 20."""
        exact = replace(published, overall=replace(published.overall, quartiles=result.overall.quartiles))
        assert [(of.count, of.least, of.largest) for of in small_quartiles(exact, K)] == [("all day 15", 1, 4)]
        assert small_quartiles(published, K) == []

    def test_quartiles_and_landmarks_are_read_off_the_published_curve(self, published):
        overall = published.overall
        assert dict(zip(overall.curve.day, overall.curve.survival, strict=True)) == {0: 1, 10: 0.75, 30: 0.5, 40: 0}
        assert [quartile.estimate for quartile in overall.quartiles] == [10.0, 30.0, 40.0]
        assert overall.landmarks[0].survival == 0.75

    @pytest.mark.parametrize(("k", "fewest"), [(3, 10), (5, 10), (10, 20)])
    def test_where_a_curve_ends_the_number_at_risk_may_be_any_of_k(self, k, fewest):
        """Fewer than so many, and one at least: the reader knows both."""
        assert fewest_at_risk(k) == fewest
        assert len(range(1, fewest)) > k


def test_numbers_at_risk_of_all_do_not_stand_beside_those_of_the_arms(gate):
    """128 and 128, printed as 125 and 125; all 256, as 255: then 2 or 3 have left, and 1 or 2 of one arm."""
    of_all = [c for c in gate.cells if c.place.quantity.startswith("overall.") and c.place.quantity.endswith("at_risk")]
    assert of_all
    assert all(c.id in gate.held_back for c in of_all if c.value is not None)


class TestReasons:
    """A rule's finding says what it found: of 3 patients, for instance."""

    THREE = say("rules.found.total", figure="3")
    FOUND = say("rules.finding_of_analysis", means="patients", bound="at least 10", found=THREE)

    def test_what_was_found_is_not_published(self):
        refusal = RefusedByRule("R4", self.FOUND, say("rules.remedy.level_have", n=3, least=10))
        nested = {"arms": [(refusal, say("analyses.no_events"))]}
        told = with_told_reasons(Entry("cox", nested, Entry("arms", refusal)))
        for one in (told.result["arms"][0][0], told.analysis.result):
            assert (one.rule, one.message, str(one.remedy)) == ("R4", say("release.reason.refused"), "")

    def test_a_study_that_withholds_a_result_says_so_and_not_by_how_much(self):
        found = say("analyses.demand.smd_max.not_met", found="0.34", limit="0.1")
        told = with_told_reasons(Entry("cox", NotEstimable(WITHHELD, found))).result
        assert told.message == say("release.reason.withheld")
        other = NotEstimable("no events", say("analyses.no_events"))
        assert with_told_reasons(Entry("cox", other)).result is other

    def test_a_reason_without_a_figure_is_kept(self):
        assert not has_figure(say("analyses.no_events"))
        assert has_figure(self.FOUND)
        assert has_figure("3 patients")

    def test_no_file_says_what_a_rule_found(self):
        """Of a gated run of 70 patients, in which rules refuse most analyses."""
        results = whole_results(70, True)
        assert re.search(r"found \d", str(results))
        found = [said for said in texts(published_files(gated(results), RECORDED)) if re.search(r"found \d", said[1])]
        assert found == []


class TestPercentages:
    """A percentage of a number of patients that is known is an interval of a count."""

    def test_one_beside_a_count_that_is_held_back_would_tell_it(self, gate, published):
        """Were a percentage printed, where the count beside it is held back: 4 of 37 are 10.8%."""
        read = [*readings(published, layout_of(gate.report()))]
        n = next(
            one for one in read if one.path.endswith(".csv") and one.id.startswith("adverse") and ".arms.n@" in one.id
        )
        without = [one for one in read if one.id != n.id]
        between = by_percentages(without, gate.results, gate.counted)
        least, largest = between[gate.counted.cells[n.id]]
        assert least <= n.value <= largest < least + K

    def test_none_is(self, gate, published):
        read = [*readings(published, layout_of(gate.report()))]
        between = by_percentages(read, gate.results, gate.counted)
        assert between
        assert between.keys() & gate.pattern.held_back == set()


@pytest.mark.parametrize("run", ["gate", "lung"])
def test_what_follows_from_several_counts_is_held_back_with_any_of_them(run, request):
    """Differences, ratios, tests: closed forms of two counts, of which all tables could be tried. Only a percentage, or
    its limits, of an arm whose own count is published may be."""
    gate = request.getfixturevalue(run)
    of_arm = re.compile(r"(percent|clopper_pearson\.\w+|wilson\.\w+)$")
    for entry in gate.results.entries:
        numbers = [*numbers_of(entry)]
        held = {
            (_table(found), found.place.variable)
            for found in numbers
            if gate.counted.cells.get(found.place.id) in gate.pattern.held_back
        }
        for found in numbers:
            rule = rule_of(path_of(found))
            is_shown = found.place.id not in gate.held_back and found.value is not None
            if rule and rule.of == "of counts" and is_shown and (_table(found), found.place.variable) in held:
                assert of_arm.search(found.place.quantity), found.place.id


def _table(found):
    """The part of a result that has its own counts: `rates[0]` of `rates[0].comparisons[1].p`."""
    of = re.match(r"rates\[\d+\]|any\[\d+\]|terms\[\d+\]\.grades\[\d+\]", found.place.quantity)
    return of[0] if of else ""


@pytest.mark.parametrize("run", ["gate", "lung"])
def test_what_a_reader_knows_of_models_is_true(run, request):
    system = request.getfixturevalue(run).counted.system
    assert system.at_least
    assert all(system.values[name] >= bound for name, bound in system.at_least.items())
    assert all(min(system.values[name] for name in few) < K for few in system.few)


def test_a_test_of_curves_with_few_events_is_held_back():
    """With three digits it told on which days: a reader tries all."""
    found = gated(whole_results(24))
    of_days = re.compile(r"km/os/all:log_rank\.(chi2|p)@|rmst/os/all[^:]*:arms\.rmst_days@")
    told = [cell for cell in found.cells if of_days.match(cell.id)]
    assert len(told) >= 4
    assert {found.held_back[cell.id] for cell in told} == {FEW}
