"""Several curves over the same days: what they tell together of a patient who leaves alone in a step.

A curve by arm tells arm, step and event of such a patient. Another endpoint on the same days, another split, or steps
cut elsewhere would tell more, in one run or in several, whatever things are called.
"""

from datetime import date

import numpy as np
import pytest
from tests.attacks.hospitals import ARMS, ATTRIBUTES, OS, SITES, THREE, Network, alone, draw, truth

from riskset.analyses.analysis import has_result
from riskset.errors import Refused
from riskset.protocol.approval import ExceptionSigned
from riskset_site.data.follow_up import EligibleRows, follow_up

BOTH = ExceptionSigned("R12.contributors", "2", "two hospitals")
FEW = ExceptionSigned("R14.entered_rows", "5", "few patients entered or left")


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
                network = Network(table, OS, run=run, only=only, grid=grid, exceptions=(FEW,))
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
        more = ExceptionSigned("R9.populations", "3", "enrolment")
        for signed, expected in (((FEW,), {"os": "R9"}), ((FEW, more), {})):
            before = None
            for i, only in enumerate(enrolled, start=1):
                network = Network(table, OS, run=f"run{i}", only=only, exceptions=signed)
                before = network.after(before) if before else network
                assert before.refused() == (expected if i == 3 else {})

    def test_new_values_under_an_old_name_do_not_hide(self, monkeypatch):
        """For R9 it is another endpoint, also where R14 finds that enough patients were altered."""
        for rule in ("changes", "altered"):
            monkeypatch.setattr(f"riskset.analyses.admission.judging.cells.{rule}", lambda *_: [])
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
