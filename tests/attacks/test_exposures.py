"""A method unknown to the rules: what it may send follows from what it declares, and every possible declaration is
judged."""

from dataclasses import replace

import numpy as np
import pytest
from tests.attacks.rogue import Rogue, Sums, exposure

from riskset.analyses import plan as planning
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort, PatientSet, SetId
from riskset.analyses.design import Column
from riskset.disclosure.composed import product
from riskset.disclosure.exposure import CENSORED, EVENT, InTime, counted, total
from riskset.errors import Refused
from riskset.rehearsal import Rehearsal
from riskset.stats.grid import Grid

SITES = ("asan", "kurume", "osaka", "seoul")
ARM = Column("arm", "new", "old", 1)
OLD = Column("arm", "old", "old", 0)
ODD = Column("odd", "true", "false", 1)
STAGES = (Column("stage", "II", "I", 1), Column("stage", "III", "I", 2))
AGE = Column("age", middle=50.0, half_range=50.0)
RISK = Column("risk", middle=0.0, half_range=1.0)
OS = SetId("os")
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
    "odd": {"type": "boolean"},
}
ONE = 7
"""The row at `asan` that `odd` marks."""


@pytest.fixture
def network(patients, monkeypatch):
    """Returns a run of rogue analyses over 320 patients in four sites, one of whom is marked."""

    def run(*analyses, is_gated=True, **more):
        entry = {"rogue": {"kind": "km", "endpoints": ["os"]}}
        study = patients.study(SITES, analyses=entry, variables=VARIABLES, **more)
        dealt = patients.deal(patients.rows(3, 320), patients.sites(SITES, 320))
        cohorts = {name: _marked(name, cohort) for name, cohort in dealt.items()}
        monkeypatch.setattr(planning, "PLANNERS", {"km": lambda *_: iter(analyses)})
        return Rehearsal(study, cohorts, is_gated=is_gated)

    return run


def _marked(site, cohort):
    """Returns a cohort with a yes-no variable that is true for one patient of all, a number that only this patient has,
    and a set of patients without an endpoint."""
    rows = cohort.analysis_sets["os"]
    odd = np.zeros(rows.n)
    if site == "asan":
        odd[ONE] = 1.0
    variables = {**rows.variables, "odd": odd, "risk": odd + 1e-3 * np.sin(np.arange(rows.n))}
    everyone = PatientSet(variables, np.arange(rows.n))
    return Cohort(site, {"os": replace(rows, variables=variables), "patients/all": everyone})


def rogue(opens, sends, computes=None, id_="km/os/all", set_id=OS, **more):
    values = computes or (lambda rows, inputs: np.ones(len(sends)))
    return Rogue(id=id_, name="rogue", set_id=set_id, opens=opens, sends=sends, computes=values, **more)


def in_time(split=(), status=(EVENT, CENSORED), clock="os"):
    return InTime(clock, tuple(split), frozenset(status), Grid(7, 5000))


MARKS_ONE = {
    "columns of a design": exposure(design=(ODD, AGE)),
    "columns of a design, asked again": exposure(design=(ODD, AGE), is_iterative=True),
    "a number of a design that one patient has": exposure(design=(RISK,)),
    "a number of a design, asked again": exposure(design=(RISK,), is_iterative=True),
    "a table": exposure(tables=(ODD,)),
    "a table of a set that is crossed with nothing": exposure(tables=(ODD,), is_one_way=True),
    "a number of a table that one patient has": exposure(numbers=(RISK,)),
    "a number of a table by arm": exposure(tables=(ARM,), numbers=(RISK,)),
    "a split in time": exposure(in_time=in_time([ODD])),
    "a design and a table": exposure(design=(AGE,), tables=(ODD,)),
    "a table and a design": exposure(design=(ODD, AGE), tables=(ARM,)),
    "a design and counts in time": exposure(design=(ODD, AGE), in_time=in_time([ARM])),
    "a table and counts in time": exposure(tables=(ODD,), in_time=in_time([ARM])),
    "a design and a split in time": exposure(design=(AGE,), in_time=in_time([ODD])),
    "strata of a design": exposure(design=(AGE,), is_iterative=True, conditions=(ODD,)),
    "all at once": exposure(design=(AGE, ODD), tables=(ODD,), in_time=in_time([ARM])),
}


def labels_of(opens):
    """Returns labels that the exposure covers, of the column that marks one patient where it can."""
    if opens.design:
        return tuple(total("a sum", *pair) for pair in [opens.design[:1], opens.design[-1:] * 2])
    if opens.numbers:
        return (total("a sum", *opens.numbers, *opens.tables),)
    if opens.patients:
        return (total("patients"),)
    if opens.tables:
        return (total("a count", opens.tables[0]),)
    return (counted("a count in time", EVENT, 3, *opens.in_time.split),)


