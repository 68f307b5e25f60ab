"""Bundles of rehearsed runs over the exports of demonstrations, and what is found in them."""

from benchmarks.audit import bundle_of_run

from riskset.rehearsal import Rehearsal
from riskset.study.load import parse_study
from riskset_demo.studies.real import LUNG
from riskset_site.data.cohort import load_cohort


def told(checks):
    return [str(finding.told) for finding in checks.failures]


def of_demonstration(folder, demonstration, text, **signed):
    """A rehearsal of a study over the exports of a demonstration."""
    study, cohorts = parse_study(text), {}
    for site, files in demonstration.folders().items():
        home = folder / "sites" / site
        home.mkdir(parents=True)
        for name, content in files.items():
            (home / name).write_bytes(content)
        cohorts[site] = load_cohort(home / "site.toml", study)
    return Rehearsal(study, cohorts, **signed)


def bundle_of_lung(folder):
    """The bundle of a run of real patients with curves, models, tables and figures, its report in Korean; and the
    coordinator's key."""
    rehearsal = of_demonstration(folder, LUNG, LUNG.study.decode(), exceptions=LUNG.exceptions)
    return bundle_of_run(rehearsal, folder, "ko"), rehearsal.coordinator_key
