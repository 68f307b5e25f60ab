"""A whole run: the same numbers as in memory, and nothing in them that did not pass the public port."""

from __future__ import annotations

import csv

from riskset.analyses.plan import plan
from riskset.protocol.history import open_history
from riskset.protocol.messages import CLOSED, CONTRIBUTION, OPENED
from riskset.protocol.roster import load_roster
from riskset.secure.envelope import VerificationError, verify
from riskset.study.load import load_study, study_hash
from riskset_server.link import payloads_in
from riskset_server.recording import read_recording
from riskset_server.results import results_document


def table(results):
    """The printed table: every coefficient with its error."""
    (model,) = (r for r in results if r["id"] == "cox/os/all/multivariable")
    return [(t["variable"], t["coef"], t["se"], t["p"]) for t in model["terms"]]


def rebuilt_table(stage):
    """The table from the recorded bytes, the study and the roster alone."""
    study, roster = load_study(stage.study), load_roster(stage.root / "roster.json")
    messages = {}
    for payload in payloads_in(read_recording(stage.record)):
        try:
            message = verify(payload, roster.sites)
        except VerificationError:
            continue  # the coordinator's own
        messages[message.id] = message
    rounds = {}
    for message in messages.values():
        assert message.head.type in (OPENED, CONTRIBUTION, CLOSED)
        rounds.setdefault(message.head.round, []).append(message)
    run = rounds[0][0].head.run
    history = open_history(plan(study), study_hash(study), roster.sha256, run, rounds[0])
    for number in range(1, len(rounds)):
        history = history.advance(rounds[number])
    assert history.is_closed
    outcome = type("Recorded", (), {"run": run, "results": history.results, "rounds": len(rounds)})
    return table(results_document(study, outcome, sorted(roster.sites))["results"])


def change_one_row(stage):
    """One patient of one site dies a month later."""
    export = stage.sites["lakes"] / "export.csv"
    with export.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(r for r in rows if r["event"] == "1" and r["wt_loss"])
    row["time"] = str(int(row["time"]) + 30)
    with export.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_run_over_tls_finds_what_memory_finds_and_its_recorded_bytes_give_the_table_again(theatre):
    stage = theatre.stage
    stage.start()
    stage.start_coordinator()
    stage.wait()
    first = theatre.numbers()
    assert first == theatre.in_memory()
    assert rebuilt_table(stage) == table(first)

    # the same with one patient's follow-up changed at one site
    theatre.stop("lakes")
    change_one_row(stage)
    stage.record.write_bytes(b"")
    stage.start_site("lakes")
    stage.start_coordinator()
    stage.wait()
    second = rebuilt_table(stage)
    assert second == table(theatre.numbers())
    assert [v for v, *_ in second] == [v for v, *_ in table(first)]
    assert all(a != b for a, b in zip(second, table(first), strict=True))


def test_no_patient_row_is_among_the_bytes(theatre):
    stage = theatre.stage
    stage.start()
    stage.start_coordinator()
    stage.wait()
    wire = b"".join(record.body for record in read_recording(stage.record))
    for folder in stage.sites.values():
        for line in (folder / "export.csv").read_bytes().splitlines():
            assert line not in wire
    assert b"export.csv" not in wire
