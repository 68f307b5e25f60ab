"""Who comes in at a desk that is served, and every answer by which nobody does."""

import json
from dataclasses import replace

import pytest
from tests.release.served.conftest import ADDRESS, PAGES, asked_by, refused

from riskset.errors import RisksetError
from riskset.joining.signed import write_signed
from riskset_release.desk.door import LASTS_S, MOST_FAILURES, Door
from riskset_release.desk.review import Review
from riskset_release.desk.served_desk import BROWSER_COOKIE, SESSION_COOKIE
from riskset_release.logins import answer, read_challenge


def test_an_auditor_comes_in_with_a_signed_answer(visitor):
    sato = visitor(logged_in=False)
    assert (sato.sees().status_code, sato.sees().headers["location"]) == (303, "/login")
    answered = sato.logs_in()
    assert (answered.status_code, answered.headers["location"]) == (303, "/")
    cookie = next(one for one in answered.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE)).lower()
    assert SESSION_COOKIE.startswith("__Host-")
    assert all(word in cookie for word in ("secure", "httponly", "samesite=strict", "path=/;"))
    assert "domain" not in cookie
    assert "auditor sato" in sato.sees().text


def test_the_file_of_an_answer_is_taken_as_well_as_its_text(visitor, committee):
    sato = visitor(logged_in=False)
    signed = answer(sato.challenge(), committee.keys["sato"])
    files = {"file": ("login.json", signed)}
    assert sato.client.post("/login", data={"answer": ""}, files=files, follow_redirects=False).status_code == 303


def test_line_ends_of_a_terminal_do_no_harm(visitor, committee):
    sato = visitor(logged_in=False)
    text = answer(sato.challenge(), committee.keys["sato"]).decode()
    wrapped = "\r\n".join(text[at : at + 40] for at in range(0, len(text), 40))
    assert sato.answers(wrapped.encode()).status_code == 303


def test_nothing_of_the_study_is_told_before_login(visitor, committee):
    page = visitor(logged_in=False).client.get("/login").text
    candidate = committee.candidate
    for word in (candidate.title, candidate.study, candidate.run, "km-os", "sato", "kim", "kurume"):
        assert word not in page


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_the_cookie(visitor, page):
    sato = visitor()
    assert sato.sees(page).status_code == 200
    own = sato.client.cookies
    for value in (None, "", "x", own.get(BROWSER_COOKIE, "y")):
        sato.client.cookies = {} if value is None else {SESSION_COOKIE: value}
        assert sato.sees(page).headers["location"] == "/login"
    sato.client.cookies = own
    assert sato.sees(page).status_code == 200


@pytest.mark.parametrize("who", ["stranger", "kurume"])
def test_an_unknown_key_does_not_come_in(visitor, who):
    assert refused(visitor(who, logged_in=False).logs_in(), "not that of one auditor in the file of fingerprints")


def test_the_key_of_two_names_is_nobodys(visitor, committee, desk):
    names = {**committee.trusted.auditors, "twice": committee.trusted.auditors["sato"]}
    at = desk(trusted=replace(committee.trusted, auditors=names))
    assert refused(visitor(at=at, logged_in=False).logs_in(), "not that of one auditor")


def test_a_wrong_key_signs_nothing_for_another(visitor, committee):
    sato = visitor(logged_in=False)
    signed = json.loads(answer(sato.challenge(), committee.keys["stranger"]))
    signed["login"]["key"] = json.loads(answer(sato.challenge(), committee.keys["sato"]))["login"]["key"]
    assert refused(sato.answers(json.dumps(signed).encode()), "the key in it never signed it")


def test_an_answer_is_of_use_once(visitor, committee):
    sato = visitor(logged_in=False)
    signed = answer(sato.challenge(), committee.keys["sato"])
    browser = sato.client.cookies[BROWSER_COOKIE]
    assert sato.answers(signed).status_code == 303
    thief = visitor(logged_in=False)
    thief.client.cookies = {BROWSER_COOKIE: browser}  # even with all that the first browser had
    assert refused(thief.answers(signed), "This answer was used already")


def test_an_answer_is_of_use_in_the_browser_that_was_asked(visitor, committee):
    sato, thief = visitor(logged_in=False), visitor(logged_in=False)
    signed = answer(sato.challenge(), committee.keys["sato"])
    assert refused(thief.answers(signed), "not for the challenge that your browser was shown last")  # no cookie
    thief.challenge()
    assert refused(thief.answers(signed), "not for the challenge that your browser was shown last")
    assert sato.answers(signed).status_code == 303


