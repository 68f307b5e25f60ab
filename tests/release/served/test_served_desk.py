"""The desk at which auditors log in from their own machines: who stays, and what is taken from whom."""

import re
from html import unescape

import pytest
from tests.pseudo_language import latin_words, spoken_here
from tests.release.conftest import REASON
from tests.release.served.conftest import ADDRESS, PAGES, command_in

from riskset.catalogue import languages, say
from riskset.language import _Spoken
from riskset_release.desk.readers import LANGUAGE_COOKIE
from riskset_release.desk.sessions import LONGEST_S, MOST_IDLE_S
from riskset_release.logins import answer
from riskset_release.vote_folder import votes_in

# Who is in.


def test_a_key_has_one_session(visitor):
    first, second = visitor(), visitor()
    assert first.sees().headers["location"] == "/login"
    assert second.sees().status_code == 200


@pytest.mark.parametrize(("step", "times"), [(MOST_IDLE_S + 1, 1), (MOST_IDLE_S - 1, LONGEST_S // MOST_IDLE_S + 1)])
def test_a_session_ends_when_it_is_idle_and_after_a_day(visitor, clock, step, times):
    sato = visitor()
    for _ in range(times):
        assert sato.sees().status_code == 200
        clock.seconds += step
    assert sato.sees().headers["location"] == "/login"


def test_logging_out_ends_the_session(visitor):
    sato = visitor()
    cookies = dict(sato.client.cookies)
    csrf = sato.fields("/")["csrf"]
    assert sato.client.post("/logout", data={"csrf": "x"}).status_code == 403
    assert sato.sees().status_code == 200
    assert sato.client.post("/logout", data={"csrf": csrf}, follow_redirects=False).headers["location"] == "/login"
    sato.client.cookies = cookies
    assert sato.sees().headers["location"] == "/login"


# What is taken from whom.


def test_the_desk_shows_the_command_and_takes_the_vote_that_it_signs(visitor, committee, folder):
    sato = visitor()
    page = sato.decides("reject")
    assert page.status_code == 200
    command = command_in(page.text)
    assert command.startswith("riskset audit sign RUN.zip km-os reject --sha256 " + committee.output("km-os").sha256)
    assert f'--as sato --key sato.pem --name "Dr. Sato" --category disclosure --reason "{REASON}"' in command
    assert not folder.exists()
    data, vote = committee.vote("sato", decision="reject")
    taken = sato.brings(data)
    assert (taken.status_code, taken.headers["location"]) == (303, "/outputs/km-os/signed")
    assert votes_in(folder).votes == (vote,)
    assert sato.sees("/outputs/km-os/vote").content == data
    assert "I have reviewed this output and reject its release." in sato.sees("/outputs/km-os/signed").text


def test_a_second_vote_replaces_the_first_which_the_desk_gives_back(visitor, committee, folder):
    sato = visitor()
    data, first = committee.vote("sato", decision="reject")
    assert "/outputs/km-os/vote" not in sato.decides().text
    sato.brings(data)
    assert f'href="/outputs/km-os/vote">{first.file_name}' in sato.decides().text
    assert sato.brings(committee.vote("sato")[0]).status_code == 422  # it replaces nothing
    later, second = committee.vote("sato", replaces=first.id)
    assert sato.brings(later).status_code == 303
    assert sato.sees("/outputs/km-os/vote").content == later
    assert votes_in(folder).votes == (first, second)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decision": ""}, "Choose one of the four decisions."),
        ({"reason": "because"}, "in 20 characters or more"),
        ({"name": ""}, "Write your name"),
        ({"sha256": "0" * 64}, "another version of the output"),
        ({"seen": "0" * 64}, "since the page was shown"),
    ],
    ids=str,
)
def test_an_incomplete_decision_has_no_command(visitor, change, said):
    page = visitor().decides(**{"decision": "reject", **change})
    assert page.status_code == 422
    assert said in page.text
    assert "riskset audit sign" not in page.text


def test_a_vote_of_another_is_not_taken(visitor, committee, folder):
    sato = visitor()
    taken = sato.brings(committee.vote("kim")[0])
    assert taken.status_code == 422
    assert "This vote is signed by another key. You are logged in as sato" in unescape(taken.text)
    assert not folder.exists()
    assert visitor("kim").brings(committee.vote("kim")[0]).status_code == 303


def test_a_veto_of_a_hospital_is_taken_from_everybody(visitor, committee, folder):
    assert visitor("park").brings(committee.veto("kurume")[0]).status_code == 303
    assert visitor("kim").brings(committee.veto("asan", key="stranger")[0]).status_code == 422
    assert len(votes_in(folder).vetoes) == 1


def test_two_auditors_at_once_vote_blind_and_release(visitor, committee, folder):
    sato, kim = visitor("sato"), visitor("kim")
    assert sato.brings(committee.vote("sato")[0]).status_code == 303
    for path in ("/", "/summary", "/outputs/km-os"):
        assert "Dr. Sato" not in kim.sees(path).text
        assert "Accepted by" not in kim.sees(path).text
    assert "Dr. Sato" in sato.sees("/outputs/km-os").text
    assert kim.sees("/outputs/km-os/vote").status_code == 404
    assert kim.brings(committee.vote("kim")[0]).status_code == 303
    for one in (sato, kim):
        assert "Accepted by 2 of the 2 needed" in one.sees().text
    assert "Dr. Sato" in kim.sees("/summary").text


@pytest.mark.parametrize(
    ("who", "said"), [("park", "You wrote or requested this analysis"), ("coordinator", "You ran the analysis")]
)
def test_who_requested_or_ran_the_analysis_reads_and_does_not_vote(visitor, committee, folder, who, said):
    committee.votes(folder, "kim")
    reader = visitor(who)
    page = reader.sees("/outputs/km-os").text
    assert said in page
    assert "<textarea" not in page
    assert "Dr. Kim" not in page
    fields = {"csrf": reader.fields("/")["csrf"], "sha256": committee.output("km-os").sha256}
    assert reader.decides(**fields, seen="").status_code == 403
    assert reader.brings(committee.vote(who)[0]).status_code == 422
    committee.votes(folder, "sato")
    assert "Dr. Kim" in reader.sees("/outputs/km-os").text
    assert len(votes_in(folder).votes) == 2


@pytest.mark.parametrize("csrf", ["", "x"])
def test_a_form_of_another_page_does_nothing(visitor, committee, folder, csrf):
    sato, kim = visitor("sato"), visitor("kim")
    for wrong in (csrf, kim.fields("/")["csrf"]):
        assert sato.brings(committee.vote("sato")[0], csrf=wrong).status_code == 403
        assert sato.decides(csrf=wrong).status_code == 403
    assert not folder.exists()


@pytest.mark.parametrize("language", languages())
def test_pages_are_in_the_language_that_is_spoken(visitor, language, monkeypatch):
    monkeypatch.setattr(_Spoken, "chosen", language)
    sato = visitor(logged_in=False)
    page = sato.client.get("/login").text
    assert f'<html lang="{language}">' in page
    assert say("release.served.log_in_address").in_language(language) in unescape(page)
    sato.logs_in()
    assert say("release.served.command_run").in_language(language) in sato.decides().text
    assert say("release.proof.meaning.holds_here").in_language(language) in unescape(sato.sees().text)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ja,en;q=0.5", "ja"),
        ("en;q=0.5, ko-KR;q=0.9", "ko"),
        ("fr, de;q=0.9, ja;q=0.1", "ja"),
        ("ja;q=0, fr", "en"),
        ("xx", "en"),
        ("ja;q=x, ;;=,", "en"),
        ("", "en"),
    ],
)
def test_each_reads_in_the_language_that_the_browser_asks_for(visitor, header, language):
    page = visitor(logged_in=False).client.get("/login", headers={"accept-language": header}).text
    assert f'<html lang="{language}">' in page
    assert '<html lang="en">' in visitor(logged_in=False).client.get("/login").text  # nobody else's is changed


