"""A hospital that answers a run with its true ledger, beside others in memory."""

import pytest

from riskset.analyses.cohort import Cohort
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.opening import Opening
from riskset.protocol.remembered import Holding
from riskset.protocol.site import Site
from riskset.rehearsal import EverySiteConsents, MemoryJournal, MemoryRecord
from riskset_site.consent.approvals import Approvals, LedgerConsent
from riskset_site.keys import SitePaths
from riskset_site.records.journal import JournalFile, open_ledger
from riskset_site.records.refusals import RecordedSite

BOTH = ("--compared", "asan", "--compared", "osaka")


class Consortium:
    """A hospital with its true ledger, and two others in memory that have the same patients."""

    def __init__(self, member, run="run-1"):
        self.member, self.run = member, run
        files = member.study_folder
        self.journal = JournalFile(open_ledger(SitePaths(member.folder).journal, files.identity.signing, "kurume"))
        consent = LedgerConsent(Approvals(self.journal.ledger, files.identity), [].append)
        site = Site(
            "kurume",
            files.identity.signing,
            files.study,
            files.roster,
            files.holding,
            self.journal,
            consent,
        )
        self.now = 0.0
        self.sites = {"kurume": RecordedSite(site, self.journal.ledger, [].append, lambda: self.now)}
        for name, key in member.others.items():
            holding = Holding(Cohort(name, files.cohort.analysis_sets), files.holding.rows)
            others = tuple(other for other in member.sites if other != name)
            self.sites[name] = Site(
                name,
                key,
                files.study,
                files.roster,
                holding,
                MemoryJournal(),
                EverySiteConsents(name, others),
            )
        opening, record = Opening(tuple(sorted(member.sites))), MemoryRecord(member.coordinator)
        self.coordinator = Coordinator(member.coordinator, files.study, files.roster, run, opening, record)

    def goes(self):
        while not self.coordinator.is_finished:
            request = self.coordinator.request()
            for name in self.coordinator.waiting_for:
                self.coordinator.accept(self.sites[name].answer(request))
        self.journal.close()


@pytest.fixture(scope="module")
def after_a_run(members, tmp_path_factory):
    member = members(tmp_path_factory.mktemp("kurume"))
    member.approves(*BOTH)
    Consortium(member).goes()
    return member


@pytest.fixture
def answered(after_a_run, tmp_path):
    """A hospital that has answered one run, in a copy of its folder."""
    return after_a_run.moved_to(tmp_path / "answered")
