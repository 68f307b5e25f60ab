"""A desk at which several log in, and visitors who ask it as browsers do, each with a key and cookies of their own."""

import re
from dataclasses import dataclass, replace
from html import unescape

import pytest
from tests.desk_client import Client
from tests.release.conftest import REASON, Committee

from riskset_release.desk.door import Door
from riskset_release.desk.review import Review
from riskset_release.desk.served_desk import SESSION_COOKIE, ServedDesk
from riskset_release.desk.sessions import LoggedIn
from riskset_release.logins import answer, read_challenge

ADDRESS = "review.example.org:8443"
PAGES = ("/", "/summary", "/outputs/km-os", "/outputs/curve-os/drawings/0", "/outputs/km-os/files/0")


class Clock:
    """Goes on when it is told to."""

    seconds = 5_000.0

    def __call__(self):
        return self.seconds


@dataclass
class Visitor:
    """A browser at the desk, and the person at it with their key."""

    committee: Committee
    who: str
    client: Client

    def challenge(self):
        """Opens the login page; returns what it asks."""
        return read_challenge(asked_by(self.client.get("/login").text))

    def answers(self, signed, **options):
        return self.client.post("/login", data={"answer": signed.decode()}, follow_redirects=False, **options)

    def logs_in(self):
        return self.answers(answer(self.challenge(), self.committee.keys[self.who]))

    def fields(self, path="/outputs/km-os"):
        """The hidden fields of the first form that is not the one to log out."""
        page = self.client.get(path).text.partition("<main")[2]
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    def decides(self, decision="accept", id_="km-os", **changes):
        typed = {"decision": decision, "name": f"Dr. {self.who.title()}", "category": "", "reason": ""}
        if decision != "accept":
            typed |= {"category": "disclosure", "reason": REASON}
        fields = {**self.fields(f"/outputs/{id_}"), **typed, **changes}
        return self.client.post(f"/outputs/{id_}", data=fields, follow_redirects=False)

    def brings(self, data, **fields):
        files = {"file": ("a.vote.json", data)}
        return self.client.post("/votes", data={**self.fields("/"), **fields}, files=files, follow_redirects=False)

    def sees(self, path="/"):
        return self.client.get(path, follow_redirects=False)


def asked_by(page):
    return command_in(page).split()[3]


def command_in(page):
    """Returns the command of a page, as it is copied."""
    shown = re.search(r'<pre class="command"[^>]*>(.*?)</pre>', page, re.DOTALL)[1]
    return unescape(re.sub(r"<[^>]+>", "", shown))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "votes"


@pytest.fixture
def desk(committee, folder, clock):
    """Returns a function that starts a desk; each has its own secret."""

    def start(address=ADDRESS, **changes):
        review = Review(committee.candidate, committee.trusted, committee.policy, folder)
        return ServedDesk(Door(address, replace(review, **changes), clock), LoggedIn(clock))

    return start


@pytest.fixture
def visitor(committee, desk):
    """Returns a function that gives somebody a browser of their own; all at one desk unless another is given."""
    first = desk().asgi()

    def comes(who="sato", at=None, logged_in=True):
        asgi = first if at is None else at.asgi()
        found = Visitor(committee, who, Client(asgi, f"https://{ADDRESS}"))
        if logged_in:
            assert found.logs_in().status_code == 303
        return found

    return comes


def refused(response, said):
    """Whether an answer was not believed, with these words, and nobody came in."""
    assert response.status_code == 422
    assert said in unescape(response.text)
    assert SESSION_COOKIE not in response.headers.get("set-cookie", "")
    return True
