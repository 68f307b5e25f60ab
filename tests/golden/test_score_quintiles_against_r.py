"""Models stratified by hospital and by fifths of the score equal R's (`oracle_more.R`, `ps_quintiles`), whose limits
are scores of patients: `cut()` takes these into the lower fifth."""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of

MORE = Path(__file__).parent / "more"


@pytest.mark.parametrize(
    "name", ["lung", *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ("rottgbsg", "pbc3"))]
)
def test_the_model_of_the_arm(name, csv_of, desk_at, tmp_path):
    r = json.loads((MORE / f"{name}.json").read_text(encoding="utf-8"))["ps_site_effect"]["ps_quintiles"]
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    asked = {"kind": "cox", "endpoint": "os", "univariable": ["trt"], "populations": ["fifths"]}
    covariates, cuts = json.dumps(list(DATA[name].in_r)[1:]), r["cuts"][1:-1]
    score = f'[propensity]\ncovariates = {covariates}\nadjustments.fifths = {{ method = "strata", cuts = {cuts} }}\n'
    desk = desk_at(tmp_path)
    desk.writes_study(study_of(name, rows, by_name, {"own": asked}).replace("[analyses]", f"{score}[analyses]"))
    for site, of in by_name.items():
        desk.adds_site(site, of, DATA[name].mapping)
    (term,) = desk.tries()["cox/os/fifths/univariable/trt"]["terms"]
    expected = r["strata_site_quintile"]
    assert term["coef"] == pytest.approx(expected["coef"], abs=1e-9 * expected["se"])
    assert term["se"] == pytest.approx(expected["se"], rel=1e-9)
