"""Participants and their keys: keys swapped, hospitals invented, different lists shown to different sites."""

import numpy as np
import pytest

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.protocol import site
from riskset.protocol.log_view import LogView
from riskset.protocol.opening import read_opened
from riskset.rehearsal import EverySiteConsents
from riskset.secure import fixed_point
from riskset.secure.envelope import frame, unframe, verify
from riskset.secure.masks import PairwiseMasks, new_secret, public_of
from riskset.study.load import study_hash

FEW = ("busan", "daegu", "tokyo", "osaka")
FRIEND, VICTIM = "daegu", "osaka"
MODEL = "cox/os/all/multivariable"
COX = {"m": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "ecog"]}}


@pytest.fixture
def party(network, patients):
    """Returns a fresh network of four sites and one model."""
    return lambda *sites, run="run": network(patients(*(sites or FEW)), COX, run=run)


class TestKeysAndHospitals:
    def test_a_key_swap(self, party, monkeypatch, unchecked):
        """Signatures unchecked, the coordinator shows the victim keys of its own in place of all the others', and takes
        off the masks of the victim's counts."""
        bare, secret = party(), new_secret()
        bare.goes(1)
        opened = {verify(one, bare.roster.sites).head.sender: one for one in bare.last()}
        swapped = {name: self.with_key(bare, one, public_of(secret)) for name, one in opened.items() if name != VICTIM}
        request = bare.shows([*swapped.values(), opened[VICTIM]])
        monkeypatch.setattr(site, "verify", unchecked)
        reply = bare.sites[VICTIM].answer(request)
        monkeypatch.undo()
        vector = bare.history().read(verify(reply, bare.roster.sites))
        shown = verify(reply, bare.roster.sites).head.history
        for name in swapped:
            vector = fixed_point.add(vector, self.pair(bare, name, secret, opened[VICTIM], shown, vector.shape[1]))
        rows = bare.cohorts[VICTIM].analysis_sets["os"].n
        assert fixed_point.decode(vector) == (0.0, rows)  # flag, patients
        gated = party().goes(1)
        mine = [one for one in gated.last() if verify(one, gated.roster.sites).head.sender == VICTIM]
        assert gated.hears(VICTIM, gated.shows([*swapped.values(), *mine])) == "history"
        assert isinstance(gated.run().results[MODEL], CoxFit)

    def with_key(self, network, opened, key):
        content = read_opened(verify(opened, network.roster.sites).payload)
        return network.forge(opened, payload=type(content)(**{**vars(content), "key": key}).to_bytes())

    def pair(self, network, name, secret, victim, history, n):
        """The stream of one pair, the coordinator in `name`'s place."""
        key = read_opened(verify(victim, network.roster.sites).payload).key
        keys = {other: public_of(secret) for other in FEW if other != VICTIM} | {VICTIM: key}
        context = {"study": study_hash(network.study), "roster": network.roster.sha256, "run": network.run_id}
        masks = PairwiseMasks(secret, name, keys, context)
        masks._shared = {VICTIM: masks._shared[VICTIM]}
        return masks.mask(fixed_point.zeros(n), 1, history)

    def test_a_key_swap_in_the_middle(self, party):
        """A site's contributions of later rounds come signed by another key; or its opening is told anew."""
        gated = party().until("first")
        swapped = [gated.forge(part, key=gated.coordinator_key) for part in gated.last()[:1]]
        assert gated.hears(VICTIM, gated.shows([*swapped, *gated.last()[1:]])) == "history"
        opening = gated.forge(gated.journals[VICTIM].exchanges("run")[0].request, payload=b"{}")
        kept = gated.journals[VICTIM].exchanges("run")[0].reply
        assert gated.sites[VICTIM].answer(opening) == kept  # told again, it is the key of before
        assert isinstance(gated.run().results[MODEL], CoxFit)

    def test_an_invented_hospital(self, party):
        """Two of three hospitals are the coordinator's: it takes their made-up patients off the total."""
        invented = ("tokyo", FRIEND)
        bare = party(VICTIM, *invented).until("admission/pairs")
        seen, here = bare.told("admission/counts"), np.isin(bare.patients["site"], invented)
        own = seen["events of os"] - bare.patients["dead"][here].sum()
        assert own == bare.cohorts[VICTIM].analysis_sets["os"].event.sum()
        gated = party(VICTIM, *invented)
        holding, consent = gated.sites[VICTIM]._holding, EverySiteConsents(VICTIM, ("tokyo",))
        gated.sites[VICTIM] = site.Site(
            VICTIM, gated.keys[VICTIM], gated.study, gated.roster, holding, gated.journals[VICTIM], consent
        )
        assert gated.hears(VICTIM, gated.coordinator.request()) == "compared"
        gated.start_site(VICTIM)  # now that somebody has telephoned to both
        assert isinstance(gated.run().results[MODEL], CoxFit)

    def test_different_participant_lists_to_different_sites(self, party):
        """Each would add the same numbers to different sums. Every site sees what the others were shown."""
        gated = party()
        request = gated.coordinator.request()
        fewer = gated.forge(request, payload=unframe(request)[1].replace(b'"daegu",', b""))
        told = {name: fewer if name == "tokyo" else request for name in FEW if name != FRIEND}
        replies = [gated.sites[name].answer(message) for name, message in told.items()]
        replies.append(gated.sites[FRIEND].answer(request))
        assert {gated.code(reply) for reply in replies} == {None}
        shown = LogView(gated.record.checkpoint(), {}).to_bytes()
        first = gated.forge(request, type="round", round=1, history="0" * 64, payload=frame([shown, *replies]))
        assert {name: gated.hears(name, first) for name in FEW} == dict.fromkeys(FEW, "history")
        again = gated.again("another", earlier=[])
        assert isinstance(again.run().results[MODEL], CoxFit)
