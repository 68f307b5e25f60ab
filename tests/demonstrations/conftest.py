"""Demonstrations whose exports are read, and whose runs are made, once for all tests."""

from dataclasses import dataclass
from functools import cache, cached_property

import pytest
from tests.release.conftest import Committee
from tests.server.run.conftest import Desk

from riskset.audit.trusted import Trusted
from riskset.rehearsal import Rehearsal
from riskset.results import Results, results_json, results_of
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.study.load import parse_study
from riskset_demo.studies import DEMONSTRATIONS
from riskset_release.candidate import candidate_of
from riskset_release.gate.gated import Gated, gated
from riskset_release.gated_outputs import outputs_of
from riskset_report import Recorded
from riskset_site.data.cohort import load_cohort


@dataclass(frozen=True)
class Prepared:
    """A demonstration whose hospitals have read their exports."""

    demonstration: object
    study: object
    cohorts: dict

    @cached_property
    def outcome(self):
        """With the exceptions that the demonstration names."""
        return self.run(self.demonstration.exceptions)

    def run(self, exceptions):
        told_alone = self.demonstration.told_alone
        return Rehearsal(self.study, self.cohorts, exceptions=exceptions, told_alone=told_alone).run()

    def results(self):
        return results_json(results_of(self.study, self.outcome, sorted(self.cohorts)))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Returns a demonstration by its name."""

    @cache
    def prepare(name):
        demonstration, root = DEMONSTRATIONS[name], tmp_path_factory.mktemp(name)
        study = parse_study(demonstration.study.decode())
        for site, files in demonstration.folders().items():
            (root / site).mkdir()
            for file, content in files.items():
                (root / site / file).write_bytes(content)
        return Prepared(demonstration, study, {s: load_cohort(root / s / "site.toml", study) for s in study.sites})

    return prepare


class DemonstrationDesk(Desk):
    """The coordinator of a demonstration, whose hospitals answer at once."""

    def __init__(self, folder, ready):
        self.text, self.sites = ready.demonstration.study.decode(), tuple(sorted(ready.cohorts))
        self.exceptions, self.told_alone = ready.demonstration.exceptions, ready.demonstration.told_alone
        super().__init__(folder, ready.cohorts)

    def cohorts(self, patients):
        return patients


@dataclass(frozen=True)
class Audited:
    """A demonstration's bundle as auditors have it, and what its gate said while the candidate was made."""

    committee: Committee
    results: Results
    gate: Gated
    recorded: Recorded


@pytest.fixture(scope="session")
def audited(prepared, tmp_path_factory):
    """Returns what auditors have of a demonstration, by its name: made once, since it takes a minute."""

    @cache
    def audit(name):
        desk, gates = DemonstrationDesk(tmp_path_factory.mktemp(name), prepared(name)), []
        run, file = desk.finishes(desk.begins()).name, desk.folder / "run.zip"
        assert desk.says("bundle", run, "--file", file) == 0
        roster, committee = desk.rehearsal.roster, Committee()
        keys = {"coordinator": roster.coordinator, **{site: roster.sites[site] for site in desk.sites}}
        words = {party: fingerprint_words(key) for party, key in keys.items()}
        committee.trusted = Trusted(words, committee.trusted.auditors)

        def gated_once(results, earlier):
            gates.append((results, gated(results, earlier)))
            return gates[-1][1]

        def noticed(gate, recorded, *others):
            gates[-1] += (recorded,)
            return outputs_of(gate, recorded, *others)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("riskset_release.candidate.gated", gated_once)
            patch.setattr("riskset_release.candidate.outputs_of", noticed)
            committee.candidate = candidate_of(file.read_bytes(), committee.trusted)
        return Audited(committee, *gates[0])

    return audit