def test_the_answer_to_another_desk_opens_none(visitor, committee, desk):
    asked_elsewhere = visitor(at=desk("evil.example:8443"), logged_in=False)
    asked_elsewhere.client.address = "https://evil.example:8443"
    signed = answer(asked_elsewhere.challenge(), committee.keys["sato"])
    assert refused(visitor(logged_in=False).answers(signed), "This answer is for the desk evil.example:8443")


def test_the_answer_to_an_earlier_start_of_the_desk_opens_nothing(visitor, committee, desk):
    before = visitor(at=desk(), logged_in=False)
    signed = answer(before.challenge(), committee.keys["sato"])
    after = visitor(at=desk(), logged_in=False)
    after.client.cookies = before.client.cookies
    assert refused(after.answers(signed), "not for the challenge")


@pytest.mark.parametrize(
    "change", [{"study": "3" * 64}, {"bundle": "3" * 64}, {"issued": "999999"}, {"nonce": "3" * 64}]
)
def test_an_answer_to_a_changed_challenge_opens_nothing(visitor, committee, change):
    sato = visitor(logged_in=False)
    signed = answer(replace(sato.challenge(), **change), committee.keys["sato"])
    assert refused(sato.answers(signed), "not for the challenge")


def test_a_challenge_expires(visitor, committee, clock):
    sato = visitor(logged_in=False)
    signed = answer(sato.challenge(), committee.keys["sato"])
    cookies = sato.client.cookies
    clock.seconds += LASTS_S + 1
    assert refused(sato.answers(signed), "older than 5 minutes")
    sato.client.cookies = cookies
    clock.seconds -= 2
    assert sato.answers(signed).status_code == 303


def test_a_vote_is_no_answer_and_an_answer_is_no_vote(visitor, committee, folder):
    sato = visitor(logged_in=False)
    asked, key = sato.challenge(), committee.keys["sato"]
    content = json.loads(answer(asked, key))["login"]
    assert refused(sato.answers(write_signed("vote", content, signature=key)), "not an answer")
    signed = json.loads(write_signed("vote", content, signature=key))
    forged = json.dumps({"login": content, "signature": signed["signature"]}).encode()
    assert refused(sato.answers(forged), "never signed it")
    assert refused(sato.answers(committee.vote("sato")[0]), "not an answer")
    sato.logs_in()
    assert sato.brings(answer(asked, key)).status_code == 422
    assert not folder.exists()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"login": 1}', b"\xff", b"{" * 999])
def test_what_is_no_answer_is_told_so(visitor, data):
    sato = visitor(logged_in=False)
    sato.challenge()
    response = sato.client.post("/login", files={"file": ("a", data or b" ")}, follow_redirects=False)
    assert refused(response, "not an answer")


def test_an_id_that_somebody_planted_is_not_taken_over(visitor):
    sato = visitor(logged_in=False)
    asked = sato.challenge()
    sato.client.cookies.set(SESSION_COOKIE, "planted", domain="review.example.org")
    sato.answers(answer(asked, sato.committee.keys["sato"]))
    sato.client.cookies = {SESSION_COOKIE: "planted"}
    assert sato.sees().headers["location"] == "/login"


def test_a_secret_of_the_browser_that_somebody_planted_is_replaced(visitor):
    sato = visitor(logged_in=False)
    sato.client.cookies = {BROWSER_COOKIE: "planted"}
    asked = sato.client.get("/login")
    assert "planted" not in asked.headers["set-cookie"]
    sato.client.cookies = {BROWSER_COOKIE: "planted"}
    signed = answer(read_challenge(asked_by(asked.text)), sato.committee.keys["sato"])
    assert refused(sato.answers(signed), "not for the challenge")


def test_refused_answers_are_bounded_by_address_and_for_a_time(visitor, clock):
    sato = visitor(logged_in=False)
    for _ in range(MOST_FAILURES):
        assert refused(sato.answers(b"{}"), "not an answer")
    assert refused(sato.logs_in(), "Too many answers from your address")
    clock.seconds += LASTS_S + 1
    assert sato.logs_in().status_code == 303


def test_strangers_fill_no_memory(committee, folder, clock):
    door = Door(ADDRESS, Review(committee.candidate, committee.trusted, committee.policy, folder), clock)
    size = len(str(vars(door)))
    for _ in range(50):
        door.challenge("browser")
    assert len(str(vars(door))) == size
    for n in range(1_200):
        with pytest.raises(RisksetError):
            door.lets_in(b"", "browser", f"10.0.{n // 256}.{n % 256}")
        with pytest.raises(RisksetError):
            door.lets_in(b"", "browser", f"2001:db8::{n:x}")
    assert len(door._failures) <= 1_002
