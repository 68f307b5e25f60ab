"""R's answers, and the rows they were made from, as `oracle.R` makes them: complete cases, derived columns."""

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.golden.study_text import sites_text

from riskset import datasets

DERIVED = {
    "logbili": lambda row: np.log(row["bili"]),
    "logfev": lambda row: np.log(row["fev"]),
    "size2": lambda row: row["sizecat"] == 2,
    "size3": lambda row: row["sizecat"] == 3,
    "lnodes": lambda row: np.log1p(row["nodes"]),
    "lpgr": lambda row: np.log1p(row["pgr"]),
    "ler": lambda row: np.log1p(row["er"]),
}


@dataclass(frozen=True)
class Golden:
    """One data set: its complete rows as arrays, and the JSON `oracle.R` wrote."""

    answers: dict
    columns: dict
    sites: tuple

    @property
    def covariates(self):
        return ["trt", *self.answers["meta"]["covs"]]

    def X(self, names):
        return np.column_stack([self.columns[name] for name in names])

    @property
    def days(self):
        return self.columns["time"].astype(np.int64)

    @property
    def event(self):
        return self.columns["event"] == 1

    @property
    def arm(self):
        return self.columns["trt"].astype(np.int64)

    @property
    def site_codes(self):
        return self.columns["site"]


def csv_of(name):
    if name in datasets.NAMES:
        return datasets.path(name)
    if "RISKSET_PBC3_CSV" not in os.environ:
        pytest.skip("pbc3.csv (R package pec, GPL) is not shipped; set RISKSET_PBC3_CSV to its path to check it too")
    return Path(os.environ["RISKSET_PBC3_CSV"])


def read_columns(path, wanted):
    """The complete rows over `wanted` (derived columns included), site as a code in alphabetical order."""
    with path.open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    sites = tuple(sorted({row["site"] for row in texts}))
    rows = []
    for text in texts:
        row = {k: sites.index(v) if k == "site" else float(v) if v else np.nan for k, v in text.items()}
        row |= {name: float(rule(row)) for name, rule in DERIVED.items() if name in wanted}
        if not any(np.isnan(row[name]) for name in wanted):
            rows.append(row)
    columns = {name: np.array([row[name] for row in rows]) for name in wanted}
    return {**columns, "site": columns["site"].astype(np.int64)}, sites


@pytest.fixture(scope="session", params=["lung", "rottgbsg", "rhdnase", "pbc3"])
def golden(request):
    path = csv_of(request.param)
    answers = json.loads(Path(__file__).with_name(f"{request.param}.json").read_text(encoding="utf-8"))
    columns, sites = read_columns(path, ["time", "event", "trt", "site", *answers["meta"]["covs"]])
    return Golden(answers, columns, sites)


def as_list(value):
    """`oracle.R` writes arrays of one element as scalars."""
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session", name="csv_of")
def _csv_of():
    return csv_of


@pytest.fixture(scope="session", name="as_list")
def _as_list():
    return as_list


@pytest.fixture(scope="session")
def lung_rows():
    """The rows of lung that have an ECOG status, in three levels, as the scripts of the Cox options have them."""
    three = {"2": "2+", "3": "2+"}
    with datasets.path("lung").open(encoding="utf-8", newline="") as file:
        rows = [row | {"ecog": three.get(row["ph_ecog"], row["ph_ecog"])} for row in csv.DictReader(file)]
    return [row for row in rows if row["ecog"]]


@pytest.fixture(scope="session")
def tries_by_site(desk_at, tmp_path_factory):
    """Returns a function that tries a study, whose text has a place for `{sites}`, over the sites of some rows."""

    def tries(study, rows, mapping=""):
        sites = sorted({row["site"] for row in rows})
        desk = desk_at(tmp_path_factory.mktemp("by_site"))
        desk.writes_study(study.format(sites=sites_text(sites)))
        for site in sites:
            desk.adds_site(site, [row for row in rows if row["site"] == site], mapping)
        return list(desk.tries().values())

    return tries
