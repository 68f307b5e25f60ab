"""A made-up network of ten sites and 530 patients, what anyone with a key in it can sign, and rules turned off one at a
time: only in the tests, at all parties at once. The program has no such switch."""

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest

from riskset.analyses.admission.step import Own
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.disclosure import cells, curves_together, models, runs, span
from riskset.disclosure.finding import judge
from riskset.protocol import coordinator as coordinating
from riskset.protocol.contributing import Contributor, labelled
from riskset.protocol.history import open_history
from riskset.protocol.roster import COORDINATOR
from riskset.protocol.round import chain
from riskset.protocol.stated import stated
from riskset.protocol.witnessing import cosignature, cosigned, read_relayed, witnessed
from riskset.rehearsal import Rehearsal
from riskset.secure import fixed_point
from riskset.secure.envelope import Head, Verified, frame, seal, sha256, unframe, verify
from riskset.secure.masks import PairwiseMasks
from riskset.study.load import study_hash
from riskset.study.spec import Study
from riskset_site.data.holding import rows_of

SIZES = {
    "seoul": 120, "busan": 85, "daegu": 60, "incheon": 45, "gwangju": 30, "jeju": 18,
    "tokyo": 80, "osaka": 50, "fukuoka": 30, "sapporo": 12,
}  # fmt: skip
MODEL = ("arm", "age", "ecog", "mvi", "male")
_total = fixed_point.total  # the true one, also where a test gives the parties another


def draw(*sites, seed=1):
    """Returns the patients of the sites (all ten), one column per name; 0/1 except for age, days and site."""
    random = np.random.default_rng(seed)
    sites = sites or tuple(SIZES)
    site = np.repeat(sites, [SIZES[name] for name in sites])
    n = len(site)
    shares = {"arm": 0.45, "ecog": 0.4, "mvi": 0.3, "male": 0.75, "viral": 0.6}
    columns = {name: (random.random(n) < share).astype(float) for name, share in shares.items()}
    age = np.clip(np.round(random.normal(66, 9, n)), 30, 95)
    risk = 0.5 * columns["ecog"] + 0.6 * columns["mvi"] - 0.3 * columns["arm"] + 0.01 * (age - 66)
    days = 1 + (random.exponential(400 * np.exp(-risk))).astype(np.int64)
    dead = (random.random(n) < 0.75).astype(float)
    return {"site": site, "days": days, "dead": dead, "age": age, **columns}


def a_study(patients, analyses, sets, arm=None, version="1", **more):
    """Returns a study of `analyses` over endpoints called as the `sets`, whose days and events are the same."""
    kinds = {"age": {"type": "number", "range": [18, 100]}, "days": {"type": "number", "range": [0, 5000]}}
    numbers = {name for name, x in patients.items() if name != "site" and not np.isin(x, (0, 1)).all()}
    wide = {"type": "number", "range": [-1000, 1000]}
    names = [name for name in patients if name != "site"]
    variables = {name: kinds.get(name, wide) if name in numbers else {"type": "boolean"} for name in names}
    document = {
        "schema": 1,
        "study": {"id": "trial", "version": version, "title": {"en": "A trial"}},
        "sites": {name: {"name": name} for name in dict.fromkeys(patients["site"].tolist())},
        "variables": variables,
        "time": {"unit": "month", "grid": {"width_days": 30, "max_days": 4000}},
        "endpoints": {name: {"days": "days", "event": "dead"} for name in sets},
        "analyses": analyses,
        "disclosure": {"min_sites": 3, "secure_sum": "required"},
    }
    if arm:
        document["comparison"] = {"arm": arm, "reference": "false"}
    return Study.model_validate(document | more)


