"""A federation in memory, and what an attacker with one of its keys can sign."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from riskset.protocol.log_view import LogView
from riskset.protocol.roster import COORDINATOR
from riskset.rehearsal import Rehearsal
from riskset.secure.envelope import frame, seal, unframe, verify

SITES = ("asan", "kurume", "osaka")


class Federation(Rehearsal):
    """Three sites with gate and masks, and what an attacker with the coordinator's key, or a site's key, can do."""

    def goes(self, rounds):
        """Runs this many rounds honestly; the next request is then `coordinator.request()`."""
        for _ in range(rounds):
            self.step()
        return self

    def goes_to(self, phase):
        """Runs honestly up to the first request of a phase: `admission/cohorts`, ..., `first`, `later`, `close`."""
        while self.phase != phase:
            self.step()
        return self

    @property
    def phase(self):
        """What the next request asks for, as every party derives it."""
        history = self.coordinator._history
        return "open" if history is None else history.phase

    def forge(self, honest, key=None, **changed):
        """Returns a message with its head or `payload` changed, signed again with `key` (the coordinator's)."""
        message = verify(honest, {COORDINATOR: self.coordinator_key.public_key(), **self.roster.sites})
        payload = changed.pop("payload", message.payload)
        head = asdict(message.head) | changed
        del head["payload"]
        return seal(key or self.coordinator_key, payload, **head)

    def relay(self, change):
        """Returns the next request with the contributions it carries changed: `change` takes and returns their list."""
        request = self.coordinator.request()
        shown, *contributions = unframe(unframe(request)[1])
        return self.forge(request, payload=frame([shown, *change(contributions)]))

    def shown(self):
        """Returns what an honest message would show now of the coordinator's log to sites that have seen nothing of
        it."""
        return LogView(self.record.checkpoint(), {}).to_bytes()

    def with_vector(self, contribution, change):
        """Returns a colluding sender's contribution: its vector changed by `change`, with a valid signature."""
        message = verify(contribution, self.roster.sites)
        vector, cosignature, stated = unframe(message.payload)
        payload = frame([change(vector), cosignature, stated])
        return self.forge(contribution, key=self.keys[message.head.sender], payload=payload)

    def hears(self, site, request):
        """Returns the code of the site's refusal, or None where it answers."""
        return self.code(self.sites[site].answer(request))

    def code(self, reply):
        message = verify(reply, self.roster.sites)
        if message.head.type != "refused":
            return None
        content = json.loads(message.payload)
        assert list(content) == ["code"]  # a refusal carries one word and nothing else
        return content["code"]


@pytest.fixture
def federation(patients):
    """Returns a new federation of three sites, with the same rows in every call."""
    rows = patients.rows(seed=1, n=90)
    cohorts = patients.deal(rows, np.array(SITES)[np.arange(90) % 3])

    def make(run="rehearsal", is_gated=True, **study):
        return Federation(patients.study(SITES, **study), cohorts, run, is_gated=is_gated)

    return make


@pytest.fixture
def no_rule(monkeypatch):
    """The comparison of curves is off, at all parties at once."""
    monkeypatch.setattr("riskset.analyses.admission.own_rows.together", lambda *_: iter(()))
    return monkeypatch