@pytest.mark.parametrize("name", MARKS_ONE)
class TestAColumnThatMarksOnePatient:
    @pytest.mark.exhaustive
    def test_is_sent_where_no_rule_is_asked(self, network, name):
        run = network(rogue(MARKS_ONE[name], labels_of(MARKS_ONE[name])), is_gated=False)
        assert isinstance(run.run().results["km/os/all"], Sums)

    def test_is_refused_whatever_the_class(self, network, name):
        run = network(rogue(MARKS_ONE[name], labels_of(MARKS_ONE[name])))
        result = run.run().results["km/os/all"]
        assert isinstance(result, RefusedByRule)
        assert result.rule in ("R2", "R4", "R11", "R12")
        assert result.remedy


def test_an_arm_that_marks_one_patient_splits_no_curve(network):
    curve = rogue(exposure(in_time=in_time([ODD])), (counted("events", EVENT, 3, ODD),))
    result = network(curve, comparison={"arm": "odd", "reference": "false"}).run().results["km/os/all"]
    assert result.rule in ("R2", "R4", "R12")


HONEST = {
    "columns of a design": exposure(design=(ARM, AGE)),
    "columns of a design, asked again": exposure(design=(ARM, AGE), is_iterative=True),
    "a table": exposure(tables=(ARM,)),
    "sums of a number": exposure(numbers=(AGE,)),
    "sums of a number by arm": exposure(tables=(ARM,), numbers=(AGE,)),
    "patients": exposure(patients=True, is_one_way=True),
    "counts in time": exposure(in_time=in_time([ARM])),
    "counts in time of all": exposure(in_time=in_time()),
    "a design and a table": exposure(design=(AGE,), tables=(ARM,)),
    "a design and counts in time": exposure(design=(AGE,), in_time=in_time([ARM])),
    "strata of a design": exposure(design=(AGE,), is_iterative=True, conditions=(ARM,)),
}


@pytest.mark.parametrize("name", HONEST)
def test_the_nearest_honest_request_is_answered(network, name):
    assert isinstance(network(rogue(HONEST[name], labels_of(HONEST[name]))).run().results["km/os/all"], Sums)


NO_RULE_CAN_PLACE = {
    "nothing": (exposure(), "R2"),
    "weights of a level's patients": (exposure(design=(AGE,), weights=True, within=ARM), "R8"),
    "weights of a product": (exposure(design=(ARM, AGE, product(ARM, AGE)), weights=True), "R8"),
    "events by a number": (exposure(design=(AGE,), events_of=(AGE,)), "R4"),
    "events by a level of no design": (exposure(design=(AGE,), events_of=(ARM,)), "R4"),
    "events by a level within another": (exposure(design=(ARM,), events_of=(ARM,), within=STAGES[0]), "R4"),
    "weights in time": (exposure(in_time=in_time([ARM]), weights=True), "R8"),
    "weights of a table": (exposure(tables=(ARM,), weights=True), "R8"),
    "a slot of one site": (exposure(design=(ARM,), per_site=True), "R12"),
    "a slot of one site in a table beside a model": (exposure(design=(AGE,), tables=(ARM,), per_site=True), "R12"),
    "a slot of one site in time": (exposure(in_time=in_time(), per_site=True), "R12"),
    "a table again and again": (exposure(tables=(ARM,), is_iterative=True), "R5"),
    "a table beside a model, again and again": (exposure(design=(AGE,), tables=(ARM,), is_iterative=True), "R5"),
    "counts in time again and again": (exposure(in_time=in_time([ARM]), is_iterative=True), "R5"),
    "counts in time beside a model": (exposure(design=(AGE,), in_time=in_time(), is_iterative=True), "R5"),
    "two rounds a point of what is asked once": (exposure(design=(AGE,), slopes=True), "R5"),
    "two rounds a point of a table": (exposure(tables=(ARM,), is_iterative=True, slopes=True), "R5"),
    "a number counted like a level": (exposure(tables=(AGE,)), "R4"),
    "a level added like a number": (exposure(numbers=(ARM,)), "R4"),
    "sums of a number beside a model": (exposure(design=(ARM,), numbers=(AGE,)), "R4"),
    "sums of a number again and again": (exposure(numbers=(AGE,), is_iterative=True), "R5"),
    "a number that is halved beside its sums": (exposure(tables=(ARM,), numbers=(AGE,), halved=(AGE,)), "R4"),
    "a number that is halved beside a table": (exposure(tables=(ARM, STAGES[0]), halved=(AGE,)), "R4"),
    "a number that is halved at a single site": (exposure(halved=(AGE,), per_site=True), "R12"),
    "halves of a number that a formula computes": (exposure(halved=(replace(AGE, is_combined=True),)), "R4"),
    "halves of a level": (exposure(halved=(ARM,)), "R4"),
    "sums of a number of a single site": (exposure(tables=(ARM,), numbers=(AGE,), per_site=True), "R12"),
    "sums of a number that a formula computes": (exposure(numbers=(replace(AGE, terms=(AGE,)),)), "R4"),
    "a site's tables that say they are crossed with nothing": (
        exposure(tables=(ARM,), per_site=True, is_one_way=True),
        "R2",
    ),
    "a model that says it is nothing but tables": (exposure(design=(ARM,), is_one_way=True), "R2"),
    "a number that makes strata": (exposure(design=(ARM,), conditions=(AGE,)), "R4"),
    "strata of nothing": (exposure(conditions=(ARM,)), "R2"),
    "a number that splits a curve": (exposure(in_time=in_time([AGE])), "R9"),
    "another kind of event": (exposure(in_time=in_time([ARM], [EVENT, "relapse"])), "R9"),
    "another clock": (exposure(in_time=in_time([ARM], clock="pfs")), "R9"),
}


