"""R13 by names: a roster gives the name of one hospital to another, so that two runs seem to be of the same sites."""

import json

import numpy as np
import pytest

from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.request import EARLIER, Member, Request
from riskset.joining.signed import write_signed
from riskset.protocol.roster import read_roster, sign_roster
from riskset.rehearsal import MemoryJournal
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text

FOUR = ("busan", "daegu", "tokyo", "osaka")
OTHER = "gwangju"


def member(key):
    return Member(public_hex(key), public_node_text(new_node_key()))


def renewal(site, old, new, signed_by=None):
    """The request by which a site replaces its key, as the coordinator kept it."""
    request = Request("trial", "0" * 64, site, public_hex(old), member(new)).proved("token")
    return write_signed("request", request.content, signature=new, **{EARLIER: signed_by or old})


def roster_of(network, **renewals):
    members = {name: member(key) for name, key in network.keys.items()}
    return read_roster(sign_roster("trial", network.coordinator_key, members, renewals=renewals))


def enters(network, roster):
    """All sites approve another roster, and go on over their journals."""
    network.roster = roster
    for name in network.cohorts:
        network.start_site(name)
    return network


def with_another_hospital(network, patients):
    """A second run in which `osaka` is a name of gwangju, which has a key and a journal of its own."""
    first = network(patients(*FOUR, OTHER), run="one", analyses=None)
    table = first.patients
    four = {name: values[table["site"] != OTHER] for name, values in table.items()}
    other = {name: values[table["site"] != "osaka"] for name, values in table.items()}
    other["site"] = np.where(other["site"] == OTHER, "osaka", other["site"])
    first = network(four, run="one").until("admission/pairs")
    second = network(other, run="two")
    own = second.keys["osaka"]
    second.inherits(first)
    second.keys, second.journals = {**first.keys, "osaka": own}, {**first.journals, "osaka": MemoryJournal()}
    second.rows["osaka"] = second.marks("osaka")
    return table, first, enters(second, roster_of(second)).again("two")


def counts(network):
    told = network.told("admission/counts").items()
    return np.array([x for label, x in told if label.startswith(("events", "patients"))])


class TestR13ByNames:
    def test_another_hospital_under_the_name_of_one_that_was_revoked(self, network, patients, rules):
        rules.off("R13")
        table, first, second = with_another_hospital(network, patients)
        difference = counts(second.until("admission/pairs")) - counts(first)
        dead = [table["dead"][table["site"] == site].sum() for site in (OTHER, "osaka")]
        assert difference[0] == dead[0] - dead[1]
        rules.on()
        _, _, second = with_another_hospital(network, patients)
        with pytest.raises(Refused) as no:
            second.run()
        assert no.value.code == "subtraction"
        assert all(len(journal.kept["two"]) < 3 for journal in second.journals.values())

    def test_a_site_that_does_not_know_of_it_is_told_by_the_others(self, network, patients):
        """The new hospital has no journal of the first run: what the others tell it names keys, and none is its own."""
        _, _, second = with_another_hospital(network, patients)
        second.step()
        told = {name: said.ran for name, said in second.history().opened.items()}
        assert told == dict.fromkeys(FOUR, ())  # the revoked hospital is in no roster of theirs

    def test_a_site_that_renewed_its_key_passes(self, network, patients):
        made = network(patients(*FOUR), run="one").goes(2)
        old, between, new = made.keys["osaka"], new_identity(), new_identity()
        made.keys["osaka"] = new
        chain = [renewal("osaka", old, between), renewal("osaka", between, new)]
        enters(made, roster_of(made, osaka=chain)).again("two").until("admission/pairs")
        told = made.history().opened["busan"].ran
        assert told == (tuple(sorted(made.roster.party(public_hex(key)) for key in made.keys.values())),)
        assert public_hex(old) in told[0]

    def test_a_lost_key_that_hands_over_to_none_makes_another_party(self, network, patients):
        made = network(patients(*FOUR), run="one").goes(2)
        made.keys["osaka"] = new_identity()
        with pytest.raises(Refused) as no:
            enters(made, roster_of(made)).again("two").run()
        assert no.value.code == "subtraction"


class TestRenewalsInARoster:
    def roster(self, requests, key):
        coordinator, other = new_identity(), new_identity()
        members = {"osaka": member(key), "busan": member(other)}
        content = json.loads(sign_roster("trial", coordinator, members))["roster"]
        content["renewals"] = {"osaka": [json.loads(request) for request in requests]}
        return read_roster(write_signed("roster", content, signature=coordinator))

    def test_what_each_key_signed_is_a_chain(self):
        a, b, c = new_identity(), new_identity(), new_identity()
        roster = self.roster([renewal("osaka", a, b), renewal("osaka", b, c)], c)
        assert {roster.party(public_hex(key)) for key in (a, b, c)} == {public_hex(a)}

    def test_one_that_the_earlier_key_did_not_sign(self):
        a, b = new_identity(), new_identity()
        with pytest.raises(VerificationError, match="not signed by the earlier key of osaka"):
            self.roster([renewal("osaka", a, b, signed_by=new_identity())], b)

    @pytest.mark.parametrize("case", ["of another site", "with a gap", "to another key", "in a circle"])
    def test_what_is_no_chain_to_the_key_of_the_roster(self, case):
        a, b, c, d = (new_identity() for _ in range(4))
        requests = {
            "of another site": [renewal("busan", a, c)],
            "with a gap": [renewal("osaka", a, b), renewal("osaka", d, c)],
            "to another key": [renewal("osaka", a, b)],
            "in a circle": [renewal("osaka", c, b), renewal("osaka", b, c)],
        }[case]
        with pytest.raises(DataError, match="does not show how the key of osaka replaced its earlier ones"):
            self.roster(requests, c)
