"""What the coordinator reads of a study: each site from its invite to its approval, the runs, who must act next."""

import json
import re
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from tests.pseudo_language import latin_words

from riskset.cli import main
from riskset.errors import Unreachable
from riskset.protocol.roster import load_roster
from riskset.secure.envelope import seal
from riskset.study.load import study_hash
from riskset_server.commands.status import lines
from riskset_server.commands.transport import EngineTransport
from riskset_server.engine.engine import Engine
from riskset_server.engine.tickets import SiteSession
from riskset_server.link import SuperLinkClient
from riskset_server.run.record import RunRecord
from riskset_server.run.status import age, status_of

SITES = ("asan", "kurume", "osaka")


def joins(desk, site):
    invite, into = desk.folder / f"{site}.invite.json", desk.folder / "sites" / site
    options = ("--server", str(desk.home.root))
    assert main(["study", "invite", str(desk.study_file), site, *options, "--out", str(invite)]) == 0
    assert main(["site", "join", str(invite), "--into", str(into), "--by-mail"]) == 0
    assert main(["study", "accept", site, str(into / f"{site}.request.json"), *options, "--compared"]) == 0


@pytest.fixture
def joined(coordinator_desk):
    """Three of four sites have joined; the roster is signed."""
    desk = coordinator_desk
    for site in SITES:
        joins(desk, site)
    assert main(["study", "roster", str(desk.study_file), "--server", str(desk.home.root)]) == 0
    return desk


def at(desk, record, now, online=(), seen=()):
    """The status at `now`; sites `online` have been so since noon, those `seen` were online before."""
    roster = load_roster(desk.roster_file)
    sessions = {
        roster.node_keys[site].public_numbers(): SiteSession(1, site in online, 0.0, "2026-11-27T12:00:00+00:00")
        for site in (*online, *seen)
    }
    with desk.home.desk() as enrolment:
        return status_of(desk.study, enrolment, roster.sites, record, sessions, now)


def message(key, run, round_, sender):
    fields = {"type": "round", "study": "s", "roster": "r", "run": run, "round": round_, "sender": sender}
    return seal(key, b"content", **fields, history="")


def test_a_run_that_waits_says_for_whom_and_who_can_end_it(joined):
    key, study, roster = joined.home.identity, joined.study, load_roster(joined.roster_file)
    with closing(RunRecord(joined.home.runs, key)) as record:
        run = record.begin(study.id, study_hash(study), roster.sha256, SITES)
        for round_ in (0, 1):
            record.asked(run, round_, message(key, run, round_, "coordinator"))
        for site in SITES:
            record.record(run, message(key, run, 0, site))
        record.record(run, message(key, run, 1, "asan"))
        record.refused(run, "asan", 0, "approval")
        record.refused(run, "kurume", 1, "approval")
        began = datetime.fromisoformat(record.run(run).began_at)
        later = began + timedelta(days=365)
        found = at(joined, record, later, online=("asan", "kurume"), seen=("osaka",))
        other = (record.refused(run, "osaka", 1, "study"), at(joined, record, later))[1]
        withdrawn = (record.refused(run, "osaka", 1, "withdrawn"), at(joined, record, later))[1]
        record.cancel(run)
        cancelled = at(joined, record, later)
    asan, kurume, osaka, sapporo = found.sites
    assert [site.approved for site in found.sites] == ["yes", "no", "yes", "not known"]
    assert (asan.online_since[:10], kurume.online_since[:10], osaka.online_since) == ("2026-11-27", "2026-11-27", "")
    assert (osaka.last_seen[:10], sapporo.last_seen) == ("1970-01-01", "")
    assert [site.waiting_for.code.rpartition(".")[2] for site in found.sites if site.waiting_for] == [
        "sign",
        "serve",
        "invite",
    ]
    (one,) = found.runs
    assert (one.run, one.state, one.rounds, one.waiting_for) == (run, "unfinished", 2, ("kurume", "osaka"))
    assert one.age_s // 86400 == 365
    assert " refuses " in list(map(str, lines(other, joined.home)))[6], "it may yet take part"
    assert [site.approved for site in cancelled.sites] == ["yes", "yes", "yes", "not known"]
    assert withdrawn.sites[2].approved == "withdrawn"
    assert withdrawn.sites[2].waiting_for == "osaka has withdrawn from the study"
    assert (cancelled.runs[0].state, cancelled.runs[0].waiting_for) == ("cancelled", ())
    printed = list(map(str, lines(found, joined.home)))
    assert printed[1] == "server  running"
    assert printed[3].split() == ["site", "joining", "approved", "online", "(UTC)", "waiting", "for"]
    assert "a signatory there: riskset site approve, or resume" in printed[5]
    assert printed[-1].startswith(f"{run}  unfinished")
    assert printed[-1].endswith("kurume, osaka")


