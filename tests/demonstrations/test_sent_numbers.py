"""What the demonstration says of what left: true of a run with masks, and false where it should be."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import riskset_demo.sent_numbers
from riskset.errors import VerificationError
from riskset.protocol.journal import CLEAR
from riskset.rehearsal import Rehearsal
from riskset.secure.fixed_point import add, encode
from riskset.study.load import parse_study
from riskset_demo.sent_numbers import ADMISSION, CURVES, MODELS, TABLES, evidence, rounds_of
from riskset_demo.studies.made_up import HCC_TWO
from riskset_demo.tables import sent_table

PH_TEST = "cox/os/all/multivariable/ph_test/rank"
"""One of the two holds it back."""
OF_TABLES = ("response", "adverse-events", "balance", "flow", "table1", "subgroup")


@pytest.fixture(scope="module")
def cohorts(prepared):
    return prepared(HCC_TWO.name).cohorts


class Both:
    """A finished run as its coordinator and its sites have it."""

    def __init__(self, study, cohorts, exceptions):
        rehearsal = Rehearsal(study, cohorts, exceptions=exceptions, told_alone=HCC_TWO.told_alone)
        self.study, self.roster, self.outcome = study, rehearsal.roster.sha256, rehearsal.run()
        self.ledgers = {
            site: {round_: numbers_of(sent) for round_, sent in enumerate(journal.sent[rehearsal.run_id], 1)}
            for site, journal in rehearsal.journals.items()
        }

    def evidence(self, ledgers=None):
        return evidence(self.outcome, self.study, self.roster, ledgers or self.ledgers)

    def with_numbers(self, site, round_, change):
        """The ledgers, with the numbers of one site's round changed."""
        numbers = change(list(self.ledgers[site][round_]))
        return self.ledgers | {site: self.ledgers[site] | {round_: numbers}}


def numbers_of(sent):
    masked = [numbers for numbers in sent.numbers if numbers[0] not in CLEAR]
    return [(id_, label, x) for id_, labels, values in masked for label, x in zip(labels, values, strict=True)]


@pytest.fixture(scope="module")
def masked(cohorts):
    return Both(parse_study(HCC_TWO.study.decode()), cohorts, HCC_TWO.exceptions)


@pytest.fixture(scope="module")
def bare(cohorts):
    text = re.sub(r'secure_sum = "required"', 'secure_sum = "off"', HCC_TWO.study.decode())
    return Both(parse_study(text), cohorts, HCC_TWO.exceptions)


def test_of_masked_numbers_the_coordinator_reads_none_and_every_sum_is_right(masked):
    found = masked.evidence()
    assert {one.site for one in found.sent} == {"seoul", "tokyo"}
    assert found.readable == 0
    one, other = (
        Counter((at, id_, label) for at, numbers in ledger.items() for id_, label, _ in numbers)
        for ledger in masked.ledgers.values()
    )
    held_back = (one - other) + (other - one)  # a sum is of numbers that both sent
    assert PH_TEST in {id_ for _, id_, _ in held_back}
    assert found.numbers == 2 * found.sums + held_back.total() > 1000
    assert found.tellers == ("seoul", "tokyo")
    for one in found.sent:
        assert min(one.numbers[kind] for kind in (ADMISSION, MODELS, CURVES)) > 10
        assert one.messages == masked.outcome.rounds
        assert one.bytes > 16 * sum(one.numbers.values())


def test_numbers_are_for_what_the_plan_says_that_they_are(masked, monkeypatch):
    """Those of a kind that no reader has a word for are counted under its name, not as admission's."""
    known = masked.evidence().sent
    monkeypatch.setattr(riskset_demo.sent_numbers, "_PURPOSE", dict.fromkeys(OF_TABLES, TABLES))
    found = masked.evidence()
    of_curves = ("km", "rmst", "follow-up", "cumulative-incidence")
    for before, after in zip(known, found.sent, strict=True):
        assert after.numbers == {
            ADMISSION: before.numbers[ADMISSION],
            MODELS: before.numbers[MODELS],
            TABLES: before.numbers[TABLES],
            **{kind: after.numbers[kind] for kind in of_curves},
        }
        assert sum(after.numbers[kind] for kind in of_curves) == before.numbers[CURVES]
        assert min(after.numbers[kind] for kind in of_curves) > 0
    headers = [column.header for column in sent_table(found).columns][3:]
    purposes = (ADMISSION, MODELS, CURVES, *of_curves, TABLES)
    assert sorted(headers) == sorted([*(f"for {purpose}" for purpose in purposes), "readable"])


def test_without_masks_the_coordinator_reads_every_number(bare):
    found = bare.evidence()
    assert found.readable == found.numbers > 1000


def test_a_number_that_was_not_sent_is_noticed(masked):
    def one_patient_more(numbers):
        id_, label, value = numbers[0]
        return [(id_, label, value + 1.0), *numbers[1:]]

    with pytest.raises(VerificationError, match=r"round 2: 1 of \d+ sums .* does not match"):
        masked.evidence(masked.with_numbers("tokyo", 2, one_patient_more))


def test_a_number_that_nobody_asked_for_is_noticed(masked):
    more = masked.with_numbers("seoul", 1, lambda numbers: [*numbers, ("km/os/all", "sorafenib: events", 1.0)])
    with pytest.raises(VerificationError, match=r"round 1: the ledger of seoul has numbers that were not requested"):
        masked.evidence(more)


def test_a_round_that_a_ledger_does_not_have_is_noticed(masked):
    fewer = dict(masked.ledgers["tokyo"])
    fewer.pop(1)
    with pytest.raises(
        VerificationError, match="the ledger of tokyo and the coordinator's record have different rounds"
    ):
        masked.evidence(masked.ledgers | {"tokyo": fewer})


def test_a_number_held_back_counts_as_neither_sent_nor_read(masked):
    """A site that refuses sends noise, and its ledger has no number in that place."""
    fewer = masked.with_numbers("tokyo", 1, lambda numbers: numbers[1:])
    before, after = masked.evidence(), masked.evidence(fewer)
    assert (after.sums, after.numbers, after.readable) == (before.sums - 1, before.numbers - 1, 0)


def test_the_rounds_hold_what_came(masked):
    rounds = rounds_of(masked.outcome, masked.study, masked.roster)
    ledgers = masked.ledgers.values()
    by_both = [one for one in rounds if all(len(ledger[one.number]) == len(one.slots) > 0 for ledger in ledgers)]
    assert len(by_both) > 5  # in the others one of them holds something back
    for one in by_both:
        sent = [encode([x for _, _, x in ledger[one.number]], 2) for ledger in ledgers]
        assert np.array_equal(add(*one.vectors.values()), add(*sent))
        assert not any(np.array_equal(a, b) for a, b in zip(one.vectors.values(), sent, strict=True))


def test_a_message_changed_at_the_coordinator_is_noticed(masked):
    opened, *rounds, last = masked.outcome.replies
    raw = bytearray(last[0].payload)
    raw[4 + 8 * 100] ^= 1  # behind the length and the two flags: the last of 128 bits of some number
    changed = replace(masked.outcome, replies=(opened, *rounds, (replace(last[0], payload=bytes(raw)), *last[1:])))
    with pytest.raises(VerificationError, match=r": 1 of \d+ sums"):
        evidence(changed, masked.study, masked.roster, masked.ledgers)
