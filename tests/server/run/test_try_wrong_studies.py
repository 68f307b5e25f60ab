"""What is wrong with a study is said once, whatever sites there are."""

import pytest

from riskset.errors import DataError
from riskset_server.run.rehearse import rehearse


def test_it_is_said_before_the_first_site_is_read(patients, tmp_path):
    """Each site said it again, since each reads its rows by the plan of the study."""
    score = {"covariates": ["age"], "adjustments": {"two": {"method": "nearest", "ratio": 2}}}
    curves = {"kind": "km", "endpoints": ["os"], "populations": ["two"]}
    study = patients.study(("asan", "kurume"), analyses={"p": {"kind": "propensity"}, "c": curves}, propensity=score)
    for name in ("asan", "kurume"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "site.toml").write_text("no site file", encoding="utf-8")
    with pytest.raises(DataError) as raised:
        rehearse(study, tmp_path)
    (problem,) = raised.value.problems
    assert problem.where == "[analyses] c"
    assert 'kind = "km", endpoints = ["os"], populations = ["all"]' in str(problem.message)
