"""The 123 patients of two hospitals, dealt to three: every model and curve of all patients passes with the rules as
they are, and no exception is signed. A score of four covariates is of too few patients: R5 asks for 180. Child-Pugh
class passes where enough patients are of class B; responses are compared within hospitals where no cell of a hospital
is small, which in so few patients is rare, and so are tests of proportional hazards of which no patient is a large
part.
"""

import re
from dataclasses import replace
from itertools import cycle

import pytest

from riskset.analyses.analysis import has_result
from riskset.rehearsal import Rehearsal
from riskset.study.load import parse_study
from riskset_demo.liver_cancer.cohort import TWO_HOSPITALS, draw
from riskset_demo.liver_cancer.exports import export, site_file
from riskset_demo.studies.made_up import HCC_TWO
from riskset_site.data.cohort import load_cohort

SITES = ("seoul", "busan", "tokyo")
CHILD_PUGH = {f"cox/{endpoint}/all/univariable/child_pugh" for endpoint in ("pfs", "os", "ttp")}

OF_180, OVERLAP = "propensity", "propensity/preference"
LISTED_LAST = ("flow", "table1/", "subgroup/")
"""What the models leave of it is as the levels of few patients fall."""
WITHIN_HOSPITALS = {f"response/all/{variable}/by-site" for variable in ("recist", "mrecist")}


def without_result(patients, folder):
    named = "\n".join(f'{site} = {{ name = "{site}" }}' for site in SITES)
    text = re.sub(r"\[sites\]\n.*?\n\n", f"[sites]\n{named}\n\n", HCC_TWO.study.decode(), flags=re.DOTALL)
    study = parse_study(text.replace("min_sites  = 2", "min_sites  = 3"))
    cohorts = {}
    for site in SITES:
        home = folder / site
        home.mkdir()
        (home / "export.csv").write_bytes(export([p for p in patients if p.site == site], site))
        (home / "site.toml").write_bytes(site_file(study.id, site, HCC_TWO.variables))
        cohorts[site] = load_cohort(home / "site.toml", study)
    results = Rehearsal(study, cohorts).run().results
    assert results[OF_180].rule == "R5"
    ended = {id_ for id_, result in results.items() if not has_result(result) and "/ph_test/" not in id_}
    ended = {id_ for id_ in ended if not id_.startswith(LISTED_LAST)}
    return {id_ for id_ in ended if "/match/" not in f"{id_}/"} - {OF_180, OVERLAP}


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, 13))])
def test_the_same_patients_in_three_hospitals_need_no_exception(seed, tmp_path):
    patients = [replace(p, site=site) for p, site in zip(draw(TWO_HOSPITALS, seed), cycle(SITES), strict=False)]
    analysed = [p for p in patients if p.afp is not None and p.ecog is not None]
    of_class_b = sum(p.child_pugh == "B" for p in analysed)
    assert without_result(patients, tmp_path) - WITHIN_HOSPITALS == (CHILD_PUGH if of_class_b < 10 else set())
