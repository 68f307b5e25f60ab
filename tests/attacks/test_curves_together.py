"""Several curves over the same days: what they tell together of a patient who leaves alone in a step.

A curve by arm tells arm, step and event of such a patient. Another endpoint on the same days, another split, or steps
cut elsewhere would tell more, in one run or in several, whatever things are called.
"""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.methods.km import KaplanMeier
from riskset.errors import Refused
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Study
from riskset_site.data.follow_up import EligibleRows, follow_up
from riskset_site.data.holding import rows_of

SITES = ("asan", "kurume", "osaka")
ATTRIBUTES = ("ecog", "male", "viral")
ARMS = ", the arms"
BOTH = ExceptionSigned("R12.contributors", "2", "two hospitals")


def draw(n=40, sites=SITES, seed=2):
    """Returns n patients of each site, one array per column: `os` is death or last contact, `pfs` progression before
    it, and `only` the days on which they differ."""
    random = np.random.default_rng(seed)
    size = n * len(sites)
    shares = {"arm": 0.5, "ecog": 0.4, "male": 0.6, "viral": 0.5}
    table = {name: (random.random(size) < share).astype(float) for name, share in shares.items()}
    progression, death = (1 + random.exponential(days, size).astype(np.int64) for days in (100, 170))
    last = random.integers(10, 500, size)
    os = np.minimum(death, last)
    progressed, dead = progression <= os, death <= last
    table |= {"os": os, "dead": dead, "pfs": np.where(progressed, progression, os), "progressed": progressed}
    of_cancer = dead & (random.random(size) < 0.7)
    table |= {"first": progressed | dead, "of_cancer": of_cancer, "of_other": dead & ~of_cancer}
    return table | {"site": np.repeat(sites, n), "number": np.tile(np.arange(n), len(sites))}


OS = {"os": ("os", "dead")}
THREE = {"pfs": ("pfs", "first"), "os": ("os", "dead"), "ttp": ("pfs", "progressed")}


class Network(Rehearsal):
    """Hospitals with the keyed marks that they would make, over one or several studies."""

    def __init__(
        self,
        table,
        endpoints,
        arm="arm",
        grid=(7, 602),
        id_="trial",
        run="run",
        is_keyed=True,
        kinds=("km",),
        only=None,
        header="",
        **more,
    ):
        self.header = header
        self.table, self.endpoints, self.is_keyed, self.only = table, endpoints, is_keyed, only
        sites = dict.fromkeys(table["site"].tolist())
        booleans = {name for name, (_, event) in endpoints.items() for name in (event,)} | {arm or "arm", *ATTRIBUTES}
        numbers = {days for days, _ in endpoints.values()}
        asked = {kind: {"kind": kind, "endpoints": list(endpoints)} for kind in kinds}
        document = {
            "schema": 1,
            "study": {"id": id_, "version": run.removeprefix("run") or "0", "title": {"en": "A trial"}},
            "sites": {name: {"name": name} for name in sites},
            "variables": {name: {"type": "boolean"} for name in sorted(booleans)}
            | {name: {"type": "number", "range": [0, 9000]} for name in sorted(numbers)},
            "time": {"unit": "month", "grid": {"width_days": grid[0], "max_days": grid[1]}},
            "endpoints": {name: {"days": days, "event": event} for name, (days, event) in endpoints.items()},
            "analyses": {kind: {"tau": [12], **entry} if kind == "rmst" else entry for kind, entry in asked.items()},
            "disclosure": {"min_sites": min(3, len(sites))},
        }
        if arm:
            document["comparison"] = {"arm": arm, "reference": "false"}
        super().__init__(Study.model_validate(document), {site: self.cohort(site, arm) for site in sites}, run, **more)
        self.marks()

    def cohort(self, site, arm):
        table, here = self.table, self.table["site"] == site
        if self.only:
            here = here & self.only(table)
        variables = {arm: table[arm][here].astype(float)} if arm else {}
        return Cohort(
            site,
            {
                name: AnalysisSet(table[days][here], table[event][here] == 1, None, variables, table["number"][here])
                for name, (days, event) in self.endpoints.items()
            },
        )

    def marks(self):
        for name, cohort in self.cohorts.items():
            keys = [f"{name}-{number}" for number in range(cohort.n_patients)] if self.is_keyed else None
            rows = rows_of(cohort, keys, self.keys[name])
            fields = [replace(field, source=self.column(field.source)) for field in rows.fields]
            self.rows[name] = replace(rows, fields=tuple(fields))
            self.start_site(name)

    def column(self, name):
        """Where an array comes from: a column of an export, if there is one."""
        return json.dumps([f"{name} {self.header}"]) if self.header else name

    def after(self, before):
        """Goes on over the keys and journals of an earlier run, with what it counts as earlier told honestly."""
        self.coordinator_key, self.keys, self.roster = before.coordinator_key, before.keys, before.roster
        self.journals, self.record = before.journals, before.record
        self.marks()
        self.start_coordinator(earlier=list(self.record.kept))
        return self

    def refused(self):
        """Runs to the end, and returns the endpoints whose curves have no result, each with the rule; with `ARMS`
        behind it where the rule refused the arms alone, and there is a curve of all patients."""
        self.outcome = self.run()
        found = {}
        for analysis in self.outcome.history.plan.reported:
            if isinstance(analysis, KaplanMeier):
                ends = {"": self.outcome.results[analysis.id], ARMS: analysis.arms_refusal}
                if rules := [end.rule + what for what, end in ends.items() if isinstance(end, RefusedByRule)]:
                    found[analysis.endpoint] = rules[0]
        return found

    def reads(self, endpoint):
        """What everybody reads: by level and step, how many leave with the event and without."""
        told = {}
        for arm in self.outcome.results[f"km/{endpoint}/all"].arms:
            for day, events, censored in zip(arm.curve.day, arm.curve.events, arm.curve.censored, strict=True):
                told[arm.level, int(day)] = (round(events), round(censored))
        return told


