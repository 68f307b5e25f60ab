"""Covariates that some hospitals do not record. Each two of four sets differ in whole hospitals, three or more; but
all, less those with the one covariate, less those with the other, plus those with both, is the hospital that records
neither."""

import numpy as np
import pytest

from riskset.analyses.admission import own_rows

COLUMNS = ("ecog", "mvi", "male")
SETS = ("every", "afp", "hbv", "both")
MOMENTS = {f"moments/{name}" for name in SETS}


def case(network, patients, without_afp, without_hbv):
    table = patients()
    afp, hbv = (~np.isin(table["site"], sites) for sites in (without_afp, without_hbv))
    sets = dict(zip(SETS, (afp | ~afp, afp, hbv, afp & hbv), strict=True))
    asked = {name: {"kind": "cox", "endpoints": [name], "multivariable": list(COLUMNS)} for name in SETS}
    return network(table, asked, sets), table


def attack(network, patients):
    return case(network, patients, ("busan", "daegu", "jeju", "tokyo"), ("tokyo", "osaka", "gwangju", "fukuoka"))


def test_the_hospital_that_records_neither(network, patients, monkeypatch):
    monkeypatch.setattr(own_rows, "own_sets_of_site", lambda *_: iter(()))
    bare, table = attack(network, patients)
    counts = bare.until("admission/pairs").told("admission/counts")
    of = {name: np.array([counts[f"patients with {c} = true ({name})"] for c in COLUMNS]) for name in SETS}
    here = table["site"] == "tokyo"
    assert (of["every"] - of["afp"] - of["hbv"] + of["both"]).tolist() == [table[c][here].sum() for c in COLUMNS]
    monkeypatch.undo()
    gated, _ = attack(network, patients)
    refused = gated.until("admission/pairs").history().results
    assert set(refused) - MOMENTS == {"cox/both/all/multivariable"}
    assert (refused["cox/both/all/multivariable"].rule, refused["cox/both/all/multivariable"].by) == ("R2", "a site")
    assert abs(gated.told("admission/counts")["events of both"]) > 1e6  # noise


@pytest.mark.exhaustive
def test_other_hospitals_for_each_covariate_pass(network, patients):
    honest, _ = case(network, patients, ("busan", "daegu", "jeju"), ("tokyo", "osaka", "gwangju"))
    assert set(honest.until("admission/pairs").history().results) == MOMENTS
