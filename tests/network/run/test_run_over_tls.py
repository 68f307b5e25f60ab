"""A whole run: the same numbers as in memory, computed from what passed the public port, which reveals no site's."""

from __future__ import annotations

import struct
from contextlib import closing

import pytest

from riskset.rehearsal import Rehearsal
from riskset.secure import fixed_point
from riskset_site.records.journal import read_sent


def test_a_run_over_tls_finds_what_memory_finds(undisturbed):
    assert undisturbed.numbers() == undisturbed.in_memory()


def test_the_recorded_bytes_give_the_results_again(undisturbed):
    """Nothing but what passed the public port is in them; the masks of all sites add up to nothing."""
    assert undisturbed.rebuilt() == undisturbed.numbers()


def test_no_patient_row_is_among_the_bytes(undisturbed):
    wire = undisturbed.stage.record.read_bytes()
    for folder in undisturbed.stage.sites.values():
        for line in (folder / "export.csv").read_bytes().splitlines():
            assert line not in wire
    assert b"export.csv" not in wire


def clear_forms(sent):
    """Yields how numbers that a site sent would look in clear: the fraction of each as our vectors hold it, the whole
    parts of those that stand together, and each as a float's eight bytes, in both orders."""
    for _, _, values in sent.numbers:
        vector = fixed_point.encode(values, parties=1) if values else fixed_point.zeros(0)
        low, high = fixed_point.to_bytes(vector[:1]), fixed_point.to_bytes(vector[1:])
        yield from (low[at : at + 8] for at in range(0, len(low), 8))
        yield high
        yield from (struct.pack(order, value) for value in values for order in ("<d", ">d") if value % 1)


def in_clear(sent, wire):
    """Returns which of a site's numbers can be read in the bytes; all zeros are everywhere and show nothing."""
    forms = {form for one in sent for form in clear_forms(one) if len(form.strip(b"\0\xff")) > 2}
    assert forms
    return [form for form in forms if form in wire]


def test_no_number_of_any_site_is_among_the_bytes(undisturbed):
    wire = undisturbed.stage.record.read_bytes()
    for site in undisturbed.sites:
        with closing(undisturbed.journal(site)) as journal:
            sent = [read_sent(journal.ledger, entry) for entry in journal.ledger.entries()]
        assert in_clear([one for one in sent if one is not None], wire) == []


@pytest.mark.parametrize("secure_sum", ["off", "required"])
def test_without_the_secure_sum_the_same_search_finds_them(patients, secure_sum):
    names = ("asan", "kurume", "osaka")
    cohorts = patients.deal(patients.rows(seed=1, n=300), patients.sites(names, 300))
    study = patients.study(names, disclosure={"secure_sum": secure_sum, "min_sites": 3})
    rehearsal = Rehearsal(study, cohorts)
    rehearsal.run()
    wire = b"".join(rehearsal.record.kept[rehearsal.run_id])
    found = [bool(in_clear(journal.sent[rehearsal.run_id], wire)) for journal in rehearsal.journals.values()]
    assert found == [secure_sum == "off"] * 3
