"""Made-up hospitals whose curves are attacked: what each patient has, a network over one or several studies, and what
everybody reads of its curves."""

import json
from dataclasses import replace

import numpy as np

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.methods.cumulative_incidence import CumulativeIncidence
from riskset.analyses.methods.km import KaplanMeier
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Study
from riskset_site.data.holding import rows_of

SITES = ("asan", "kurume", "osaka")
ATTRIBUTES = ("ecog", "male", "viral")
ARMS = ", the arms"


def draw(n=40, sites=SITES, seed=2):
    """Returns n patients of each site, one array per column: `os` is death or last contact, `pfs` progression before
    it, and `only` the days on which they differ."""
    random = np.random.default_rng(seed)
    size = n * len(sites)
    shares = {"arm": 0.5, "ecog": 0.4, "male": 0.6, "viral": 0.5}
    table = {name: (random.random(size) < share).astype(float) for name, share in shares.items()}
    progression, death = (1 + random.exponential(days, size).astype(np.int64) for days in (100, 170))
    last = random.integers(10, 500, size)
    os = np.minimum(death, last)
    progressed, dead = progression <= os, death <= last
    table |= {"os": os, "dead": dead, "pfs": np.where(progressed, progression, os), "progressed": progressed}
    of_cancer = dead & (random.random(size) < 0.7)
    table |= {"first": progressed | dead, "of_cancer": of_cancer, "of_other": dead & ~of_cancer}
    return table | {"site": np.repeat(sites, n), "number": np.tile(np.arange(n), len(sites))}


OS = {"os": ("os", "dead")}
THREE = {"pfs": ("pfs", "first"), "os": ("os", "dead"), "ttp": ("pfs", "progressed")}


