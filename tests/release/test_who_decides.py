"""Who decides: as the study says it, and options that may only ask for more."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.release.conftest import Committee
from tests.server.run.conftest import STUDY, Desk

from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.catalogue import languages
from riskset.cli import main
from riskset.errors import DataError, Refused
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import save_identity
from riskset.study.release import Release
from riskset_release.ballots import Policy, count, decisions
from riskset_release.candidate import candidate_of
from riskset_release.folder.pages import NOTE
from riskset_release.releasing import RECORD, released_files
from riskset_release.vote_folder import votes_in
from riskset_release.who_decides import Options, facts_of, policy_for

ENDED = "2026-06-30T23:59:59.999+00:00"
OF_STUDY = Release(accepts=3, requesters=("park",), veto_days=14)


def policy(committee, release=OF_STUDY, ended_at=ENDED, **options):
    candidate = replace(committee.candidate, release=release, ended_at=ended_at)
    return policy_for(candidate, committee.trusted, Options(**options))


def told(policy, language="en"):
    return [fact.in_language(language) for _, fact in facts_of(policy)]


def test_without_a_word_of_the_study_options_say_it(committee):
    found = policy(committee, None, accepts=1, requesters=("kim",), veto_until="2026-07-01")
    assert found == Policy(1, frozenset({"kim"}), "2026-07-01")
    assert policy(committee, None) == Policy(2)
    assert all("the study file does not say" in fact for fact in told(found))


def test_the_study_says_it(committee):
    found = policy(committee)
    assert (found.accepts, found.requesters, found.veto_until) == (3, {"park"}, "2026-07-14")
    assert told(found) == [f"{of} (the study file says so)" for of in ("3", "park", "2026-07-14")]
    assert policy(committee, Release()).veto_until == ""


def test_an_option_may_ask_for_more(committee):
    found = policy(committee, accepts=4, requesters=("kim",), veto_until="2026-07-20")
    assert (found.accepts, found.requesters, found.veto_until) == (4, {"kim", "park"}, "2026-07-20")
    assert all("more than the study file asks" in fact for fact in told(found))
    assert policy(committee, accepts=3, veto_until="2026-07-14") == policy(committee)
    partly = policy(committee, Release(), requesters=("kim",))
    assert [fact.split(" (")[1].split(" ")[0] for fact in told(partly)] == ["the", "more"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"accepts": 2}, "--accepts 2 is less than the study asks: 3 auditors"),
        (
            {"veto_until": "2026-07-13"},
            "--veto-until 2026-07-13 is before the last day of vetoes by the study: 2026-07-14",
        ),
    ],
    ids=str,
)
def test_an_option_that_asks_for_less_is_refused_by_name(committee, options, said):
    with pytest.raises(Refused, match=said) as refused:
        policy(committee, **options)
    assert refused.value.exit_code == 3


def test_a_requester_of_the_study_whose_key_nobody_knows_is_refused(committee):
    """Their vote under another name would count."""
    with pytest.raises(DataError, match="the study says that lee wrote or requested the analysis"):
        policy(committee, Release(requesters=("lee",)))


def test_the_time_of_vetoes_needs_a_run_that_has_ended(committee):
    with pytest.raises(DataError):
        policy(committee, ended_at="")
    assert policy(committee, Release(), ended_at="").accepts == 2
    assert policy(committee, ended_at="9999-12-31T00:00:00.000+00:00").veto_until == "9999-12-31"


class OfStudy(Desk):
    text = STUDY + '[release]\naccepts = 2\nrequesters = ["park"]\nveto_days = 14\n'


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, patients):
    desk = OfStudy(tmp_path_factory.mktemp("a run"), patients)
    run = desk.finishes(desk.begins()).name
    assert desk.says("bundle", run, "--file", desk.folder / "run.zip") == 0
    return desk.folder / "run.zip"


@pytest.fixture(scope="module")
def of_a_run(bundle):
    found, roster = Committee(), verify(bundle.read_bytes(), None).run.roster
    keys = roster.parties_of(roster.sites)
    parties = {name: fingerprint_words(keys[name]) for name in ("coordinator", "asan", "kurume", "osaka")}
    found.trusted = Trusted(parties, found.trusted.auditors)
    found.candidate = candidate_of(bundle.read_bytes(), found.trusted)
    found.policy = policy_for(found.candidate, found.trusted, Options())
    return found


def released(committee, folder, at, language="en"):
    found = votes_in(folder)
    counted = count(committee.candidate, found, committee.trusted, committee.policy)
    decided = decisions(committee.candidate, counted, committee.policy)
    return released_files(committee.candidate, counted, decided, found.files, committee.policy, at, language)


def after(day):
    """The first moment of the day after."""
    return f"{(date.fromisoformat(day) + timedelta(days=1)).isoformat()}T00:00:00.000+00:00"


def test_the_days_are_those_after_the_end_in_the_log(bundle, of_a_run):
    run = verify(bundle.read_bytes(), None).run
    assert of_a_run.candidate.ended_at == run.ended_at >= run.last_reply_at
    assert after(of_a_run.policy.veto_until)[:10] > of_a_run.policy.veto_until > run.ended_at[:10]


def test_nothing_is_released_before_the_time_for_vetoes_is_over(of_a_run, tmp_path):
    for who in ("sato", "kim"):
        of_a_run.votes(tmp_path, who, "table-km-os-all")
    until = of_a_run.policy.veto_until
    for at in (of_a_run.candidate.ended_at, f"{until}T23:59:59.999+00:00"):
        with pytest.raises(Refused, match=rf"the last day \(UTC\) is {until}"):
            released(of_a_run, tmp_path, at)
    files = released(of_a_run, tmp_path, after(until))
    record = json.loads(files[RECORD])
    assert record["study_asks"] == {"accepts": 2, "requesters": ["park"], "veto_until": until}
    assert record["veto_until"] == until


@pytest.mark.parametrize("language", languages())
def test_the_note_says_who_says_it(of_a_run, tmp_path, language):
    for who in ("sato", "kim"):
        of_a_run.votes(tmp_path, who, "table-km-os-all")
    note = released(of_a_run, tmp_path, after(of_a_run.policy.veto_until), language)[NOTE].decode()
    assert all(fact in note for fact in told(of_a_run.policy, language))


def test_the_desk_says_who_says_it(desk, committee):
    pages = desk(policy=policy(committee))
    for page in ("/", "/summary"):
        assert "3 (the study file says so)" in pages.gets(page).text


def test_the_commands_refuse_less_and_too_early(of_a_run, bundle, tmp_path, capsys, monkeypatch):
    trusted, key = tmp_path / "trusted.toml", tmp_path / "sato.pem"
    save_identity(key, of_a_run.keys["sato"])
    lines = [f'{name} = "{words}"' for name, words in of_a_run.trusted.fingerprints.items()]
    auditors = [f'{name} = "{words}"' for name, words in of_a_run.trusted.auditors.items()]
    trusted.write_text("\n".join([*lines, "[auditors]", *auditors]))
    common = ["--keys", str(trusted), "--votes", str(tmp_path / "votes")]
    assert main(["release", str(bundle), *common, "--accepts", "1"]) == 3
    assert "less than the study asks" in capsys.readouterr().err
    assert main(["audit", "review", str(bundle), *common, "--as", "sato", "--key", str(key), "--accepts", "1"]) == 3
    assert "less than the study asks" in capsys.readouterr().err
    of_requester = ["--as", "park", "--key", str(tmp_path / "park.pem"), "--name", "Park"]
    save_identity(tmp_path / "park.pem", of_a_run.keys["park"])
    assert main(["audit", "sign", str(bundle), "table-km-os-all", "accept", *common, *of_requester]) == 3
    assert "park wrote or requested the analysis" in capsys.readouterr().err
    for who in ("sato", "kim"):
        of_a_run.votes(tmp_path / "votes", who, "table-km-os-all")
    out, until = tmp_path / "released", of_a_run.policy.veto_until
    for at, code in ((f"{until}T23:00:00.000+00:00", 3), (after(until), 0)):
        monkeypatch.setattr("riskset_release.commands.release.utc_now", lambda at=at: at)
        assert main(["release", str(bundle), *common, "--out", str(out)]) == code
        assert out.exists() == (code == 0)


def test_no_option_ends_the_time_of_vetoes_that_the_study_leaves_open(of_a_run):
    open_ended = replace(of_a_run.candidate, release=Release(accepts=2), ended_at="2026-06-29T00:00:00.000+00:00")
    assert policy_for(open_ended, of_a_run.trusted, Options()).veto_until == ""
    with pytest.raises(Refused, match="by the study every veto counts"):
        policy_for(open_ended, of_a_run.trusted, Options(veto_until="2026-01-01"))
