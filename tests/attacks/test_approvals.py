"""Requests by a coordinator, or anyone with its key, without a site's consent. Each attack first succeeds at a
site that consents to everything, then is refused by one that reads its ledger, then the nearest honest message is
answered.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from riskset import __version__
from riskset.errors import VerificationError
from riskset.protocol.approval import Approval, commitment, sign_approval
from riskset.protocol.consent import consent_after
from riskset.protocol.program import PROTOCOL, Program
from riskset.protocol.remembered import Holding
from riskset.protocol.roster import Member, read_roster, sign_roster
from riskset.protocol.site import Site
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study.asked import installed
from riskset.study.load import study_hash

LAST_DAY = date(2025, 5, 31)
SITE, OTHERS = "asan", ("kurume", "osaka")


@dataclass(frozen=True)
class Act:
    """An entry of the site's ledger."""

    kind: str
    public: dict
    at: str = "2024-06-01T12:00:00.000+00:00"


class Committee:
    """A site that consents by the entries of its ledger, on a day that a test sets."""

    def __init__(self, federation, today=LAST_DAY):
        self.federation, self.today, self.acts, self.code = federation, today, [], __version__
        self.said = []

    def approves(self, key=None, **changed):
        federation = self.federation
        signed_at = "2024-06-01T12:00:00.000+00:00"
        approval = Approval(
            site=SITE,
            study=study_hash(federation.study),
            roster=federation.roster.sha256,
            policy={},
            exceptions=(),
            snapshot=commitment(federation.rows[SITE].digest, signed_at),
            code=__version__,
            by="the committee",
            irb="2024-117",
            until=LAST_DAY,
            signed_at=signed_at,
            compared=OTHERS,
            methods=installed(),
        )
        self.acts.append(Act("approved", sign_approval(replace(approval, **changed), key or federation.keys[SITE])))
        return self

    def does(self, kind):
        self.acts.append(Act(kind, {"by": "the committee"}))
        return self

    def approval(self, study, roster, snapshot, methods):
        found = consent_after(self.acts, [self.federation.keys[SITE].public_key()])
        try:
            return found.in_force(study, roster, snapshot, methods, self.code, self.today)
        except Exception as error:
            self.said.append(str(error))
            raise

    def sits(self, study=None, roster=None):
        """Puts the site under this committee, over its own journal; it may hold another study file or roster."""
        federation = self.federation
        holding = Holding(federation.cohorts[SITE], federation.rows[SITE])
        federation.sites[SITE] = Site(
            SITE,
            federation.keys[SITE],
            study or federation.study,
            roster or federation.roster,
            holding,
            federation.journals[SITE],
            self,
        )
        return self

    def is_asked(self):
        return self.federation.hears(SITE, self.federation.coordinator.request())


@pytest.fixture
def asked(federation):
    """The federation, and the committee of one of its sites, which has approved."""
    made = federation()
    return made, Committee(made).approves().sits()


def trusting(federation, **changed):
    """A federation whose site consents to everything; its roster or rows may be changed first."""
    made = federation()
    for name, value in changed.items():
        setattr(made, name, value)
    made.start_site(SITE)
    return made


def test_an_expired_approval(federation, asked):
    believing = trusting(federation)
    assert believing.hears(SITE, believing.coordinator.request()) is None
    made, committee = asked
    committee.today = LAST_DAY + timedelta(days=1)
    assert committee.is_asked() == "approval"
    assert committee.said == ["the approval expired on 2025-05-31"]
    assert made.journals[SITE].exchanges(made.run_id) == ()
    committee.today = LAST_DAY
    assert committee.is_asked() is None


def test_an_approval_that_ends_in_the_middle_of_a_run(asked):
    made, committee = asked
    made.goes(2)
    committee.today = LAST_DAY + timedelta(days=1)
    kept = len(made.journals[SITE].exchanges(made.run_id))
    assert committee.is_asked() == "approval"
    assert len(made.journals[SITE].exchanges(made.run_id)) == kept
    committee.approves(until=LAST_DAY + timedelta(days=30))
    assert committee.is_asked() is None
    made.run()


def test_asking_on_after_a_pause(federation, asked):
    trusting(federation).goes(2)
    made, committee = asked
    made.goes(1)
    committee.does("paused")
    assert [committee.is_asked() for _ in range(2)] == ["approval", "approval"]
    committee.does("resumed")
    assert committee.is_asked() is None


def test_asking_on_after_a_withdrawal_that_a_routine_approval_would_undo(federation, asked):
    """The coordinator sends a new roster or version, and a data manager signs as always."""
    trusting(federation).goes(2)
    made, committee = asked
    made.goes(1)
    committee.does("withdrew")
    assert [committee.is_asked() for _ in range(2)] == ["withdrawn", "withdrawn"]
    committee.approves()
    assert committee.is_asked() == "withdrawn"
    committee.does("rejoined").approves()
    assert committee.is_asked() is None


def test_asking_again_for_what_was_sent_before_a_withdrawal(asked):
    made, committee = asked
    request = made.coordinator.request()
    assert made.hears(SITE, request) is None
    committee.does("withdrew")
    assert made.hears(SITE, request) == "withdrawn"