@pytest.mark.parametrize("name", NO_RULE_CAN_PLACE)
def test_what_no_rule_can_place_is_refused_by_the_rule_that_would_judge_it(network, name):
    opens, rule = NO_RULE_CAN_PLACE[name]
    result = network(rogue(opens, (total("a sum"),))).run().results["km/os/all"]
    assert isinstance(result, RefusedByRule)
    assert result.rule == rule
    assert (result.message.code, f"{rule} cannot judge" in str(result.message)) == ("rules.cannot_judge", True)


def test_a_sum_of_squares_without_the_share_of_a_patient_is_refused(network):
    squares = rogue(replace(exposure(design=(AGE,)), squares="patient"), (total("a sum of squares", AGE),))
    result = network(squares).run().results["km/os/all"]
    assert (result.rule, result.by, result.message.code) == ("R8", "a site", "rules.own.R8.unjudged")


def test_a_model_of_no_endpoint_is_refused(network):
    everyone = SetId(None)
    result = network(rogue(exposure(design=(ARM,)), (total("a sum", ARM),), set_id=everyone)).run().results["km/os/all"]
    assert (result.rule, "endpoint" in str(result.message)) == ("R3", True)


def test_a_table_of_no_endpoint_is_answered(network):
    counts = rogue(exposure(tables=(ARM,)), (total("new", ARM),), lambda rows, _: [ARM.values(rows).sum()])
    run = network(replace(counts, set_id=SetId(None)))
    expected = sum(ARM.values(cohort.analysis_sets["os"]).sum() for cohort in run.cohorts.values())
    assert run.run().results["km/os/all"] == Sums((expected,))


NOT_DECLARED = {
    "a product with a column of another": (exposure(design=(AGE,)), total("a sum", AGE, ODD)),
    "three columns at once": (exposure(design=(ARM, AGE)), total("a sum", ARM, AGE, AGE)),
    "two levels of a table crossed": (exposure(tables=STAGES), total("II and III", *STAGES)),
    "the sum of a number in a level that is not an arm": (
        exposure(tables=STAGES, numbers=(AGE,)),
        total("age in II", AGE, STAGES[0]),
    ),
    "the third power of a number": (exposure(numbers=(AGE,)), total("cubes", AGE, AGE, AGE)),
    "a step of time": (exposure(design=(AGE,)), counted("events", EVENT, 3)),
    "a status in time": (exposure(in_time=in_time([ARM], [EVENT])), counted("censored", CENSORED, 3, ARM)),
    "a split in time": (exposure(in_time=in_time()), counted("events", EVENT, 3, ARM)),
    "a covariate in a step": (exposure(design=(AGE,), in_time=in_time([ARM])), counted("age", EVENT, 3, AGE)),
    "two levels in a step": (exposure(in_time=in_time([ARM])), counted("events", EVENT, 3, ARM, OLD)),
    "a step before the first": (exposure(in_time=in_time([ARM])), counted("events", EVENT, -1, ARM)),
    "a step after the last": (exposure(in_time=in_time([ARM])), counted("events", EVENT, 10**6, ARM)),
    "a slot of one site": (exposure(design=(AGE,)), replace(total("a sum", AGE), slot="asan")),
}


@pytest.mark.parametrize("name", NOT_DECLARED)
class TestANumberThatIsNotDeclared:
    @pytest.mark.exhaustive
    def test_is_sent_where_no_rule_is_asked(self, network, name):
        opens, label = NOT_DECLARED[name]
        assert isinstance(network(rogue(opens, (label,)), is_gated=False).run().results["km/os/all"], Sums)

    def test_is_refused_for_all(self, network, name):
        opens, label = NOT_DECLARED[name]
        result = network(rogue(opens, (label,))).run().results["km/os/all"]
        assert isinstance(result, RefusedByRule)
        assert "declare" in str(result.message)

    def test_does_not_pass_the_gate_of_a_site(self, network, name, monkeypatch):
        opens, label = NOT_DECLARED[name]
        monkeypatch.setattr("riskset.analyses.admission.judge.Judge.uncovered", lambda *_: None)
        with pytest.raises(Refused) as no:
            network(rogue(opens, (label,))).run()
        assert no.value.code == "gate"


