"""A coordinator's desk whose sites keep their ledgers in files and sign their approvals there, as an auditor finds them;
and what dishonest ones do."""

from contextlib import ExitStack, closing

import numpy as np
from tests.server.run.conftest import SITES, Desk

from riskset.audit.site_opening import Notice
from riskset.audit.trusted import Trusted
from riskset.protocol.contributing import Contributor
from riskset.protocol.participation import ApprovedConditions
from riskset.protocol.program import here
from riskset.protocol.recomputing import recompute
from riskset.protocol.remembered import Holding
from riskset.protocol.site import Site
from riskset.rehearsal import EverySiteConsents
from riskset.secure import fixed_point
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.node_key import new_node_key
from riskset.study.load import study_hash
from riskset_site.consent.approvals import Approvals, LedgerConsent
from riskset_site.keys import Identity
from riskset_site.records.disclosing import opening_of, run_over, signing_key
from riskset_site.records.journal import JournalFile, open_ledger

AT = "2026-01-02T03:04:05.678+00:00"


class LedgerDesk(Desk):
    """`contributors` are those of dishonest sites, by name."""

    contributors = {}

    def __init__(self, folder, patients, **contributors):
        super().__init__(folder, patients)
        self.contributors = contributors
        self.closes = ExitStack()
        self.identities = {name: Identity(key, new_node_key()) for name, key in self.rehearsal.keys.items()}
        for name in SITES:
            self.starts(name)

    def starts(self, name):
        of, identity = self.rehearsal, self.identities[name]
        path = self.folder / "sites" / name / "journal.sqlite"
        journal = JournalFile(open_ledger(path, identity.signing, name))
        self.closes.enter_context(closing(journal))
        approvals = Approvals(journal.ledger, identity)
        others = tuple(other for other in SITES if other != name)
        asked = study_hash(self.study), of.roster.sha256, of.rows[name].digest, here().of(self.study.analysis_kinds)
        approvals.approve(EverySiteConsents(name, others).approval(*asked), self.study)
        of.journals[name] = journal
        of.sites[name] = Site(
            name,
            identity.signing,
            self.study,
            of.roster,
            self.holding(name),
            journal,
            LedgerConsent(approvals, [].append),
            conditions=self.conditions(name),
        )

    def holding(self, name):
        return Holding(self.rehearsal.cohorts[name], self.rehearsal.rows[name])

    def conditions(self, name):
        made = self.contributors.get(name)
        own = ApprovedConditions(name, self.study, self.rehearsal.roster, self.rehearsal.cohorts[name])
        if made is not None:
            own.contributor = lambda of, approval: made(of)
        return own

    def bundles(self):
        """Goes through a run, and returns its id and its bundle."""
        run = self.finishes(self.begins()).name
        file = self.folder / f"{run}.zip"
        assert self.says("bundle", run, "--file", file) == 0
        return run, file.read_bytes()

    @property
    def trusted(self):
        roster = self.rehearsal.roster
        keys = {"coordinator": roster.coordinator, **{site: roster.sites[site] for site in SITES}}
        return Trusted({party: fingerprint_words(key) for party, key in keys.items()})

    def over(self, name, run):
        return run_over(self.rehearsal.journals[name], name, run)

    def opens(self, name, run, **changes):
        """The opening of a site, with what it changes in it before it signs."""
        of = self.over(name, run)
        opening = opening_of(of, "K. Sato", "audit", AT)
        for field, change in changes.items():
            object.__setattr__(opening, field, change(getattr(opening, field)))
        return opening.signed(signing_key(of, self.identities[name]))

    def notice(self, name, run):
        of = self.over(name, run)
        return Notice(run, name, "K. Sato", AT).signed(signing_key(of, self.identities[name]))

    def recomputes(self, name, run):
        of = self.rehearsal
        return recompute(name, self.study, of.roster, self.holding(name), of.journals[name], run)

    def close(self):
        self.closes.close()


class Through:
    """Masks that a dishonest program puts behind a change of the vector."""

    def __init__(self, masks, change):
        self.masks, self.change = masks, change

    def mask(self, vector, round_, history):
        return self.masks.mask(self.change(vector.copy()), round_, history)


def sends(change):
    """A site that sends another vector than its ledger says; `change` takes the history and the vector."""

    class Sends(Contributor):
        def contribute(self, history, masks):
            return super().contribute(history, Through(masks, lambda vector: change(history, vector)))

    return Sends


def computes(change):
    """A site whose rows do not give its numbers: it changes them before they are sent and recorded."""

    class Computes(Contributor):
        def summary(self, history, refused):
            found = super().summary(history, refused)
            change(history, found.values)
            return found

    return Computes


def one_more(history, by=1):
    """Where the first round counts the patients, so many more."""
    return by if history.round == 0 else 0


def adds(by):
    """Changes the first number behind the flags of the first round."""

    def change(history, vector):
        at = len(history.live)
        more = fixed_point.encode([float(one_more(history, by))], 1)
        vector[:, at : at + 1] = fixed_point.add(vector[:, at : at + 1], more)
        return vector

    return change


def counts(by):
    def change(history, values):
        values[0] += one_more(history, by)

    return change


def flags(history, vector):
    return np.flatnonzero(vector[:, : len(history.live)].any(axis=0))
