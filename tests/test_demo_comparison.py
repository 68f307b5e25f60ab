"""The demonstration's own check: our pooled models beside lifelines' of the pooled rows."""

from dataclasses import replace

import pytest

from riskset.rehearsal import Rehearsal
from riskset.study.load import parse_study
from riskset_server.demo.comparison import compare
from riskset_server.demo.demonstrations import DEMONSTRATIONS
from riskset_server.demo.made_up import HCC_TWO
from riskset_server.results import results_document
from riskset_site.cohort import load_cohort


def results_of(demonstration, folder):
    study = parse_study(demonstration.study.decode())
    for site, files in demonstration.folders().items():
        (folder / site).mkdir()
        for name, content in files.items():
            (folder / site / name).write_bytes(content)
    cohorts = {site: load_cohort(folder / site / "site.toml", study) for site in study.sites}
    return results_document(study, Rehearsal(study, cohorts).run(), sorted(cohorts))


@pytest.mark.parametrize("demonstration", DEMONSTRATIONS.values(), ids=DEMONSTRATIONS.keys())
def test_every_model_equals_that_of_the_pooled_rows(demonstration, tmp_path):
    """As against R: within 1e-9 standard errors, and standard errors within 1e-9 of themselves."""
    compared = compare(results_of(demonstration, tmp_path), demonstration)
    assert [model.endpoint for model in compared] == list(parse_study(demonstration.study.decode()).endpoints)
    for model in compared:
        assert model.largest_difference < 1e-9
        assert all(line.se == pytest.approx(line.other_se, rel=1e-9) for line in model.lines)


def test_one_patient_more_or_less_is_seen(tmp_path):
    results = results_of(HCC_TWO, tmp_path)
    fewer = replace(HCC_TWO, hospitals={"seoul": 80, "tokyo": 42})
    assert all(model.largest_difference > 1e-3 for model in compare(results, fewer))
