"""The made-up cohort: as many as said, the same each time, and shaped as its assumptions say."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from riskset.stats.kaplan_meier import product_limit
from riskset_demo.liver_cancer import assumptions as assumed
from riskset_demo.liver_cancer.cohort import (
    COUNTRIES,
    DATA_CUTOFF,
    DAYS_PER_MONTH,
    FIRST_START,
    LAST_START,
    TEN_HOSPITALS,
    TWO_HOSPITALS,
    draw,
)

MANY = {"seoul": 26_000, "tokyo": 14_000}


@pytest.fixture(scope="module")
def many():
    return draw(MANY)


@pytest.mark.parametrize(("hospitals", "n"), [(TEN_HOSPITALS, 530), (TWO_HOSPITALS, 123)])
def test_each_hospital_has_its_number_of_patients(hospitals, n):
    patients = draw(hospitals)
    assert len(patients) == n == len({p.id for p in patients})
    assert Counter(p.site for p in patients) == hospitals


def test_the_same_seed_gives_the_same_patients_and_another_gives_others():
    assert draw(TWO_HOSPITALS) == draw(TWO_HOSPITALS, seed=1)
    assert draw(TWO_HOSPITALS) != draw(TWO_HOSPITALS, seed=2)


def test_the_ten_hospitals_are_those_that_the_documents_speak_of():
    """A generator that changed its stream would silently show other figures."""
    patients = draw(TEN_HOSPITALS)
    assert Counter(p.arm for p in patients) == {"sorafenib": 301, "lenvatinib": 229}
    assert sum(p.death is not None for p in patients) == 367
    assert sum(p.progression is not None for p in patients) == 447


def test_what_came_later_is_drawn_beside_and_moves_nothing(monkeypatch):
    """Response and adverse events come from a stream of their own."""
    before = draw(TWO_HOSPITALS)
    monkeypatch.setattr("riskset_demo.liver_cancer.treatment.STREAM", 2)
    after = draw(TWO_HOSPITALS)
    own = ("recist", "mrecist", "adverse_events")
    assert [p.adverse_events for p in before] != [p.adverse_events for p in after]
    assert before == [
        replace(p, **{name: getattr(q, name) for name in own}) for p, q in zip(after, before, strict=True)
    ]


@pytest.mark.parametrize("arm", ["lenvatinib", "sorafenib"])
def test_responses_and_events_are_as_frequent_as_assumed(many, arm):
    """To four standard errors; of events, whose log odds are stretched by a rule of thumb, to a tenth besides."""
    here = [p for p in many if p.arm == arm]
    for level, share in zip(assumed.BEST_RESPONSES, assumed.RESPONSE[arm], strict=True):
        found = np.mean([p.recist == level for p in here])
        assert found == pytest.approx(share, abs=4 * np.sqrt(share / len(here)) + 1e-3)
    better = np.mean([p.mrecist == "PR" for p in here if p.recist == "SD"])
    assert better == pytest.approx(assumed.BETTER_BY_MRECIST[arm], abs=0.02)
    for name, shares in assumed.ADVERSE_EVENTS.items():
        of_any, severe = shares[arm == "sorafenib"]
        for least, share in ((1, of_any), (3, severe)):
            found = np.mean([p.adverse_events[name] >= least for p in here])
            assert found == pytest.approx(share, abs=0.1 * share + 4 * np.sqrt(share / len(here)))


def test_those_in_whom_the_disease_is_controlled_longest_respond_best(many):
    months = {
        level: np.mean([((p.progression or p.last_contact) - p.start).days for p in many if p.recist == level])
        for level in ("PR", "SD", "PD")
    }
    assert months["PR"] > months["SD"] > months["PD"]


def test_a_hospital_of_no_known_country_is_refused():
    with pytest.raises(KeyError, match="atlantis"):
        draw({"atlantis": 3})


def test_the_dates_of_a_patient_are_in_order(many):
    for p in many:
        assert FIRST_START <= p.start <= LAST_START
        assert p.start < p.last_contact <= DATA_CUTOFF
        assert p.progression is None or p.start < p.progression <= p.last_contact
        assert p.death is None or p.death == p.last_contact


def test_the_age_is_that_of_the_birthday(many):
    for p in many:
        had = (p.start.month, p.start.day) >= (p.born.month, p.born.day)
        assert p.age == p.start.year - p.born.year - (not had)


def test_values_are_missing_as_often_as_assumed(many):
    for name, share in assumed.MISSING.items():
        absent = np.mean([getattr(p, name) is None for p in many])
        assert absent == pytest.approx(share, abs=4 * np.sqrt(share / len(many)))


@pytest.mark.parametrize("site", MANY)
def test_shares_are_those_of_the_country(many, site):
    country, here = COUNTRIES[site], [p for p in many if p.site == site]
    for share, found in [
        (country.male, [p.sex == "M" for p in here]),
        (country.hbv, [p.aetiology == "HBV" for p in here]),
        (country.hcv, [p.aetiology == "HCV" for p in here]),
        (country.mvi, [p.mvi for p in here]),
        (country.ehs, [p.ehs for p in here]),
    ]:
        assert np.mean(found) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(here)))


@pytest.mark.parametrize(
    ("arm", "endpoint", "months"),
    [("lenvatinib", "pfs", 4.9), ("sorafenib", "pfs", 3.3), ("lenvatinib", "os", 13.2), ("sorafenib", "os", 11.5)],
)
def test_medians_of_many_are_those_that_the_scales_were_chosen_for(many, arm, endpoint, months):
    """To a tenth of a month; of death, which is rarer, to a third."""
    treated = [p for p in many if p.arm == arm]
    events = [(p.progression or p.death) if endpoint == "pfs" else p.death for p in treated]
    days = [((event or p.last_contact) - p.start).days for event, p in zip(events, treated, strict=True)]
    assert median(days, [event is not None for event in events]) / DAYS_PER_MONTH == pytest.approx(
        months, abs=0.1 if endpoint == "pfs" else 1 / 3
    )


def median(days, happened):
    days, happened = np.array(days), np.array(happened)
    events, censored = (np.bincount(days[which], minlength=days.max() + 1) for which in (happened, ~happened))
    curve = product_limit(events, censored, None, np.arange(days.max() + 1))
    return curve.day[np.argmax(curve.survival <= 0.5)]