@pytest.fixture
def no_rule(monkeypatch):
    """The comparison of curves is off, at all parties at once."""
    monkeypatch.setattr("riskset.analyses.admission.own_rows.together", lambda *_: iter(()))
    return monkeypatch


def alone(told):
    """Returns the steps in which one patient leaves, with whether it was with the event."""
    return {at: events == 1 for at, (events, censored) in told.items() if events + censored == 1}


def truth(table, days, name, at):
    """Returns the values of those who leave at (level of the arm, day)."""
    return table[name][(table["arm"] == (at[0] == "true")) & (table[days] == at[1])]


def also(case):
    """A case that only `make test-all` tries."""
    return pytest.param(case, marks=pytest.mark.exhaustive)


def some(cases, *always):
    """Returns the names of cases, of which only these are always tried."""
    return [name if name in always else also(name) for name in cases]


SHIFTS = {
    "the same": lambda days: days,
    "a day later": lambda days: days + 1,
    "doubled": lambda days: 2 * days,
    "reversed": lambda days: 1000 - days,
    "capped": lambda days: np.minimum(days, 230),
    "in months": lambda days: np.rint(days / 30.4375).astype(np.int64),
    "half of them a day later": lambda days: days + days % 2,
}


class TestEndpointsAsAttributes:
    def ask(self, other=None, attributes=ATTRIBUTES, sites=SITES, **more):
        table = draw(sites=sites)
        if other is not None:
            table["other"] = other(table["os"])
        days = "os" if other is None else "other"
        return Network(table, OS | {name: (days, name) for name in attributes}, **more)

    def test_any_boolean_as_the_event_of_an_endpoint(self, no_rule):
        bare = self.ask(grid=(1, 500))
        assert bare.refused() == {}
        attributes = {name: bare.reads(name) for name in ATTRIBUTES}
        seen = alone(bare.reads("os"))
        rows = [
            (at, {"dead": dead} | {name: told[at][0] == 1 for name, told in attributes.items()})
            for at, dead in seen.items()
        ]
        assert len(rows) > 70  # of 120 patients, with five attributes each
        assert all(
            [value] == truth(bare.table, "os", name, at).tolist() for at, row in rows for name, value in row.items()
        )
        no_rule.undo()
        assert self.ask(grid=(30, 600)).refused() == dict.fromkeys(ATTRIBUTES, "R9")

    def test_in_two_hospitals(self):
        two = self.ask(sites=SITES[:2], exceptions=(BOTH,))
        assert two.refused() == dict.fromkeys(ATTRIBUTES, "R9")

    @pytest.mark.parametrize("name", some(SHIFTS, "a day later"))
    def test_on_days_from_which_the_others_follow(self, name, no_rule):
        bare = self.ask(SHIFTS[name], ["male"], grid=(1, 1000))
        assert bare.refused() == {}
        of_os, of_male = alone(bare.reads("os")), alone(bare.reads("male"))
        read = {at: of_male[there] for at in of_os if (there := (at[0], int(SHIFTS[name](np.array(at[1]))))) in of_male}
        assert len(read) > (2 if name == "in months" else 15)
        right = [truth(bare.table, "os", "male", at).tolist() == [value] for at, value in read.items()]
        assert np.mean(right) > 0.9  # with half of them a day later, two may be taken for one
        no_rule.undo()
        assert self.ask(SHIFTS[name], ["male"], grid=(7, 1001)).refused() == {"male": "R9"}

    def test_on_days_that_are_equal_for_all_but_a_few(self):
        table = draw()
        table["other"] = np.where(table["number"] % 13 == 5, table["os"] // 2, table["os"])
        assert Network(table, OS | {"x": ("other", "male")}).refused() == {"x": "R9"}

    def test_in_the_form_of_dates(self):
        """A date that only the men have, on the day of their last contact."""
        table = draw()
        start = np.full(120, np.datetime64("2020-01-01"))
        end = start + table["os"]
        columns = {"start": start, "last": end}
        columns |= {name: np.where(table[name] == 1, end, np.datetime64("NaT")) for name in ("dead", "male")}
        rows = EligibleRows(np.ones(120, bool), np.arange(120))
        study = Network(table, OS | {"x": ("os", "male")}).study
        for name, event in (("os", "dead"), ("x", "male")):
            spec = {"origin": "start", "event": [event], "censor": "last"}
            endpoint = type(study).model_validate(study.model_dump(by_alias=True) | dates(study, spec)).endpoints["os"]
            found = follow_up(endpoint, columns, rows, date(2030, 1, 1))
            table[f"{name}_days"], table[f"{name}_event"] = found.days, found.event
        asked = {name: (f"{name}_days", f"{name}_event") for name in ("os", "x")}
        assert Network(table, asked).refused() == {"x": "R9"}

    def test_a_composite_with_an_attribute(self):
        """A study of dates can ask for "death or male" by itself, and so make everything part of one event."""
        table = draw()
        table["either"] = (table["dead"] | (table["male"] == 1)).astype(float)
        asked = OS | {"x": ("os", "male"), "either": ("os", "either")}
        assert Network(table, asked).refused() == {"x": "R9"}

    def test_a_fourth_endpoint_on_the_same_days(self):
        """Stages as nested events would tell the stage of everyone who leaves alone."""
        table = draw()
        stage = np.random.default_rng(5).integers(0, 5, 120)
        table |= {f"stage_{i}": stage >= i for i in (1, 2, 3, 4)}
        asked = {f"stage_{i}": ("os", f"stage_{i}") for i in (1, 2, 3, 4)}
        assert Network(table, asked).refused() == {"stage_4": "R9"}

    def test_an_event_that_everyone_has_is_no_composite_of_two_others(self):
        table = draw()
        table["any"] = np.ones(120)
        asked = {"any": ("os", "any"), "os": ("os", "dead"), "x": ("os", "male")}
        assert Network(table, asked).refused() == {"x": "R9"}


HONEST = {
    "progression-free and overall survival": {"pfs": ("pfs", "first"), "os": ("os", "dead")},
    "with time to progression, death competing": THREE,
    "in another order": dict(reversed(THREE.items())),
    "deaths of one cause": OS | {"css": ("os", "of_cancer")},
    "all causes of death": OS | {"css": ("os", "of_cancer"), "other": ("os", "of_other")},
}


class TestHonestEndpoints:
    @pytest.mark.parametrize("name", some(HONEST, "with time to progression, death competing", "all causes of death"))
    @pytest.mark.parametrize("grid", [(30, 600), also((1, 500))])
    def test_that_are_parts_of_one_another_pass(self, name, grid):
        assert Network(draw(), HONEST[name], grid=grid).refused() == {}

    def test_methods_on_one_curve_pass(self):
        network = Network(draw(), THREE, kinds=("km", "rmst", "follow-up"))
        assert network.refused() == {}
        assert all(has_result(result) for result in network.outcome.results.values())

    def test_in_two_hospitals_they_pass(self):
        assert Network(draw(sites=SITES[:2]), THREE, exceptions=(BOTH,)).refused() == {}


def twice(first, second, table=None, changed=None, **more):
    """Runs two studies over the same patients, and returns the second."""
    table = draw() if table is None else table
    before = Network(table, run="run1", **{"endpoints": OS, **first}, **more)
    assert before.refused() == {}
    return Network(changed or table, run="run2", **{"endpoints": OS, **second}, **more).after(before)


class TestSeveralVersions:
    def test_the_arm_declared_anew(self, no_rule):
        second = twice({"grid": (1, 500)}, {"grid": (1, 500), "arm": "ecog"})
        assert second.refused() == {}
        by_ecog = alone(second.reads("os"))
        table = second.table
        lone = [at for at in by_ecog if (table["os"] == at[1]).sum() == 1]
        assert len(lone) > 50
        assert all(table["ecog"][table["os"] == day].tolist() == [level == "true"] for level, day in lone)
        no_rule.undo()
        gated = twice({}, {"arm": "ecog"})
        assert gated.refused() == {"os": f"R9{ARMS}"}
        assert {level for level, _ in gated.reads("os")} == set()  # of all patients together

    @pytest.mark.parametrize(
        "second",
        [
            also({"endpoints": OS | {"x": ("os", "male")}}),
            also({"endpoints": {"x": ("os", "male")}, "id_": "another"}),
            {"grid": (8, 600)},
            {"grid": (7, 304)},
        ],
    )
    def test_another_event_or_grid_in_a_later_study(self, second):
        assert set(twice({}, second).refused().values()) == {"R9"}

    def test_another_event_and_nothing_in_common(self):
        """R14 cannot be judged then, and the sites take no part."""
        with pytest.raises(Refused) as no:
            twice({}, {"endpoints": {"x": ("os", "male")}, "id_": "another", "arm": None}).refused()
        assert no.value.code == "fields"

    def test_another_split_in_a_later_study(self):
        second = {"endpoints": {"survival": ("os", "dead")}, "arm": "male", "id_": "another"}
        assert twice({}, second).refused() == {"survival": f"R9{ARMS}"}

    def test_without_patient_keys(self):
        assert twice({}, {"arm": "ecog"}, is_keyed=False).refused() == {"os": f"R9{ARMS}"}
        assert twice({}, {}, is_keyed=False).refused() == {}

    def test_without_patient_keys_in_an_export_with_other_headers(self):
        """Only the values show then who is who."""
        first, second = ({"header": year, "is_keyed": False} for year in ("2025", "2026"))
        assert twice(first, second).refused() == {}
        assert twice(first, second | {"arm": "ecog"}).refused() == {"os": f"R9{ARMS}"}

    @pytest.mark.parametrize(
        "second",
        [
            {},
            also({"arm": None}),
            also({"endpoints": THREE}),
            {"grid": (14, 602)},
            also({"grid": (7, 301)}),
            {"endpoints": {"survival": ("os", "dead")}, "id_": "another"},
        ],
    )
    def test_the_same_patients_counted_alike_pass(self, second):
        assert twice({}, second).refused() == {}

    def test_arms_that_were_refused_are_not_open(self):
        table = draw()
        first = Network(table, OS, run="run1")
        assert first.refused() == {}
        second = Network(table, OS, arm="ecog", run="run2").after(first)
        assert second.refused() == {"os": f"R9{ARMS}"}
        for run, arm, refused in (("run3", "male", {"os": f"R9{ARMS}"}), ("run4", "arm", {})):
            assert Network(table, OS, arm=arm, run=run).after(second).refused() == refused

    def test_a_curve_that_was_refused_is_not_open(self):
        table = draw()
        before = Network(table, OS | {"x": ("os", "male")}, run="run1")
        assert before.refused() == {"x": "R9"}
        assert Network(table, THREE, run="run2").after(before).refused() == {}

    def test_after_a_correction_that_R14_lets_through(self):
        table = draw()
        corrected = table | {name: table[name].copy() for name in ("os", "dead", "pfs", "first")}
        for i in [at for site in SITES for at in np.flatnonzero((table["site"] == site) & ~table["dead"])[:2]]:
            corrected["dead"][i] = corrected["first"][i] = True
            corrected["os"][i] += 3
        for i in [np.flatnonzero((table["site"] == site) & table["dead"] & ~table["progressed"])[0] for site in SITES]:
            corrected["dead"][i] = corrected["first"][i] = False
        for arm in ("arm", None):
            second = twice({"endpoints": THREE}, {"endpoints": THREE, "arm": arm}, table, corrected)
            assert second.refused() == {}

    def test_one_corrected_patient_is_refused_by_R14_alone(self):
        table = draw()
        corrected = table | {"os": table["os"].copy()}
        corrected["os"][7] += 3
        assert twice({"endpoints": THREE}, {"endpoints": THREE}, table, corrected).refused() == dict.fromkeys(
            THREE, "R14"
        )

    def test_the_men_of_an_earlier_study(self, no_rule):
        """Two populations tell one attribute, three that cross tell two; for R14 there are enough who left."""
        table = draw()
        runs = {"run1": None, "run2": lambda table: table["male"] == 1, "run3": lambda table: table["viral"] == 1}

        def ask(grid):
            before = None
            for run, only in runs.items():
                network = Network(table, OS, run=run, only=only, grid=grid)
                before = network.after(before) if before else network
                yield before, before.refused()

        (everyone, _), (men, no), (viral, none) = ask((1, 500))
        assert (no, none) == ({}, {})
        lone = list(alone(everyone.reads("os")))
        assert len(lone) > 70
        for name, told in (("male", men.reads("os")), ("viral", viral.reads("os"))):
            assert [[at in told] for at in lone] == [truth(table, "os", name, at).tolist() for at in lone]
        no_rule.undo()
        assert [refused for _, refused in ask((7, 602))] == [{}, {}, {"os": "R9"}]

    def test_new_patients_enter_once_and_then_by_exception(self):
        table = draw()
        enrolled = [lambda table: table["number"] < 34, lambda table: table["number"] < 37, None]
        for signed, expected in (((), {"os": "R9"}), ((ExceptionSigned("R9.populations", "3", "enrolment"),), {})):
            before = None
            for i, only in enumerate(enrolled, start=1):
                network = Network(table, OS, run=f"run{i}", only=only, exceptions=signed)
                before = network.after(before) if before else network
                assert before.refused() == (expected if i == 3 else {})

    def test_new_values_under_an_old_name_do_not_hide(self, monkeypatch):
        """For R9 it is another endpoint, also where R14 finds that enough patients were altered."""
        monkeypatch.setattr("riskset.analyses.admission.judging.cells.changes", lambda *_: [])
        table = draw()
        renamed = table | {"dead": table["male"]}
        assert twice({}, {}, table, renamed).refused() == {"os": "R9"}


def dates(study, spec):
    """Returns the parts of a study in which `os` is an endpoint of dates."""
    variables = {name: {"type": "date"} for name in (spec["origin"], *spec["event"], spec["censor"])}
    return {
        "variables": {"arm": {"type": "boolean"}} | variables,
        "endpoints": {"os": spec},
        "analyses": {"km": {"kind": "km", "endpoints": ["os"]}},
    }