def test_an_unfinished_run_that_another_has_replaced_waits_for_nobody(coordinator_desk, capsys):
    desk = coordinator_desk
    first, second = desk.begins(rounds=1), desk.begins(rounds=1)
    assert desk.says("status", desk.study_file, "--json") == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    assert [(run["run"], run["state"]) for run in found] == [(first, "replaced"), (second, "unfinished")]
    assert [len(run["waiting_for"]) for run in found] == [0, 0], "round 1 is not asked yet"


def test_a_finished_run_waits_for_nobody(after_a_run, tmp_path, capsys):
    desk, results = after_a_run[0].copied_to(tmp_path / "desk"), after_a_run[1]
    assert desk.says("status", desk.study_file, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["is_server_running"] is False
    (run,) = found["runs"]
    assert (run["run"], run["state"], run["waiting_for"]) == (results.name, "finished", [])
    assert run["answered"] == list(SITES)
    assert [site["waiting_for"] for site in found["sites"]][-1] == "you: riskset study invite STUDY sapporo"


def test_without_a_server_a_run_names_the_command_that_starts_it(coordinator_desk):
    home, roster = coordinator_desk.home, load_roster(coordinator_desk.roster_file)
    client = SuperLinkClient(home.control_address, home.authority, home.token)
    with Engine(client) as engine, pytest.raises(Unreachable) as away:
        EngineTransport(engine, roster, home.root).restart()
    assert away.value.hint == f"start the server: riskset server start {home.root}"


@pytest.mark.parametrize(
    ("seconds", "told"), [(59, "0 min"), (3599, "59 min"), (3660, "1 h 1 min"), (190000, "2 d 4 h")]
)
def test_an_age_is_told_in_its_largest_units(seconds, told):
    assert age(seconds) == told


def next_of(desk, capsys):
    capsys.readouterr()
    assert desk.says("status", desk.study_file, "--json") == 0
    return {site["site"]: site["waiting_for"] for site in json.loads(capsys.readouterr().out)["sites"]}


def test_a_roster_of_another_version_or_of_earlier_keys_has_to_be_signed_again(joined, capsys):
    """A run with it is refused, so it is not what is to be done next."""
    sign = "you, once the sites are in: riskset study roster STUDY"
    waiting = next_of(joined, capsys)
    assert all("riskset run" in waiting[site] for site in SITES)
    assert main(["study", "revoke", "asan", "--server", str(joined.home.root)]) == 0
    (joined.folder / "asan.invite.json").unlink(missing_ok=True)
    (joined.folder / "sites" / "asan").rename(joined.folder / "sites" / "asan lost")
    joins(joined, "asan")
    waiting = next_of(joined, capsys)
    assert (waiting["asan"], "riskset run" in waiting["osaka"]) == (sign, True)
    text = joined.study_file.read_text(encoding="utf-8")
    joined.study_file.write_text(text.replace('version = "', 'version = "9.'), encoding="utf-8")
    waiting = next_of(joined, capsys)
    assert [waiting[site] for site in SITES] == [sign] * 3


def test_the_status_is_told_in_the_language_that_is_asked_for(joined, pseudo_language, capsys):
    capsys.readouterr()
    assert joined.says("status", joined.study_file, "--lang", pseudo_language) == 0
    commands = re.compile(r"riskset [a-z ]+[A-Z]*|--[a-z-]+")
    names = (*SITES, "sapporo", "trial", str(joined.home.root))
    told = re.sub(r"\b[0-9a-f]{12}\b", "", commands.sub("", capsys.readouterr().out.replace(str(joined.home.root), "")))
    assert latin_words(told, names) == []
