"""A coordinator's desk whose sites keep their ledgers in files and sign their approvals there, as an auditor finds
them; and what dishonest ones do."""

from contextlib import ExitStack, closing
from dataclasses import replace

from tests.server.run.conftest import SITES, Desk

from riskset.audit.site_opening import Notice
from riskset.audit.trusted import Trusted
from riskset.disclosure.finding import judge
from riskset.ledger.checkpoint import Checkpoint, sign_checkpoint
from riskset.ledger.entry import Entry, read_line
from riskset.ledger.merkle import Tree
from riskset.ledger.trusted_log import write_log
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
    """Sites with a journal in a file. Those of `contributors`, by name, compute with another program."""

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
        journal = self.closes.enter_context(closing(JournalFile(open_ledger(path, identity.signing, name))))
        approvals = Approvals(journal.ledger, identity)
        if approvals.standing().approval is None:
            others = tuple(other for other in SITES if other != name)
            asked = study_hash(self.study), of.roster.sha256, of.rows[name].digest, here().of(self.study.analysis_kinds)
            approvals.approve(EverySiteConsents(name, others).approval(*asked), self.study)
        of.journals[name] = journal
        files = self.study, of.roster, self.holding(name), journal, LedgerConsent(approvals, [].append)
        of.sites[name] = Site(name, identity.signing, *files, conditions=self.conditions(name))

    def holding(self, name):
        return Holding(self.rehearsal.cohorts[name], self.rehearsal.rows[name])

    def conditions(self, name):
        own = ApprovedConditions(name, self.study, self.rehearsal.roster, self.rehearsal.cohorts[name])
        if name in self.contributors:
            own.contributor = lambda of, approval: self.contributors[name](of)
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

    def opens(self, name, run, /, by=None, **changed):
        """The opening of a site, with what it changes in it before it signs; signed by another one where `by` says."""
        of = self.over(name, run)
        opening = opening_of(of, "K. Sato", "audit", AT)
        opening = replace(opening, **{field: change(getattr(opening, field)) for field, change in changed.items()})
        return opening.signed(self.identities[by].signing if by else signing_key(of, self.identities[name]))

    def opens_all(self, run):
        return {site: self.opens(site, run) for site in SITES}

    def rewrites(self, name, change):
        """A change of the log in an opening: its entries as `change` has them, signed anew by the site."""

        def rewritten(log):
            *lines, _ = log.splitlines()
            entries = [
                Entry(number, entry.at, entry.kind, entry.public, entry.private)
                for number, entry in enumerate(change([read_line(line) for line in lines]))
            ]
            tree = Tree(entry.leaf for entry in entries)
            key = self.identities[name].signing
            return write_log(entries, sign_checkpoint(Checkpoint(f"riskset/site/{name}", tree.size, tree.root()), key))

        return rewritten

    def notice(self, name, run):
        of = self.over(name, run)
        return Notice(run, name, "K. Sato", AT).signed(signing_key(of, self.identities[name]))

    def recomputes(self, name, run):
        """What an honest program computes again from the rows of a site."""
        of = self.rehearsal
        return recompute(name, self.study, of.roster, self.holding(name), of.journals[name], run)

    def close(self):
        self.closes.close()


class Through:
    """Masks that a dishonest program puts on after it has changed the vector."""

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


def sends_more(by):
    """Changes the first number behind the flags of the first round, which counts the patients."""

    def change(history, vector):
        at = len(history.live)
        if history.round == 0:
            more = fixed_point.encode([float(by)], 1)
            vector[:, at : at + 1] = fixed_point.add(vector[:, at : at + 1], more)
        return vector

    return sends(change)


def counts_more(by):
    """The same of the numbers that are recorded, too."""

    def change(history, values):
        if history.round == 0:
            values[0] += by

    return computes(change)


class Refuser(Contributor):
    """A site that refuses the curves in the last round, and lets an accomplice know what it sent and what was true."""

    known = {}  # noqa: RUF012 - shared with the accomplice

    def judge_own(self, history):
        found = super().judge_own(history)
        if history.is_closing:
            (curve,) = history.questions
            found.append((curve.analysis.id, judge(history.judge.policy, "R4.leverage", "a column", 1.0, own=True)))
        return found

    def summary(self, history, refused):
        self.known["true"] = super().summary(history, frozenset()).values
        return super().summary(history, refused)

    def contribute(self, history, masks):
        def kept(vector):
            self.known["sent"] = vector
            return vector

        return super().contribute(history, Through(masks, kept))


class Accomplice(Contributor):
    """A site that takes the refuser's flag, and its noise, out of the sum."""

    def contribute(self, history, masks):
        def without(vector):
            if not history.is_closing:
                return vector
            flags = fixed_point.zeros(len(history.live))
            true = fixed_point.concatenate([flags, fixed_point.encode(Refuser.known["true"], 1)])
            lie = fixed_point.add(true, fixed_point.negate(Refuser.known["sent"]))
            return fixed_point.add(vector, lie)

        return super().contribute(history, Through(masks, without))
