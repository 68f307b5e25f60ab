"""Three studies of real patients from public data sets: which site has which rows, and how exports map to the study."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log1p

from riskset import datasets
from riskset_demo.demonstration import BETWEEN_TWO, Demonstration, Folder, PooledRow

Row = Mapping[str, str]


@dataclass(frozen=True)
class DataSet(Demonstration):
    """A study of a data set in `riskset.datasets`, divided among sites."""

    file: str
    """Its name in `riskset.datasets`."""
    site_map: str
    """The [map] section of every site's site.toml."""
    site_of: Callable[[Row], str]
    covariates: Callable[[Row], dict[str, float]]
    """From a row to the multivariable model's columns, by `variable` or `variable = level`: derived here independently
    of the site files, for the comparison. A missing value is nan."""

    def patients(self) -> dict[str, int]:
        return {site: len(rows) for site, rows in self.rows_by_site().items()}

    def folders(self) -> dict[str, Folder]:
        return {site: self._folder(site, rows) for site, rows in self.rows_by_site().items()}

    def _folder(self, site: str, rows: list[dict[str, str]]) -> Folder:
        export = io.StringIO(newline="")
        writer = csv.DictWriter(export, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        head = f'schema = 1\nstudy  = "{self.study_id}"\nsite   = "{site}"\n'
        site_file = f'{head}\n[source]\ncsv = "export.csv"\nkey = "id"\n\n{self.site_map}'
        return {"export.csv": export.getvalue().encode(), "site.toml": site_file.encode()}

    def pooled(self, endpoint: str) -> list[PooledRow]:
        return [
            PooledRow(self.site_of(row), int(row["time"]), row["event"] == "1", self.covariates(row))
            for row in self.rows()
        ]

    def rows(self) -> list[dict[str, str]]:
        """Returns the pooled rows, which only the comparison uses."""
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


def _rhdnase_site(row: Row) -> str:
    """Five institutions with consecutive numbers form a site: 1 to 5, and so on; the tenth has 46 to 51."""
    first = min((int(row["site"].removeprefix("I")) - 1) // 5, 9) * 5 + 1
    last = 51 if first == 46 else first + 4
    return f"i{first:02}-{last:02}"


def _rhdnase_covariates(row: Row) -> dict[str, float]:
    return {"treatment = rhDNase": _number(row["trt"]), "fev": _number(row["fev"])}


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
    description="breast cancer: 2,982 patients of the Rotterdam tumour bank and 686 of the German study group GBSG",
    exceptions=(BETWEEN_TWO,),
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
    description="advanced lung cancer: 227 patients of 18 NCCTG institutions, the 13 smallest in three of the 8 sites",
    exceptions=(),
    file="lung",
    site_map="""[map]
sex  = { column = "trt", recode = { "0" = "male", "1" = "female" } }
days = "time"
died = "event"
""",
    site_of=_lung_site,
    covariates=_lung_covariates,
)

RHDNASE = DataSet(
    name="rhdnase",
    study_id="rhdnase",
    description="cystic fibrosis: a trial of rhDNase, 641 patients of 51 institutions, grouped by number into 10 sites",
    exceptions=(),
    file="rhdnase",
    site_map="""[map]
treatment    = { column = "trt", recode = { "0" = "placebo", "1" = "rhDNase" } }
days         = "time"
exacerbation = "event"
""",
    site_of=_rhdnase_site,
    covariates=_rhdnase_covariates,
)
