"""`riskset run --unblind`: outcomes that a run withheld are computed in a later one, by somebody's decision."""

import json
from contextlib import closing

import pytest
from tests.server.run.conftest import SITES, Desk, of_matched
from tests.test_kinds import with_sets

from riskset.cli import main
from riskset.ledger.trusted_log import read_log
from riskset.protocol.witnessing import LOG
from riskset_server.commands import run as command
from riskset_site.records.journal import JournalFile, open_ledger
from riskset_site.records.ledger_review import ledger_review

STUDY = of_matched('gates = { smd_max = 0.1, on_fail = "ask" }')
WHY = "Only stage differs, and it is a covariate of the model."
MODEL = "cox/os/match/univariable/arm"


class AskingDesk(Desk):
    text = STUDY

    def cohorts(self, patients):
        dealt = patients.deal(patients.rows(3, 390), patients.sites(SITES, 390))
        return {site: with_sets(cohort, self.study) for site, cohort in dealt.items()}

    def decides(self, *options, population="match", by="M. Uchida", reason=WHY):
        return self.says("run", self.study_file, "--unblind", population, "--by", by, "--reason", reason, *options)

    def results(self, run):
        document = json.loads((self.out / run / "results.json").read_text(encoding="utf-8"))
        return document, {one["id"]: one for one in document["results"]}


@pytest.fixture
def desk(tmp_path, patients, monkeypatch):
    """Sites that are in memory answer instead of those behind the network; one of them keeps its journal in a file."""
    desk = AskingDesk(tmp_path, patients)

    def conducted(asked, record, run_id, console, transport, *, is_new):
        desk._opens(run_id, record)
        return desk.rehearsal.run()

    monkeypatch.setattr(command, "_conducted", conducted)
    key = desk.rehearsal.keys["asan"]
    with closing(JournalFile(open_ledger(tmp_path / "asan" / "journal.sqlite", key, "asan"))) as journal:
        desk.rehearsal.journals["asan"] = journal
        desk.rehearsal.start_site("asan")
        yield desk


@pytest.fixture(autouse=True)
def without_figures(results_alone):
    with results_alone():
        yield


def test_outcomes_are_computed_once_somebody_decides(desk, capsys):
    first = desk.finishes(desk.begins()).name
    assert desk.results(first)[1][MODEL]["reason"]["code"] == "withheld"
    desk.rehearsal.start_site("asan")  # and remembers only what its journal says
    assert desk.decides() == 0
    assert "decision" not in capsys.readouterr().err
    second = next(run for run in desk.runs() if run != first)
    document, found = desk.results(second)
    (decision,) = document["unblinded"]
    at = decision.pop("at")
    assert decision == {"population": "match", "run": first, "by": "M. Uchida", "reason": WHY}
    assert (found[MODEL]["status"], found[MODEL]["demands"]) == ("ok", "not met")
    assert any(f"M. Uchida decided on {at[:10]}" in notice for notice in document["notices"])

    page = ledger_review(desk.rehearsal.journals["asan"], "asan", "the coordinator")
    (said,) = [one for one in page.said if one.kind == "opened"]
    assert f"run {second}: the outcomes of match, which run {first} had withheld" in said.told
    assert f"decided by M. Uchida on {at[:10]}: {WHY}" in said.told

    assert desk.says("report", second) == 0
    assert desk.results(second)[0]["unblinded"] == [{**decision, "at": at}]
    with desk.record() as record:
        key = desk.rehearsal.coordinator_key.public_key()
        began = [one for one in read_log(record.ledger.export(), LOG, key).entries if one.kind == "began"]
    assert [one.public.get("unblinded", []) for one in began] == [[], [{**decision, "at": at}]]
    assert desk.decides() == 0, "whoever decides once more begins another run, after the one that withheld"


def test_nothing_is_begun_before_a_run_has_withheld_them(desk, capsys):
    assert desk.decides() == 3
    said = capsys.readouterr().err
    assert "no finished run of this study, with the same roster, sites and data, withheld outcomes of match" in said
    assert "run the study without --unblind first" in said
    assert desk.runs() == {}
    assert desk.decides(population="all") == 3
    assert "the study does not leave the outcomes of all to a decision" in capsys.readouterr().err


def test_nothing_is_begun_without_a_name_and_a_reason(desk, capsys):
    desk.finishes(desk.begins())
    assert desk.decides(by="") == desk.decides(reason="") == desk.says("run", desk.study_file, "--by", "A") == 2
    assert "--unblind needs --by and --reason" in capsys.readouterr().err
    assert desk.decides(reason="because") == 1
    assert "--reason says why in 20 to 500" in capsys.readouterr().err
    assert len(desk.runs()) == 1


def test_an_unfinished_run_is_gone_on_with_as_it_began(desk, capsys):
    desk.finishes(desk.begins())
    unfinished = desk.begins(rounds=2)
    assert desk.decides() == 1
    assert f"the unfinished run {unfinished} was begun with other decisions" in capsys.readouterr().err
    assert desk.says("run", desk.study_file) == 0
    assert desk.results(unfinished)[1][MODEL]["reason"]["code"] == "withheld"


def test_a_study_is_tried_with_the_decision(desk_at, tmp_path, patients, capsys):
    """Its sites are on this machine; the first run is not written."""
    desk = desk_at(tmp_path)
    desk.writes_study(STUDY)
    rows = patients.rows(3, 390)
    for at, site in enumerate(SITES):
        of = range(at, 390, 3)
        desk.adds_site(site, [text_of(rows, i) for i in of])
    decision = ["--unblind", "match", "--by", "M. Uchida", "--reason", WHY]
    assert main(desk.command) == 0
    assert "somebody may decide" in capsys.readouterr().out
    assert main([*desk.command, *decision]) == 0
    assert f"{MODEL}  " in capsys.readouterr().out
    document = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    (said,) = document["unblinded"]
    assert (document["run"], said["run"], said["reason"]) == ("rehearsal", "first-rehearsal", WHY)
    (model,) = [one for one in document["results"] if one["id"] == MODEL]
    assert (model["status"], model["demands"]) == ("ok", "not met")
    desk.writes_study(STUDY.replace("smd_max = 0.1", "smd_max = 0.9"))
    assert main([*desk.command, *decision]) == 3
    assert "run the study without --unblind first" in capsys.readouterr().err


def text_of(rows, i):
    variables = rows.variables
    return {
        "patient": f"{i}",
        "arm": ["old", "new"][int(variables["arm"][i])],
        "age": f"{variables['age'][i]:g}",
        "stage": ["I", "II", "III"][int(variables["stage"][i])],
        "days": str(rows.days[i]),
        "dead": "true" if rows.event[i] else "false",
    }
