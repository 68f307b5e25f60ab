"""The desk of a hospital, asked as a browser asks it."""

import re
from dataclasses import dataclass

import pytest
from tests.desk_client import Client

from riskset_site.desk.app import desk_of
from riskset_site.desk.site_desk import SiteDesk

PORT = 8765
ADDRESS = f"http://127.0.0.1:{PORT}"


@dataclass
class DataManager:
    """Somebody in front of the desk."""

    app: SiteDesk
    client: Client

    def opens(self):
        """Comes in by the address that the command prints."""
        assert self.client.get(self.app.start_address).status_code == 200
        return self.client.post(f"{self.app.base}/start", data={"secret": self.app.sessions.secret})

    def gets(self, path, **options):
        return self.client.get(f"{self.app.base}{path}", **options)

    def reads(self, path):
        answer = self.gets(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def hidden(self, path):
        """The hidden fields of the last form of a page that has each of them."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.gets(path).text))

    def sends(self, path, *, to="", files=(), **typed):
        """Fills a form of the page in and sends it."""
        hidden = {name: value for name, value in self.hidden(path).items() if name in ("csrf", "seen")}
        fields = {name: value for name, value in {**hidden, **typed}.items() if value is not None}
        return self.client.post(f"{self.app.base}{to or path}", data=fields, files=list(files) or None)

    def approves(self, **changes):
        typed = {"by": "M. Uchida", "irb": "2024-117", "until": "2099-12-31", "statement": "yes"}
        return self.sends("/approve", **{**typed, **changes})


def at_desk(hospital, opened=True):
    """Returns somebody at the desk of a hospital."""
    app = desk_of(hospital.site_file, PORT)
    person = DataManager(app, Client(app.asgi(), ADDRESS))
    if opened:
        assert person.opens().status_code == 200
    return person


@pytest.fixture
def desk_at():
    return at_desk


@pytest.fixture
def desk(member):
    return at_desk(member)