class Network(Rehearsal):
    """Hospitals with the keyed marks that they would make, over one or several studies."""

    def __init__(
        self,
        table,
        endpoints,
        arm="arm",
        grid=(7, 602),
        id_="trial",
        run="run",
        is_keyed=True,
        kinds=("km",),
        only=None,
        header="",
        needs=None,
        entry=None,
        competing=None,
        fine_gray=(),
        **more,
    ):
        """`needs` has covariates of endpoints: in the table, `no x` is true where a patient has no value of x. `entry`
        has their days of entry. `competing` has competing events of endpoints, whose kinds of event are counted."""
        self.header, self.needs, self.entry = header, needs or {}, entry or {}
        self.competing = competing or {}
        self.table, self.endpoints, self.is_keyed, self.only = table, endpoints, is_keyed, only
        sites = dict.fromkeys(table["site"].tolist())
        booleans = {name for name, (_, event) in endpoints.items() for name in (event,)} | {arm or "arm", *ATTRIBUTES}
        booleans |= {*fine_gray, *(name for names in self.competing.values() for name in names)}
        covariates = {name for names in self.needs.values() for name in names}
        numbers = (
            {days for days, _ in endpoints.values()}
            | {*self.entry.values()}
            | {c for c in covariates if table[c].max() > 1}
        )
        booleans |= covariates - numbers
        asked = {kind: {"kind": kind, "endpoints": list(endpoints)} for kind in kinds}
        for name, names in self.needs.items():
            asked[f"cox_{name}"] = {"kind": "cox", "endpoints": [name], "multivariable": [arm, *names]}
        if self.competing:
            asked["causes"] = {"kind": "cumulative-incidence", "endpoints": list(self.competing)}
            asked["causes"]["fine_gray"] = list(fine_gray)
        self.fine_gray = fine_gray
        document = {
            "schema": 1,
            "study": {"id": id_, "version": run.removeprefix("run") or "0", "title": {"en": "A trial"}},
            "sites": {name: {"name": name} for name in sites},
            "variables": {name: {"type": "boolean", "required": name not in covariates} for name in sorted(booleans)}
            | {name: {"type": "number", "range": [0, 9000]} for name in sorted(numbers)},
            "time": {"unit": "month", "grid": {"width_days": grid[0], "max_days": grid[1]}},
            "endpoints": {name: {"days": days, "event": event} for name, (days, event) in endpoints.items()},
            "analyses": {kind: {"tau": [12], **entry} if kind == "rmst" else entry for kind, entry in asked.items()},
            "disclosure": {"min_sites": min(3, len(sites))},
        }
        for name, days in self.entry.items():
            document["endpoints"][name]["entry"] = days
        for name, events in self.competing.items():
            document["endpoints"][name]["competing"] = list(events)
        if arm:
            document["comparison"] = {"arm": arm, "reference": "false"}
        super().__init__(Study.model_validate(document), {site: self.cohort(site, arm) for site in sites}, run, **more)
        self.marks()

    def cohort(self, site, arm):
        table, eligible = self.table, self.table["site"] == site
        if self.only:
            eligible = eligible & self.only(table)
        sets = {}
        for name, (days, event) in self.endpoints.items():
            names = self.needs.get(name, ())
            here = np.logical_and.reduce([eligible, *(~table[f"no {covariate}"] for covariate in names)])
            used = (*([arm] if arm else []), *names, *self.fine_gray)
            variables = {name: table[name][here].astype(float) for name in used}
            entry = table[self.entry[name]][here] if name in self.entry else None
            rows = table[days][here], table[event][here] == 1, entry, variables, table["number"][here]
            kinds = [table[kind][here] == 1 for kind in (event, *self.competing.get(name, ()))]
            cause = np.select(kinds, range(1, len(kinds) + 1), 0) if name in self.competing else None
            sets[name] = AnalysisSet(*rows, cause=cause)
        return Cohort(site, sets)

    def marks(self):
        for name, cohort in self.cohorts.items():
            keys = [f"{name}-{number}" for number in range(cohort.n_patients)] if self.is_keyed else None
            rows = rows_of(cohort, keys, self.keys[name])
            fields = [replace(field, source=self.column(field.source)) for field in rows.fields]
            self.rows[name] = replace(rows, fields=tuple(fields))
            self.start_site(name)

    def column(self, name):
        """Where an array comes from: a column of an export, if there is one."""
        return json.dumps([f"{name} {self.header}"]) if self.header else name

    def after(self, before):
        """Goes on over the keys and journals of an earlier run, with what it counts as earlier told honestly."""
        self.coordinator_key, self.keys, self.roster = before.coordinator_key, before.keys, before.roster
        self.journals, self.record = before.journals, before.record
        self.marks()
        self.start_coordinator(earlier=list(self.record.kept))
        return self

    def refused(self):
        """Runs to the end, and returns the endpoints whose curves have no result, each with the rule; with `ARMS`
        behind it where the rule refused the arms alone, and there is a curve of all patients. `causes of x` are the
        kinds of event of an endpoint."""
        self.outcome = self.run()
        found = {}
        for analysis in self.outcome.history.plan.reported:
            if isinstance(analysis, KaplanMeier | CumulativeIncidence):
                ends = {"": self.outcome.results[analysis.id], ARMS: analysis.arms_refusal}
                if rules := [end.rule + what for what, end in ends.items() if isinstance(end, RefusedByRule)]:
                    of = "" if isinstance(analysis, KaplanMeier) else "causes of "
                    found[f"{of}{analysis.endpoint}"] = rules[0]
        return found

    def reads_causes(self, endpoint):
        """What everybody reads: by level and step, how many leave with each kind of event, and without any."""
        told = {}
        for arm in self.outcome.results[f"cumulative-incidence/{endpoint}/all"].arms:
            curve = arm.incidence
            leaving = curve.at_risk - np.append(curve.at_risk[1:], 0)
            for day, events, n in zip(curve.day, curve.events.T, leaving, strict=True):
                told[arm.level, int(day)] = (*(round(one) for one in events), round(n - events.sum()))
        return told

    def reads(self, endpoint):
        """What everybody reads: by level and step, how many leave with the event and without."""
        told = {}
        for arm in self.outcome.results[f"km/{endpoint}/all"].arms:
            for day, events, censored in zip(arm.curve.day, arm.curve.events, arm.curve.censored, strict=True):
                told[arm.level, int(day)] = (round(events), round(censored))
        return told


def alone(told):
    """Returns the steps in which one patient leaves, with whether it was with the event."""
    return {at: events == 1 for at, (events, censored) in told.items() if events + censored == 1}


def truth(table, days, name, at):
    """Returns the values of those who leave at (level of the arm, day)."""
    return table[name][(table["arm"] == (at[0] == "true")) & (table[days] == at[1])]
