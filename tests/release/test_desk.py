"""The desk in a browser: who comes in, what is shown to whom, and what is signed."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from tests.pseudo_language import latin_words, spoken_here
from tests.release.conftest import DRAWING, PORT, REASON, TABLE, an_output

from riskset.catalogue import languages, say
from riskset.desk.guard import MOST_BODY
from riskset.language import _Spoken
from riskset_release.vote_folder import votes_in
from riskset_release.votes import read_vote

PAGES = (
    "/",
    "/summary",
    "/outputs/km-os",
    "/outputs/curve-os",
    "/outputs/curve-os/drawings/0",
    "/outputs/km-os/files/0",
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "votes"


# Who comes in.


def test_the_address_opens_the_desk_once(desk):
    browser = desk(opened=False)
    address = browser.app.start_address
    assert browser.client.get(address).status_code == 200
    assert browser.client.get(address).status_code == 200  # a browser that looks ahead uses nothing up
    answer = browser.client.post(
        f"{browser.base}/start", data={"secret": browser.app.sessions.secret}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{browser.base}/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert f"path={browser.base}" in cookie
    assert browser.gets("/").status_code == 200
    assert browser.client.get(address).status_code == 403
    assert browser.opens_again().status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_the_cookie(desk, page):
    browser = desk()
    assert browser.gets(page).status_code == 200
    own, name = browser.client.cookies, browser.app.cookie
    for value in (None, "", "x", browser.app.sessions.secret):
        browser.client.cookies = {} if value is None else {name: value}
        assert browser.gets(page).status_code == 403
    browser.client.cookies = own
    assert browser.gets(page).status_code == 200


def test_a_wrong_secret_opens_nothing(desk):
    browser = desk(opened=False)
    for wrong in ("", "x", browser.app.sessions.secret[:-1]):
        assert browser.client.post(f"{browser.base}/start", data={"secret": wrong}).status_code == 403
    assert browser.client.get(f"{browser.base}/start/x").status_code == 403
    assert browser.opens().status_code == 200


def test_an_id_that_somebody_planted_is_not_taken_over(desk):
    browser = desk(opened=False)
    browser.client.cookies.set(browser.app.cookie, "planted", path=browser.base)
    browser.opens()
    browser.client.cookies = {browser.app.cookie: "planted"}
    assert browser.gets("/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1:{PORT}.evil.example", ""]
)
def test_another_name_of_this_machine_is_not_ours(desk, host):
    browser = desk()
    assert browser.gets("/").status_code == 200
    answer = browser.client.get(f"{browser.base}/", headers={"host": host})
    assert answer.status_code == 421
    assert "trial" not in answer.text


def test_the_desk_answers_to_localhost_too(desk):
    assert desk(address=f"http://localhost:{PORT}").gets("/").status_code == 200


def test_every_answer_forbids_frames_scripts_and_keeping(desk):
    browser = desk()
    answers = [browser.gets(page) for page in (*PAGES, "/nowhere", "/desk.css", "/outputs/nothing")]
    answers.append(browser.client.get("/"))
    answers.append(browser.client.get(f"{browser.base}/", headers={"host": "evil.example"}))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert ("unsafe-inline" in policy) == ("sandbox" in policy) == ("drawings" in str(answer.url))
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"


# What is signed.


def test_a_vote_is_signed_by_the_auditors_key(desk, folder, committee):
    browser = desk()
    answer = browser.votes(name="Dr. K.  Sato ")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{browser.base}/outputs/km-os/signed")
    (file,) = folder.iterdir()
    vote = read_vote(file.read_bytes())
    assert vote.key == committee.keys["sato"].public_key().public_bytes_raw().hex()
    assert (vote.decision, vote.name, vote.meaning) == ("accept", "Dr. K. Sato", "approval")
    assert vote.is_of(committee.output("km-os"))
    page = browser.gets("/outputs/km-os/signed").text
    for said in (
        "Dr. K. Sato",
        "I have reviewed this output and approve its release.",
        vote.at[:10],
        vote.output_sha256,
    ):
        assert said in page


def test_two_auditors_at_once_release_an_output(desk, folder):
    sato, kim = desk("sato"), desk("kim")
    forms = sato.form("km-os"), kim.form("km-os")
    for browser, form in zip((sato, kim), forms, strict=True):
        assert (
            browser.sends("km-os", {**form, "decision": "accept", "name": "A", "statement": "yes"}).status_code == 303
        )
    assert len(votes_in(folder).votes) == 2
    for browser in (sato, kim):
        assert "Accepted by 2 of the 2 needed" in browser.gets("/").text


def test_a_form_that_is_sent_twice_is_one_vote(desk, folder):
    browser = desk()
    fields = {**browser.form("km-os"), "decision": "accept", "name": "A", "statement": "yes"}
    assert browser.sends("km-os", fields).status_code == 303
    again = browser.sends("km-os", fields)
    assert again.status_code == 422
    assert "You have voted on this output since the page was shown" in again.text
    assert len(votes_in(folder).votes) == 1


def test_a_second_vote_replaces_the_first_on_record(desk, folder):
    browser = desk()
    browser.votes(decision="reject")
    browser.votes()
    first, second = votes_in(folder).votes
    assert (second.replaces, second.decision) == (first.id, "accept")
    page = browser.gets("/outputs/km-os").text
    assert "Votes that their auditors replaced" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decision": ""}, "Choose one of the four decisions."),
        ({"decision": "approve"}, "Choose one of the four decisions."),
        ({"decision": "reject", "category": "other", "reason": "because"}, "in 20 characters or more"),
        ({"decision": "reject", "category": "", "reason": REASON}, "Choose what your reason is about."),
        ({"decision": "accept", "category": "other"}, "An acceptance has no category."),
        ({"decision": "reject", "category": "other", "reason": "x" * 2001}, "at most 2000 characters"),
        ({"name": " "}, "Write your name"),
        ({"name": "a\u202eb"}, "Write your name"),
        ({"statement": ""}, "Tick the statement"),
        ({"sha256": "0" * 64}, "another version of the output"),
        ({"seen": "0" * 64}, "since the page was shown"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_incomplete_is_not_signed_and_nothing_typed_is_lost(desk, folder, change, said):
    browser = desk()
    answer = browser.votes(**{"name": "Dr. Sato", **change})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'role="alert"' in answer.text
    assert not folder.exists()
    if change.get("reason") == "because":
        assert ">because</textarea>" in answer.text
        assert 'value="Dr. Sato"' in answer.text
        assert re.search(r'value="reject"[^>]* checked', answer.text)


def test_a_rule_that_needs_an_exception_is_not_accepted_otherwise(desk, folder):
    browser = desk()
    answer = browser.votes("cox-os")
    assert "These rules pass only as an exception: exact." in answer.text
    assert not folder.exists()
    assert browser.votes("cox-os", "exception").status_code == 303


def test_of_records_that_do_not_hold_nothing_is_accepted(desk, folder, committee):
    wrong = replace(committee.candidate, failures=(say("audit.file.changed"),))
    browser = desk(candidate=wrong)
    assert "The records do not hold: 1 check failed" in browser.gets("/").text
    for decision in ("accept", "exception"):
        assert browser.votes(decision=decision).status_code == 422
    assert not folder.exists()
    assert browser.votes(decision="reject").status_code == 303


def test_who_requested_the_analysis_reads_and_does_not_vote(desk, folder):
    browser = desk("park")
    page = browser.gets("/outputs/km-os").text
    assert "You wrote or requested this analysis" in page
    assert "<textarea" not in page
    session = browser.app.sessions.find(browser.client.cookies[browser.app.cookie])
    fields = {"csrf": session.csrf, "sha256": browser.app.review.candidate.output("km-os").sha256, "seen": ""}
    answer = browser.sends("km-os", {**fields, "decision": "accept", "name": "Dr. Park", "statement": "yes"})
    assert answer.status_code == 403
    assert not folder.exists()


@pytest.mark.parametrize("csrf", [None, "", "x"])
def test_a_form_of_another_page_signs_nothing(desk, folder, csrf):
    browser = desk()
    fields = {**browser.form("km-os"), "decision": "accept", "name": "A", "statement": "yes"}
    wrong = {key: value for key, value in {**fields, "csrf": csrf}.items() if value is not None}
    assert browser.sends("km-os", wrong).status_code == 403
    assert browser.uploads(b"{}", csrf=csrf or "").status_code == 403
    assert not folder.exists()
    assert browser.sends("km-os", fields).status_code == 303


def test_a_form_of_another_desk_signs_nothing(desk, folder):
    sato, kim = desk("sato"), desk("kim")
    fields = {**sato.form("km-os"), "csrf": kim.form("km-os")["csrf"]}
    assert sato.sends("km-os", {**fields, "decision": "accept", "name": "A", "statement": "yes"}).status_code == 403
    assert not folder.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_form_that_a_browser_says_is_of_another_site_signs_nothing(desk, folder, headers):
    browser = desk()
    fields = {**browser.form("km-os"), "decision": "accept", "name": "A", "statement": "yes"}
    assert browser.sends("km-os", fields, headers=headers).status_code == 403
    assert not folder.exists()
    own = {"origin": f"http://127.0.0.1:{PORT}", "sec-fetch-site": "same-origin"}
    assert browser.sends("km-os", fields, headers=own).status_code == 303


def test_a_body_that_is_too_long_is_not_read(desk, folder):
    browser = desk()
    fields = {**browser.form("km-os"), "decision": "accept", "name": "A", "statement": "yes"}
    assert browser.sends("km-os", {**fields, "reason": "x" * MOST_BODY}).status_code == 413

    async def without_length():
        for _ in range(3):
            yield b"x" * MOST_BODY

    url = f"{browser.base}/outputs/km-os"
    assert browser.client.post(url, content=without_length()).status_code == 413
    for length in ("-1", "1e9", str(10**12)):
        assert browser.client.post(url, content=b"x", headers={"content-length": length}).status_code == 413
    many = "&".join(f"f{n}=1" for n in range(1000))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.client.post(url, content=many, headers=headers).status_code >= 400
    assert not folder.exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(desk, method):
    browser = desk()
    assert browser.client.request(method, f"{browser.base}/outputs/km-os").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/outputs/..%2f..%2fetc%2fpasswd",
        "/outputs/../../etc/passwd",
        "/outputs/%2e%2e/files/0",
        "/outputs/km-os/files/1",
        "/outputs/km-os/files/-1",
        "/outputs/km-os/files/0x0",
        "/outputs/km-os/drawings/0",
        "/outputs/km-os%00/files/0",
        "/outputs/KM-OS",
        "/outputs/",
        "/votes/km-os",
        "//etc/passwd",
    ],
)
def test_no_address_leads_out_of_the_list_of_outputs(desk, path):
    answer = desk().gets(path)
    assert answer.status_code in (404, 405)
    assert "root:" not in answer.text


def test_a_file_is_what_would_be_released_and_is_never_opened_as_a_page(desk):
    answer = desk().gets("/outputs/km-os/files/0")
    assert answer.content == b"a,b\n"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="km-os.csv"'


def test_a_fault_of_ours_is_told_by_type_and_place_alone(desk, folder):
    def now():
        raise ZeroDivisionError("a text that could hold anything")

    answer = desk(now=now).votes()
    assert answer.status_code == 500
    assert "ZeroDivisionError in test_desk.py" in answer.text
    assert "could hold anything" not in answer.text
    assert not folder.exists()


def test_a_folder_that_cannot_be_read_is_told(desk, folder):
    browser = desk()
    folder.write_text("")
    answer = browser.gets("/")
    assert answer.status_code == 500
    assert "cannot read" in answer.text


# First votes are blind.


def test_the_first_vote_is_blind(desk, committee, folder):
    committee.votes(folder, "kim", decision="reject")
    browser = desk("sato")
    for page in ("/", "/summary", "/outputs/km-os"):
        text = browser.gets(page).text
        assert not re.search(r"Dr\. Kim|Rejected<|singles out", text), page
        assert "Waits for your vote" in text
    browser.votes()
    for page in ("/", "/summary", "/outputs/km-os"):
        assert "Rejected" in browser.gets(page).text
    assert REASON in browser.gets("/outputs/km-os").text
    assert "Dr. Kim" in browser.gets("/summary").text


def test_a_vote_on_one_output_opens_no_other(desk, committee, folder):
    committee.votes(folder, "kim", "curve-os", decision="reject")
    browser = desk("sato")
    browser.votes("km-os")
    assert "Dr. Kim" not in browser.gets("/outputs/curve-os").text
    assert "Dr. Kim" not in browser.gets("/summary").text


def test_a_requester_sees_votes_once_it_is_decided(desk, committee, folder):
    committee.votes(folder, "kim")
    browser = desk("park")
    assert "Dr. Kim" not in browser.gets("/outputs/km-os").text
    committee.votes(folder, "sato")
    assert "Dr. Kim" in browser.gets("/outputs/km-os").text


def test_a_changed_file_is_back_in_the_queue(desk, committee, folder):
    for who in ("sato", "kim"):
        committee.votes(folder, who)
    assert "Accepted by 2 of the 2 needed" in desk("sato").gets("/").text
    outputs = committee.candidate.outputs
    changed = replace(committee.candidate, outputs=(an_output("km-os", content=b"a,c\n"), *outputs[1:]))
    browser = desk("sato", candidate=changed)
    assert "Accepted by 2" not in browser.gets("/").text
    assert "Votes on an earlier version" not in browser.gets("/outputs/km-os").text
    browser.votes(decision="reject")
    page = browser.gets("/outputs/km-os").text
    assert "Votes on an earlier version: they count no more" in page
    assert "Dr. Kim" in page


# Votes that were signed elsewhere.


def test_a_vote_that_was_signed_elsewhere_is_taken(desk, committee, folder):
    data, vote = committee.vote("kim")
    browser = desk("sato")
    assert browser.uploads(data).status_code == 303
    assert votes_in(folder).votes == (vote,)
    assert browser.uploads(data).status_code == 303  # the same again is the same
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("who", "changes", "said"),
    [
        ("stranger", {}, "its key is not that of one auditor"),
        ("park", {}, "who wrote or requested an analysis does not vote"),
        ("coordinator", {}, "signed by the coordinator"),
        ("kim", {"output_sha256": "0" * 64}, "earlier version of km-os"),
        ("kim", {"run": "another"}, "of another run"),
        ("kim", {"output": "../x"}, "has no output ../x"),
    ],
    ids=str,
)
def test_a_vote_that_cannot_count_is_not_taken(desk, committee, folder, who, changes, said):
    data, _ = committee.vote(who, **changes)
    answer = desk("sato").uploads(data)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert not folder.exists()


def test_a_second_vote_of_one_auditor_is_not_taken(desk, committee, folder):
    first = committee.votes(folder, "kim")
    browser = desk("sato")
    assert "has voted on km-os already" in browser.uploads(committee.vote("kim")[0]).text
    assert browser.uploads(committee.vote("kim", replaces=first.id)[0]).status_code == 303


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 100, b"[" * 30_000, b'{"vote": {}, "signature": ""}'])
def test_what_is_no_vote_is_not_taken(desk, folder, data):
    answer = desk().uploads(data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not folder.exists()


# Texts and drawings from elsewhere.

HOSTILE = '"><script>alert(1)</script>\u202e'


def test_hostile_texts_are_escaped(desk, committee, folder):
    told = say("verbatim", text=HOSTILE)
    output = replace(
        an_output("x"), title=HOSTILE, asked=HOSTILE, told=(told,), changed=(told,), files={f"{HOSTILE}/../a": b""}
    )
    hostile = replace(committee.candidate, title=HOSTILE, study=HOSTILE, outputs=(output,), odd=(told,))
    committee.candidate = hostile
    committee.votes(folder, "kim", "x", decision="reject", name='<b onclick="x">', reason=f"{'<i>' * 10}")
    browser = desk(candidate=hostile)
    pages = [browser.gets(page).text for page in ("/", "/outputs/x", "/summary")]
    browser.votes("x", name="<u>me")
    pages += [browser.gets(page).text for page in ("/outputs/x", "/summary", "/outputs/x/signed")]
    for page in pages:
        assert not re.search(r"<script|<b |<i>|<u>|\u202e", page)
        assert "alert(1)" in page
    assert "\\u202e" in pages[0]
    disposition = browser.gets("/outputs/x/files/0").headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', disposition)


@pytest.mark.parametrize(
    ("html", "named"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<p onclick="x">a</p>', "<p onclick>"),
        ('<p style="position: fixed">a</p>', "<p style>"),
        ('<p class="sign good">✓ accepted</p>', "<p class>"),
        ('<p id="decide">a</p>', "<p id>"),
        ('<a href="http://evil.example">a</a>', "<a>"),
        ('<img src="x">', "<img>"),
        ("<form><button>Sign</button></form>", "<form>"),
        ("<style>p {}</style>", "<style>"),
        ("<h2>Votes</h2>", "<h2>"),
        ("</div></section><p>The records hold</p>", "</div>"),
        ("<div><p>never ended", "<p>"),
        ("<!-- x -->", "<!-- -->"),
        ("<!DOCTYPE html>", "<!>"),
        (f"{DRAWING}</svg>", "</svg>"),
        ("<svg><path/>", "<svg>"),
        ('<iframe srcdoc="x"></iframe>', "<iframe>"),
        ("<math><mi>x</mi></math>", "<math>"),
        ("<template><p>x</p></template>", "<template>"),
        ('<td colspan="9999">a</td>', "<td colspan>"),
    ],
    ids=str,
)
def test_markup_that_is_on_no_list_is_named_and_cannot_be_accepted(desk, committee, folder, html, named):
    candidate = replace(committee.candidate, outputs=(an_output("x", f"<p>before</p>{html}"),))
    browser = desk(candidate=candidate)
    page = browser.gets("/outputs/x").text
    assert (
        named in unescape(page).partition("This output has markup that the desk does not show:")[2].partition("</p>")[0]
    )
    assert "<p>before</p>" not in page
    answer = browser.votes("x")
    assert answer.status_code == 422
    assert "cannot be shown safely" in answer.text
    assert browser.votes("x", "reject").status_code == 303


def test_a_table_of_the_report_is_shown_as_it_is(desk):
    page = desk().gets("/outputs/km-os").text
    assert unescape(TABLE.replace("&amp;", "&")) in unescape(page)


def test_a_drawing_is_an_image_that_runs_nothing(desk, committee):
    hostile = DRAWING.replace("<path", "<script>alert(1)</script><path")
    candidate = replace(committee.candidate, outputs=(an_output("x", hostile),))
    browser = desk(candidate=candidate)
    page = browser.gets("/outputs/x").text
    assert "alert(1)" not in page
    assert f'<img src="{browser.base}/outputs/x/drawings/0" alt="Two curves">' in page
    answer = browser.gets("/outputs/x/drawings/0")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert 'xmlns="http://www.w3.org/2000/svg"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script" not in policy


# For everybody.


class Outline(HTMLParser):
    """What somebody hears who cannot see a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.ids, self.labels, self.fields, self.named, self.headings = [], [], set(), [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "label":
            self.labels.add(attrs["for"])
        if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden":
            self.fields.append(attrs["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name in ("aria-labelledby", "aria-describedby"):
            self.named += attrs.get(name, "").split()


@pytest.mark.parametrize("page", ["/", "/summary", "/outputs/km-os", "/outputs/curve-os", "/outputs/km-os/signed"])
def test_a_page_can_be_heard_and_used_by_keyboard(desk, committee, folder, page):
    committee.votes(folder, "kim")
    browser = desk()
    browser.votes()
    outline = Outline(browser.gets(page).text)
    tags = [tag for tag, _ in outline.tags]
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.fields) <= outline.labels <= set(outline.ids)
    assert set(outline.named) <= set(outline.ids)
    assert (tags.count("h1"), tags.count("main"), tags.count("script")) == (1, 1, 0)
    assert all(after <= before + 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    for tag, attrs in outline.tags:
        assert "style" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert tag != "img" or attrs["alt"]
        assert tag != "th" or "scope" in attrs
        assert not (tag == "a" and "://" in attrs["href"])
        assert int(attrs.get("tabindex", "-1")) <= 0
    assert dict(outline.tags[0][1])["lang"] == "en"
    assert "#content" in [attrs.get("href") for tag, attrs in outline.tags if tag == "a"][:1]


@pytest.mark.parametrize("language", languages())
def test_pages_are_in_the_language_that_is_spoken(desk, language, monkeypatch):
    monkeypatch.setattr(_Spoken, "chosen", language)
    browser = desk()
    page = browser.gets("/outputs/km-os").text
    assert f'<html lang="{language}">' in page
    assert say("release.desk.as_released").in_language(language) in page


def test_every_sentence_of_the_pages_is_in_the_catalogue(desk, committee, folder, tmp_path, monkeypatch):
    wrong = replace(committee.candidate, failures=(say("audit.file.changed"),), odd=(say("audit.file.missing"),))
    committee.votes(folder, "kim", decision="reject")
    with spoken_here(tmp_path / "catalogue") as language:
        monkeypatch.setattr(_Spoken, "chosen", language)
        browsers = desk(opened=False), desk("park"), desk(candidate=wrong)
        pages = [browsers[0].client.get(browsers[0].app.start_address).text, browsers[0].gets("/").text]
        browsers[0].opens()
        pages += [browsers[0].votes(decision="").text, browsers[0].votes(decision="reject").text]
        addresses = ("/", "/summary", "/outputs/km-os", "/outputs/curve-os", "/outputs/km-os/signed", "/nowhere")
        pages += [browser.gets(page).text for browser in browsers for page in addresses]
    known = [REASON, "Dr. Kim", "Dr. Sato", "A trial", "How long do patients live?", "Table 1.", "Patients", "Curves"]
    known += ["Title of", "Men & women", "All", "small cells", "exact"]
    left = set()
    for page in pages:
        text = unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL))
        left.update(latin_words(re.sub(r"[0-9a-f]{16,64}|\S+\.(csv|json)|(km|curve|cox)-os", " ", text), known))
    assert left <= {"trial", "sato", "park", "UTC", "T"}