def test_the_reference_level_is_declared_with_the_others(network):
    sends = (counted("events", EVENT, 3, ARM), counted("events", EVENT, 3, OLD))
    assert isinstance(network(rogue(exposure(in_time=in_time([ARM])), sends)).run().results["km/os/all"], Sums)


def test_more_numbers_than_labels_stay_in(network):
    run = network(rogue(exposure(design=(AGE,)), (total("a sum", AGE),), lambda *_: [1.0, 2.0]))
    with pytest.raises(Refused) as no:
        run.run()
    assert no.value.code == "gate"


def test_what_says_it_is_asked_once_is_asked_once(network):
    goes_on = rogue(exposure(design=(ARM, AGE)), (total("a sum", AGE),), rounds=2)
    for is_gated in (True, False):
        ended = network(goes_on, is_gated=is_gated).run().results["km/os/all"]
        assert (ended.code, ended.message) == ("not converged", "requested again after its only round")


def test_an_analysis_asked_again_must_show_its_linear_predictor(network):
    class Silent(Rogue):
        def linear_predictor(self, prepared, state):
            return np.zeros(0)

    asks = {"opens": exposure(design=(ARM, AGE), is_iterative=True), "sends": (total("a sum", AGE),), "rounds": 2}
    one = {"id": "km/os/all", "name": "rogue", "set_id": OS, "computes": lambda *_: [1.0]}
    assert isinstance(network(Rogue(**one, **asks)).run().results["km/os/all"], Sums)
    assert network(Silent(**one, **asks)).run().results["km/os/all"].rule == "R7"


class InTwoRounds(Rogue):
    """At each point all six sums of a model of two columns, and then two further numbers."""

    def labels(self, state):
        return self.sends[1:3] if state % 2 else self.sends

    def local(self, prepared, state):
        return prepared[1][: len(self.labels(state))]


def test_a_point_of_two_rounds_gives_no_further_points(network):
    """12 points are what R5 allows; a second round at each may not be spent on another point (R5)."""
    pairs = [(), (ARM,), (AGE,), (ARM, ARM), (ARM, AGE), (AGE, AGE)]
    sums = tuple(total(f"a sum {i}", *pair) for i, pair in enumerate(pairs))
    one = {"id": "km/os/all", "name": "rogue", "set_id": OS, "computes": lambda *_: np.ones(6), "sends": sums}
    opens = exposure(design=(ARM, AGE), is_iterative=True, slopes=True)
    elsewhere = Rogue(**one, opens=opens, rounds=13)
    assert isinstance(network(elsewhere, is_gated=False).run().results["km/os/all"], Sums)
    assert network(elsewhere).run().results["km/os/all"].code == "not converged"
    of_one_column = {**one, "computes": lambda *_: np.ones(3), "sends": sums[:2] + sums[3:4]}
    of_three = exposure(design=(ARM, AGE, *STAGES[:1]), is_iterative=True, slopes=True)
    hidden = Rogue(**of_one_column, opens=of_three, rounds=13)  # no more numbers than columns, and a whole model
    assert network(hidden).run().results["km/os/all"].code == "not converged"
    honest = InTwoRounds(**one, opens=opens, rounds=24)
    assert isinstance(network(honest).run().results["km/os/all"], Sums)


OF_AGE = {
    "a sum of ages as a count of patients": (exposure(tables=(ARM,)), total("patients", ARM)),
    "a sum of ages as a count in a step": (exposure(in_time=in_time([ARM])), counted("events", EVENT, 3, ARM)),
    "a sum of ages as a count over all times": (exposure(in_time=in_time()), counted("events", EVENT, None)),
}


@pytest.mark.parametrize("name", OF_AGE)
def test_an_amount_under_the_label_of_a_count_does_not_pass_the_gate(network, name):
    opens, label = OF_AGE[name]
    ages = rogue(opens, (label,), lambda rows, _: [rows.variables["age"].sum()])
    bare = network(ages, is_gated=False)
    truth = sum(cohort.analysis_sets["os"].variables["age"].sum() for cohort in bare.cohorts.values())
    assert bare.run().results["km/os/all"] == Sums((truth,))
    with pytest.raises(Refused) as no:
        network(ages).run()
    assert no.value.code == "gate"
    honest = rogue(opens, (label,), lambda rows, _: [rows.event.sum()])
    assert isinstance(network(honest).run().results["km/os/all"], Sums)
