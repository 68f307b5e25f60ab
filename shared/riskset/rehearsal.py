"""A whole federation in memory: the true codec, signatures, gate and sums, without a network.

For writing a study before anyone signs it, for teaching, for checking against other programs, and for the tests'
attacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from riskset.analyses.cohort import Cohort
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.roster import Member, Roster, read_roster, sign_roster
from riskset.protocol.site import Exchange, Site
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study.spec import Study

Wire = Callable[[str, bytes], bytes]
"""A message on its way to a site, and what the site is given instead: where an attack sits."""


class MemoryJournal:
    """A site's journal that ends with the process."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Exchange]] = {}
        self._snapshots: dict[str, str] = {}

    def exchanges(self, run: str) -> Sequence[Exchange]:
        return tuple(self.kept.get(run, ()))

    def snapshot(self, run: str) -> str | None:
        return self._snapshots.get(run)

    def record(self, run: str, exchange: Exchange, snapshot: str) -> None:
        self.kept.setdefault(run, []).append(exchange)
        self._snapshots.setdefault(run, snapshot)


class MemoryRecord:
    """A coordinator's record that ends with the process."""

    def __init__(self) -> None:
        self.kept: dict[str, list[bytes]] = {}

    def replies(self, run: str) -> Iterable[bytes]:
        return tuple(self.kept.get(run, ()))

    def record(self, run: str, reply: bytes) -> None:
        self.kept.setdefault(run, []).append(reply)


class Rehearsal:
    """Sites and a coordinator with throw-away keys, on one machine."""

    def __init__(self, study: Study, cohorts: Mapping[str, Cohort], run: str = "rehearsal") -> None:
        self.study = study
        self.cohorts = dict(cohorts)
        self.run_id = run
        self.coordinator_key = new_identity()
        self.keys = {name: new_identity() for name in cohorts}
        members = {n: Member(public_hex(k), public_node_text(new_node_key())) for n, k in self.keys.items()}
        self.roster: Roster = read_roster(sign_roster(study.id, self.coordinator_key, members))
        self.journals = {name: MemoryJournal() for name in cohorts}
        self.record = MemoryRecord()
        self.sites: dict[str, Site] = {}
        for name in cohorts:
            self.start_site(name)
        self.start_coordinator()

    def start_site(self, name: str, snapshot: str = "") -> None:
        """Starts a site, or starts it again from its journal."""
        self.sites[name] = Site(
            name, self.keys[name], self.study, self.roster, self.cohorts[name], snapshot, self.journals[name]
        )

    def start_coordinator(self) -> None:
        """Starts the coordinator, or starts it again from its record."""
        self.coordinator = Coordinator(self.coordinator_key, self.study, self.roster, self.run_id, self.record)

    def step(self, wire: Wire | None = None) -> None:
        """Asks the sites that have not answered this round."""
        request = self.coordinator.request()
        for name in self.coordinator.waiting_for:
            shown = wire(name, request) if wire else request
            self.coordinator.accept(self.sites[name].answer(shown))

    def run(self, wire: Wire | None = None) -> Outcome:
        """Runs from where the run stands to its end."""
        while not self.coordinator.is_finished:
            self.step(wire)
        return self.coordinator.outcome()