def test_another_language_is_chosen_on_the_page_and_stays(visitor):
    sato = visitor()
    assert sato.sees("/language/ko").headers["location"] == "/"
    assert '<html lang="ko">' in sato.client.get("/", headers={"accept-language": "ja"}).text
    assert sato.sees("/language/xx").status_code == 404
    sato.client.cookies.set(LANGUAGE_COOKIE, "../xx", domain="review.example.org")
    assert '<html lang="en">' in sato.client.get("/").text


def test_every_sentence_of_the_pages_is_in_the_catalogue(visitor, tmp_path, monkeypatch):
    with spoken_here(tmp_path / "catalogue") as language:
        monkeypatch.setattr(_Spoken, "chosen", language)
        sato = visitor(logged_in=False)
        pages = [sato.client.get("/login").text, sato.answers(b"x").text]
        sato.logs_in()
        pages += [sato.decides().text, visitor("coordinator").sees("/outputs/cox-os").text]
    left = set()
    for page in pages:
        text = re.sub(r"<style.*?</style>|<pre class=.*?</pre>|<[^>]*>", " ", page, flags=re.DOTALL)
        text = re.sub(r"[0-9a-f]{16,64}|\S+\.(csv|json)|(km|cox)-os", " ", unescape(text))
        left.update(latin_words(text, ["Title of", "Dr. Sato", "How long do patients live?", "Table 1.", "Patients"]))
    left -= {"English"}  # as every language calls itself
    assert left <= {"Men", "women", "All", "sato", "exact", "T"}


# What every request has to bring, and every answer says.


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": f"http://{ADDRESS}"},
        {"origin": "https://review.example.org"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_form_that_another_site_sent_lets_nobody_in(visitor, committee, headers):
    sato = visitor(logged_in=False)
    signed = answer(sato.challenge(), committee.keys["sato"])
    assert sato.answers(signed, headers=headers).status_code == 403
    assert sato.answers(signed).status_code == 303


@pytest.mark.parametrize(
    "host",
    ["review.example.org", "review.example.org:443", "evil.example:8443", "localhost:8443", "127.0.0.1:8443", ""],
)
def test_another_name_of_the_machine_is_not_ours(visitor, host):
    sato = visitor()
    for path in ("/login", "/"):
        told = sato.client.get(path, headers={"host": host})
        assert told.status_code == 421
        assert "riskset" not in told.text


def test_every_answer_forbids_frames_scripts_keeping_and_plain_http(visitor):
    sato = visitor()
    for path in (*PAGES, "/login", "/nowhere", "/desk.css"):
        headers = sato.sees(path).headers
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]


def test_a_body_that_is_too_long_is_not_read(visitor):
    sato = visitor(logged_in=False)
    sato.challenge()
    assert sato.answers(b"x" * 2**17).status_code == 413