def test_an_unapproved_analysis_in_an_approved_study(federation, patients, asked):
    """The coordinator sends a study file with a different model under the same version; someone puts it in the
    folder."""
    made, committee = asked
    more = patients.study(
        made.cohorts, analyses={"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"]}}
    )
    assert (more.id, more.version) == (made.study.id, made.study.version)
    asks = made.forge(made.coordinator.request(), study=study_hash(more))
    assert made.hears(SITE, asks) == "study"  # the site's folder holds what was approved
    believing = trusting(federation, study=more)
    assert believing.hears(SITE, believing.forge(believing.coordinator.request(), study=study_hash(more))) is None
    committee.sits(study=more)
    assert made.hears(SITE, asks) == "approval"
    assert committee.said == ["the study differs from the approved one"]
    committee.approves(study=study_hash(more))
    assert made.hears(SITE, asks) is None


def test_a_version_raised_silently(federation, asked):
    made, committee = asked
    raised = made.study.model_copy(update={"header": made.study.header.model_copy(update={"version": "2"})})
    believing = trusting(federation, study=raised)
    assert believing.hears(SITE, believing.forge(believing.coordinator.request(), study=study_hash(raised))) is None
    asks = made.forge(made.coordinator.request(), study=study_hash(raised))
    assert made.hears(SITE, asks) == "study"
    committee.sits(study=raised)
    assert made.hears(SITE, asks) == "approval"
    committee.approves(study=study_hash(raised))
    assert made.hears(SITE, asks) is None


def test_a_program_exchanged_under_the_approval(asked):
    _, committee = asked
    committee.code = "9.9.9"
    assert committee.is_asked() == "approval"
    committee.code = __version__
    assert committee.is_asked() is None


@pytest.mark.parametrize("kind", ["km", "cox"])
def test_a_method_exchanged_under_the_approval(federation, asked, kind):
    """Another package's program under the same name; coordinator and sites have it, the committee has not seen it."""
    exchanged = Program(PROTOCOL, installed() | {kind: "somebody-elses 1.0"})
    believing = trusting(federation)
    believing.coordinator._program = believing.sites[SITE]._program = exchanged
    assert believing.hears(SITE, believing.coordinator.request()) is None
    made, committee = asked
    made.coordinator._program = made.sites[SITE]._program = exchanged
    assert committee.is_asked() == "approval"
    told = f"the method {kind} was approved as provided by {installed()[kind]}; somebody-elses 1.0 provides it now"
    assert committee.said == [told]
    committee.approves(methods=exchanged.methods)
    assert committee.is_asked() is None


def with_a_key_swapped(made):
    """The roster as its coordinator signs it again, with the coordinator's own key in place of a site's."""
    keys = {name: new_identity() if name == "osaka" else key for name, key in made.keys.items()}
    members = {name: Member(public_hex(key), public_node_text(new_node_key())) for name, key in keys.items()}
    return read_roster(sign_roster(made.study.id, made.coordinator_key, members))


def test_a_roster_with_another_sites_key_exchanged(federation, asked):
    made, committee = asked
    believing = federation()
    believing.roster = with_a_key_swapped(believing)
    believing.start_site(SITE)
    asks = believing.forge(believing.coordinator.request(), roster=believing.roster.sha256)
    assert believing.hears(SITE, asks) is None
    swapped = with_a_key_swapped(made)
    asks = made.forge(made.coordinator.request(), roster=swapped.sha256)
    assert made.hears(SITE, asks) == "roster"
    committee.sits(roster=swapped)
    assert made.hears(SITE, asks) == "approval"
    committee.approves(roster=swapped.sha256)
    assert made.hears(SITE, asks) is None


def test_data_exchanged_under_the_approval(federation, asked):
    believing = trusting(federation)
    believing.rows[SITE] = replace(believing.rows[SITE], digest="another")
    believing.start_site(SITE)
    assert believing.hears(SITE, believing.coordinator.request()) is None
    made, committee = asked
    made.rows[SITE] = replace(made.rows[SITE], digest="another")
    committee.sits()
    assert committee.is_asked() == "approval"
    committee.approves()
    assert committee.is_asked() is None


def test_participants_whose_keys_nobody_compared(federation):
    believing = trusting(federation)
    assert believing.hears(SITE, believing.coordinator.request()) is None
    made = federation()
    lonely = Committee(made).approves(compared=("kurume",)).sits()
    assert lonely.is_asked() == "compared"  # two of three are known: one invented hospital is all others
    lonely.approves(compared=OTHERS)
    assert lonely.is_asked() is None


def test_an_approval_that_someone_else_signed(federation):
    believing = trusting(federation)
    assert believing.hears(SITE, believing.coordinator.request()) is None
    made = federation()
    forged = Committee(made).approves(key=made.coordinator_key).sits()
    assert forged.is_asked() is not None
    with pytest.raises(VerificationError, match="signed with a different key"):
        consent_after(forged.acts, [made.keys[SITE].public_key()])
    forged.approves()
    assert forged.is_asked() is None


def test_a_refusal_tells_the_coordinator_one_word(asked):
    """`hears` asserts that a refusal holds its code alone; here, that the reason is in no byte of it."""
    made, committee = asked
    committee.does("paused")
    reply = made.sites[SITE].answer(made.coordinator.request())
    assert b"committee" not in reply
    assert b"paused" not in reply
    assert committee.said == ["this site was paused on 2024-06-01 by the committee"]
