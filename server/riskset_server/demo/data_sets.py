"""The two real data sets of the demonstration: who holds which rows, and how an export maps to the study."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import log1p

from riskset import datasets

Row = Mapping[str, str]


@dataclass(frozen=True)
class DataSet:
    """One study of the demonstration."""

    name: str
    study_id: str
    says: str
    """What a watcher should know of it."""
    file: str
    """Its name among `riskset.datasets`."""
    site_map: str
    """The [map] of every site's site.toml."""
    site_of: Callable[[Row], str]
    covariates: Callable[[Row], dict[str, float]]
    """Row to the multivariable model's columns, by `variable` or `variable = level`: derived here a second time, for
    the comparison with a program that is not ours. KeyError or ValueError never; a missing value raises nothing and is
    nan."""

    @property
    def study(self) -> bytes:
        """The text of study.toml."""
        return (files("riskset_server.demo") / f"{self.name}.toml").read_bytes()

    def rows(self) -> list[dict[str, str]]:
        """Returns the pooled rows, which in the demonstration only the comparison sees."""
        with datasets.path(self.file).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def rows_by_site(self) -> dict[str, list[dict[str, str]]]:
        sites: dict[str, list[dict[str, str]]] = {}
        for row in self.rows():
            sites.setdefault(self.site_of(row), []).append(row)
        return sites


def _number(text: str) -> float:
    return float(text) if text else float("nan")


_LUNG_GROUPS = {
    "west": ("I02", "I04", "I05", "I22"),
    "south": ("I06", "I07", "I10", "I26", "I33"),
    "east": ("I15", "I16", "I21", "I32"),
}


def _lung_site(row: Row) -> str:
    grouped = [name for name, institutions in _LUNG_GROUPS.items() if row["site"] in institutions]
    return grouped[0] if grouped else row["site"].lower()


def _lung_covariates(row: Row) -> dict[str, float]:
    return {
        "sex = female": _number(row["trt"]),
        "age": _number(row["age"]),
        "ph_ecog": _number(row["ph_ecog"]),
        "wt_loss": _number(row["wt_loss"]),
    }


def _breast_covariates(row: Row) -> dict[str, float]:
    return {
        "hormone = hormone": _number(row["trt"]),
        "age": _number(row["age"]),
        "menopause = true": _number(row["meno"]),
        "size = 20-50": float(row["sizecat"] == "2"),
        "size = >50": float(row["sizecat"] == "3"),
        "grade3 = true": _number(row["grade3"]),
        "nodes": log1p(_number(row["nodes"])),
        "pgr": log1p(_number(row["pgr"])),
        "er": log1p(_number(row["er"])),
    }


ROTTERDAM_GBSG = DataSet(
    name="rotterdam-gbsg",
    study_id="rotterdam-gbsg",
    says="breast cancer: the Rotterdam tumour bank (2,982 patients) and the German Breast Cancer Study Group (686)",
    file="rottgbsg",
    site_map="""[map]
hormone    = { column = "trt", recode = { "0" = "no hormone", "1" = "hormone" } }
menopause  = "meno"
size       = { column = "sizecat", recode = { "1" = "<=20", "2" = "20-50", "3" = ">50" } }
rfs_days   = "time"
recurrence = "event"
""",
    site_of=lambda row: row["site"].lower(),
    covariates=_breast_covariates,
)

LUNG = DataSet(
    name="lung",
    study_id="ncctg-lung",
    says="advanced lung cancer: 227 patients of 18 NCCTG institutions, the 13 smallest grouped into three of 8 sites",
    file="lung",
    site_map="""[map]
sex  = { column = "trt", recode = { "0" = "male", "1" = "female" } }
days = "time"
died = "event"
""",
    site_of=_lung_site,
    covariates=_lung_covariates,
)

DATA_SETS = {data_set.name: data_set for data_set in (ROTTERDAM_GBSG, LUNG)}