def cohorts_of(patients, sets, names):
    """Returns each site's cohort; `sets` maps an endpoint to the mask of its patients."""
    found = {}
    for site in dict.fromkeys(patients["site"].tolist()):
        here = patients["site"] == site
        analysed = {}
        for endpoint, mask in sets.items():
            chosen = here & mask
            variables = {name: patients[name][chosen].astype(float) for name in names}
            number = np.flatnonzero(mask[here]).astype(np.int64)
            event = patients["dead"][chosen].astype(bool)
            analysed[endpoint] = AnalysisSet(patients["days"][chosen], event, None, variables, number)
        found[site] = Cohort(site, analysed)
    return found


def with_weights(study, cohorts):
    """Returns the cohorts with the weighted sets of the study, of the same patients as the endpoint's."""
    asked = [set_id for set_id in coordinating.plan(study).sets if set_id.weighted_by]
    for site, cohort in cohorts.items():
        sets = dict(cohort.analysis_sets)
        for set_id in asked:
            rows = sets[set_id.endpoint]
            sets[set_id.name] = replace(rows, weights=rows.variables[set_id.weighted_by])
        cohorts[site] = Cohort(site, sets)
    return cohorts


def with_computed(study, patients):
    """Returns the table with what the study derives, as a site computes it, and the terms of formulas."""
    table = dict(patients)
    for name, derived in study.derivations.items():
        if name not in table:
            whole = name in study.sums and study.sums[name].is_whole
            table[name] = study.sums[name].values(patients) if whole else derived.compute(table)
        for term in study.terms_of(name):
            table[term.name] = term.scale.transformed(patients[term.of])
    return table


@dataclass(frozen=True)
class Told:
    """What the coordinator reads of one round: totals, by what asked for them, and what each number is."""

    phase: str
    flags: dict
    numbers: dict


