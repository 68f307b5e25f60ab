"""What a second run over the same patients may ask, and what the sites refuse then: rules R13 and R14."""

from __future__ import annotations

import csv

import pytest

from riskset.protocol.opening import read_opening
from riskset.secure.envelope import unframe


def opening(theatre, run):
    _, payload, _ = unframe(theatre.requests(run)[0])
    return read_opening(payload)


def correct_follow_up(theatre, site, patients):
    """The last day under observation of some patients is corrected, and the site approves its new data."""
    export = theatre.stage.sites[site] / "export.csv"
    with export.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in [r for r in rows if r["wt_loss"]][:patients]:
        row["time"] = str(int(row["time"]) + 30)
    with export.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def refusals(results):
    return {result["reason"]["rule"] if result["status"] == "refused" else "none" for result in results}


@pytest.mark.exhaustive
def test_a_run_without_one_site_is_refused_and_one_with_all_names_the_earlier_and_finds_the_same(after_a_run):
    """The difference of the two would be that site's sums."""
    theatre = after_a_run
    theatre.stage.start()
    refused = theatre.run("--new", "--without", "lakes")
    assert refused.returncode == 3
    assert "refuses a run that, subtracted from runs with other participants" in refused.stderr
    assert "(rule R13)" in refused.stderr
    assert "begin a new one with the sites of the earlier runs: riskset run --new" in refused.stderr

    allowed = theatre.run("--new")
    assert allowed.returncode == 0, allowed.stderr
    assert theatre.numbers() == theatre.in_memory()
    (first, _), (of_three, has_ended), (second, _) = theatre.runs()
    assert not has_ended
    assert opening(theatre, first).earlier == ()
    assert opening(theatre, second).earlier == (first, of_three)
    rounds = len(theatre.requests(first))
    assert len(theatre.requests(second)) == rounds + 1, "what has changed since is asked first"


@pytest.mark.exhaustive
def test_a_run_after_one_patient_s_data_changed_is_refused_and_after_many_is_not(after_a_run, undisturbed):
    theatre = after_a_run
    correct_follow_up(theatre, "lakes", patients=1)
    theatre.stage.start()
    assert theatre.exit_code("lakes") == 3
    assert "the data, or how they are read, have changed since the approval" in theatre.log("lakes")
    theatre.approve("lakes")
    theatre.stage.start_site("lakes")
    assert refusals(theatre.runs_to_its_end("--new")) == {"R14"}

    theatre.stop("lakes", "north", "plains")
    theatre.stage.record.write_bytes(b"")
    for site, patients in (("lakes", 2), ("north", 4), ("plains", 4)):
        correct_follow_up(theatre, site, patients)
        theatre.approve(site)
        theatre.stage.start_site(site)
    found = theatre.runs_to_its_end("--new")
    assert found == theatre.in_memory() == theatre.rebuilt()
    assert found != undisturbed.numbers()
