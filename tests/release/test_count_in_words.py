"""Counts as a committee reads them, in its language and with the labels of the study."""

import pytest
from tests.conftest import make_study

from riskset.analyses.excluded import INCOMPLETE, MISSING
from riskset_release.count_in_words import count_in_words
from riskset_release.gate.counted import CENSORED, EVENTS, EXCLUDED, KNOWN, ROWS, Count

STUDY = make_study(("asan", "kurume", "osaka"))


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (Count("os"), "Patients"),
        (Count("os", ROWS, (("arm", "new"),)), "Patients, of those with arm: new"),
        (Count("os", f"{EVENTS} (os)", (("arm", "new"), ("stage", "II"))), "stage: II"),
        (Count("os", f"{EVENTS} (os)"), "Patients with the event (os)"),
        (Count("os", f"{CENSORED} (os)"), "Patients without the event (os)"),
        (Count("os", f"{EVENTS}: lost (os)"), "Patients with lost as their first event (os)"),
        (Count("os", EXCLUDED, (("reason", INCOMPLETE),)), "Patients who are not analysed: a value is missing"),
        (Count("os", MISSING, (("variable", "age"),)), "Patients without a value of age"),
        (
            Count("os", KNOWN, (("arm", "old"), ("variable", "age"))),
            "Patients with a value of age, of those with arm: old",
        ),
        (Count("os", "itch, grade any"), "Patients: itch, grade any"),
    ],
)
def test_a_count_is_told_with_what_it_counts_and_in_whom(count, told):
    assert told in str(count_in_words(count, STUDY))


@pytest.mark.parametrize(("language", "told"), [("ko", "환자 수(arm: new)"), ("ja", "患者数（arm: new）")])
def test_it_is_in_the_language_of_the_desk(language, told):
    assert count_in_words(Count("os", ROWS, (("arm", "new"),)), STUDY).in_language(language) == told


def test_every_count_of_every_kind_has_words(gate):
    for count in gate.counted.counts.values():
        assert str(count_in_words(count, gate.results.study))
