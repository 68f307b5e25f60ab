"""Demonstrations whose exports are read, and whose runs are made, once for all tests."""

from dataclasses import dataclass
from functools import cache, cached_property

import pytest

from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset.study.load import parse_study
from riskset_demo.studies import DEMONSTRATIONS
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