class Network(Rehearsal):
    """Ten sites, what a curious coordinator reads, and what anyone with a key can sign."""

    def __init__(self, patients=None, analyses=None, sets=None, arm=None, run="run", version="1", **more):
        self.patients = draw() if patients is None else patients
        everybody = np.ones(len(self.patients["site"]), bool)
        sets = {"os": everybody} if sets is None else sets
        analyses = analyses or {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": list(MODEL)}}
        study = a_study(self.patients, analyses, sets, arm, version, **more)
        self.patients = with_computed(study, self.patients)
        names = [name for name in self.patients if name not in ("site", "days", "dead")]
        super().__init__(study, with_weights(study, cohorts_of(self.patients, sets, names)), run)
        self.sets, self.plan, self._known = sets, coordinating.plan, {}
        for name in self.cohorts:
            self.rows[name] = self.marks(name)
            self.start_site(name)

    def marks(self, site):
        """The keyed marks that the site itself would make."""
        keys = [f"{site}-{number}" for number in range(self.cohorts[site].n_patients)]
        return rows_of(self.cohorts[site], keys, self.keys[site])

    def again(self, run, participants=(), earlier=None):
        """Begins another run of the same sites over what each remembers; honest about earlier runs unless told."""
        before = [name for name in self.record.kept if name != run]
        self.run_id = run
        self.start_coordinator(participants, before if earlier is None else earlier)
        return self

    def updates(self, site, patient, **values):
        """A site's export is created again, with a different follow-up for one patient."""
        rows = dict(self.cohorts[site].analysis_sets)
        for endpoint, old in rows.items():
            changed = {name: np.where(old.patients == patient, x, getattr(old, name)) for name, x in values.items()}
            rows[endpoint] = replace(old, **{n: x.astype(getattr(old, n).dtype) for n, x in changed.items()})
        self.cohorts[site] = Cohort(site, rows)
        self.rows[site] = self.marks(site)
        self.start_site(site)
        return self

    def signs(self, *exceptions):
        """Every site signs these exceptions."""
        self.exceptions = exceptions
        for name in self.cohorts:
            self.start_site(name)
        return self

    def inherits(self, before):
        """The sites of another version of the study go on over the same keys and journals."""
        self.coordinator_key, self.keys, self.roster = before.coordinator_key, before.keys, before.roster
        self.journals, self.record = before.journals, before.record
        for name in self.cohorts:
            self.rows[name] = self.marks(name)
            self.start_site(name)
        return self

    def goes(self, rounds):
        for _ in range(rounds):
            self.step()
        return self

    def until(self, phase):
        """Runs honestly up to the round whose vector is for `phase`."""
        while self.history() is None or self.history().phase != phase:
            assert not self.coordinator.is_finished, f"the run ends before {phase}"
            self.step()
        return self

    def history(self):
        """What anyone can derive from the replies so far."""
        return self._derived()[0][-1]

    def reads(self):
        """What the curious coordinator reads: the totals of every round that is over."""
        return self._derived()[1]

    def last(self):
        """The signed replies of the last round that is over."""
        return [one.raw for one in self._derived()[2]]

    def _derived(self):
        histories, told, last = self._known.setdefault(self.run_id, ([None], [], []))
        k, kept = len(self.coordinator.participants), self.record.kept.get(self.run_id, ())
        while len(kept) >= k * len(histories):
            last[:] = [
                verify(reply, self.roster.sites) for reply in kept[k * (len(histories) - 1) : k * len(histories)]
            ]
            if histories[-1] is None:
                histories.append(open_history(*self._begun(), last))
            else:
                told.append(read(histories[-1], last))
                histories.append(histories[-1].advance(last))
        return histories, told, last

    def _begun(self):
        return self.plan(self.study), study_hash(self.study), self.roster.sha256, self.run_id

    def told(self, phase, which=None):
        """The totals of the last round that was for `phase`, of one question; of a step of admission, all of them.
        None where there was no such round."""
        found = next((one.numbers for one in reversed(self.reads()) if one.phase == phase), None)
        return None if found is None else found[which or phase]

    def forge(self, honest, key=None, **changed):
        """Returns a message with its head, or its `payload`, changed, and signed again by `key` (the coordinator's)."""
        message = verify(honest, {COORDINATOR: self.coordinator_key.public_key(), **self.roster.sites})
        payload = changed.pop("payload", message.payload)
        head = asdict(message.head) | changed
        del head["payload"]
        return seal(key or self.coordinator_key, payload, **head)

    def relay(self, change, **head):
        """Returns the next request with the replies that it carries changed: `change` takes and returns their list."""
        request = self.coordinator.request()
        shown, *parts = unframe(unframe(request)[1])
        return self.forge(request, payload=frame([shown, *change(parts)]), **head)

    def shows(self, parts):
        """Returns the next request with other replies in it, and the history that follows from those."""
        before, replies = self._derived()[0][-2], [unsigned(part, {}) for part in parts]
        after = open_history(*self._begun(), replies).hash if before is None else chain(before.hash, replies)
        return self.relay(lambda honest: parts, history=after)

    def hears(self, site, request):
        """Returns the code of the site's refusal, or None where it answers."""
        return self.code(self.sites[site].answer(request))

    def code(self, reply):
        message = verify(reply, self.roster.sites)
        if message.head.type != "refused":
            return None
        content = json.loads(message.payload)
        assert list(content) == ["code"]  # one word of a closed list, and nothing else
        return content["code"]

    def accomplice(self, site):
        return Accomplice(self, site)


def unsigned(data, keys):
    """`verify` without a signature check: anyone can write any name."""
    signed, payload, _ = unframe(data)
    return Verified(Head(**json.loads(signed)), payload, data, sha256(signed))


def read(history, contributions):
    """Returns the totals of one round."""
    numbers = fixed_point.decode(_total([history.read(one) for one in contributions]))
    k = len(history.live)
    flags = dict(zip((one.id for one in history.live), numbers[:k], strict=True))
    named = labelled(history, np.array(numbers[k:]), np.zeros(len(numbers) - k, bool))
    return Told(history.phase, flags, {id_: dict(zip(a, b, strict=True)) for id_, a, b in named})


class Accomplice:
    """A site that colludes with the coordinator: it answers last, and chooses its numbers after seeing the others'."""

    def __init__(self, network, site):
        self.network, self.site, self.seen = network, site, ""
        self.key = network.keys[site]

    def step(self, choose=None):
        """Asks all sites for one round. `choose` is told where the run stands, and the sum of what the other sites
        sent, and returns the totals that this site brings about; without it the site is honest."""
        network = self.network
        request = network.coordinator.request()
        others = {name: network.sites[name].answer(request) for name in network.cohorts if name != self.site}
        history = network.history()
        if history is None:
            own = network.sites[self.site].answer(request)
        elif choose is None:
            own = self.says(request, self._honest(history))
        else:
            own = self.says(request, self.steered(history, others.values(), choose))
        for reply in [*others.values(), own]:
            network.coordinator.accept(reply)
        return others

    def _honest(self, history):
        own = Contributor(Own(self.network.cohorts[self.site], {})).summary(history, frozenset())
        return fixed_point.concatenate([fixed_point.zeros(len(history.live)), fixed_point.encode(own.values, 10)])

    def states(self, history):
        """What this site states in clear: by default the truth."""
        own = Contributor(Own(self.network.cohorts[self.site], {})).summary(history, frozenset())
        return stated(own.stated)

    def masks(self, history):
        begun = self.network.journals[self.site].begun(self.network.run_id)
        keys = {name: said.key for name, said in history.opened.items()}
        network = self.network
        context = {"study": study_hash(network.study), "roster": network.roster.sha256, "run": network.run_id}
        return PairwiseMasks(begun.secret, self.site, keys, context)

    def sum_of(self, history, replies):
        """The others' sum in clear, as integers: what they sent and this site's own masks."""
        vectors = [history.read(verify(reply, self.network.roster.sites)) for reply in replies]
        blank = self.masks(history).mask(fixed_point.zeros(history.vector_size), history.round + 1, history.hash)
        return _total([*vectors, blank])

    def steered(self, history, replies, choose):
        others = self.sum_of(history, replies)
        wanted = fixed_point.encode(choose(history, np.array(fixed_point.decode(others))), 1)
        return fixed_point.add(wanted, fixed_point.negate(others))

    def says(self, request, vector, history=None):
        """Returns this site's contribution of any vector at all, masked, cosigned and signed as it should be."""
        network, history = self.network, history or self.network.history()
        head = verify(request, {COORDINATOR: network.coordinator_key.public_key()})
        shown = read_relayed(head.payload)[0]
        witness = witnessed(shown, network.roster.coordinator, self.seen)
        self.seen = witness.seen
        masked = self.masks(history).mask(vector, history.round + 1, history.hash)
        signed = cosignature(witness, self.site, self.key, 0)
        payload = cosigned(fixed_point.to_bytes(masked), signed, self.states(history))
        type_ = "closed" if head.head.type == "close" else "contribution"
        fields = {name: getattr(head.head, name) for name in ("study", "roster", "run", "round")}
        return seal(self.key, payload, type=type_, sender=self.site, history=history.hash, **fields)


class Rules:
    """The rules of the gate, turned off one at a time at all parties."""

    def __init__(self, monkeypatch):
        self._monkeypatch, self._off = monkeypatch, set()

    def off(self, *names):
        self._off |= set(names)
        for module in (cells, curves_together, models, runs, span):
            self._monkeypatch.setattr(module, "judge", self._judge)
        if "R5" in self._off:
            self._monkeypatch.setattr(models, "evaluations_allowed", lambda *_: 10**9)
        return self

    def on(self):
        self._monkeypatch.undo()
        self._off.clear()

    def _judge(self, *args, **more):
        found = judge(*args, **more)
        off = {found.rule, found.limit_name} & self._off
        return replace(found, verdict="pass") if off else found


@pytest.fixture
def network():
    """The class of the network: a test makes its own."""
    return Network


@pytest.fixture
def unchecked():
    """Returns a stand-in for `verify` that asks for no signature."""
    return unsigned


@pytest.fixture
def patients():
    """Returns a fresh table of the 530 patients; its `site` column is their site."""
    return draw


@pytest.fixture
def rules():
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Rules(monkeypatch)
