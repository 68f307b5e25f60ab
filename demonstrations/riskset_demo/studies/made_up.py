"""Two studies of made-up patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log10, nan

from riskset.catalogue import say
from riskset.protocol.approval import ExceptionSigned
from riskset_demo.demonstration import BETWEEN_TWO, Demonstration, Folder, PooledRow
from riskset_demo.liver_cancer.assumptions import ADVERSE_EVENTS
from riskset_demo.liver_cancer.cohort import TEN_HOSPITALS, TWO_HOSPITALS, Patient, draw
from riskset_demo.liver_cancer.exports import export, site_file


@dataclass(frozen=True)
class MadeUp(Demonstration):
    """Made-up hospitals, each with its own export format."""

    hospitals: Mapping[str, int]
    """Patients by hospital."""
    variables: tuple[str, ...]
    """The variables that the study declares and every site file maps."""
    covariates: Callable[[Patient], dict[str, float]]
    """The multivariable model's columns."""

    def patients(self) -> Mapping[str, int]:
        return self.hospitals

    def folders(self) -> dict[str, Folder]:
        patients = draw(self.hospitals)
        return {
            site: {
                "export.csv": export([p for p in patients if p.site == site], site),
                "site.toml": site_file(self.study_id, site, self.variables),
            }
            for site in self.hospitals
        }

    def pooled(self, endpoint: str) -> list[PooledRow]:
        ended = {"pfs": _progression_or_death, "os": _death}[endpoint]
        return [PooledRow(p.site, *ended(p), self.covariates(p)) for p in draw(self.hospitals)]


def _progression_or_death(patient: Patient) -> tuple[int, bool]:
    """Returns days, and whether either was observed."""
    if patient.progression is not None:
        return (patient.progression - patient.start).days, True
    return _death(patient)


def _death(patient: Patient) -> tuple[int, bool]:
    return ((patient.death or patient.last_contact) - patient.start).days, patient.death is not None


def _of_ten(patient: Patient) -> dict[str, float]:
    return {
        "arm = lenvatinib": float(patient.arm == "lenvatinib"),
        "age": float(patient.age),
        "sex = M": float(patient.sex == "M"),
        "aetiology = HCV": float(patient.aetiology == "HCV"),
        "aetiology = other": float(patient.aetiology == "other"),
        "ecog = 1+": nan if patient.ecog is None else float(patient.ecog > 0),
        "child_pugh = B": float(patient.child_pugh == "B"),
        "mvi = true": float(patient.mvi),
        "ehs = true": float(patient.ehs),
        "afp": nan if patient.afp is None else log10(patient.afp + 1),
    }


def _of_two(patient: Patient) -> dict[str, float]:
    return {
        "arm = lenvatinib": float(patient.arm == "lenvatinib"),
        "age": float(patient.age),
        "ecog = 1+": nan if patient.ecog is None else float(patient.ecog > 0),
        "mvi = true": float(patient.mvi),
        "ehs = true": float(patient.ehs),
        "afp": nan if patient.afp is None else log10(patient.afp + 1),
    }


_DATES = ("start", "progression", "death", "last_contact")
_RESPONSES = ("recist", "mrecist")
_EVENTS = tuple(f"ae_{name}" for name in ADVERSE_EVENTS)

HCC = MadeUp(
    name="hcc",
    study_id="hcc-made-up",
    description="MADE-UP patients with liver cancer: 530 in six Korean and four Japanese hospitals that do not exist",
    exceptions=(),
    hospitals=TEN_HOSPITALS,
    variables=(
        "arm",
        "age",
        "sex",
        "aetiology",
        "ecog",
        "child_pugh",
        "mvi",
        "ehs",
        "afp",
        *_DATES,
        *_RESPONSES,
        *_EVENTS,
    ),
    covariates=_of_ten,
    told_alone=("seoul", "busan", "daegu", "incheon", "gwangju", "tokyo", "osaka"),
)

HCC_TWO = MadeUp(
    name="hcc-two",
    study_id="hcc-two-made-up",
    description="MADE-UP patients with liver cancer: 123 in a Korean and a Japanese hospital that do not exist",
    exceptions=(
        BETWEEN_TWO,
        ExceptionSigned("R2.leverage", "49/100", str(say("demo.exception.group_of_three"))),
        ExceptionSigned("R4.leverage", "9/20", str(say("demo.exception.no_pair"))),
        ExceptionSigned("R5.numbers", "1", str(say("demo.exception.evaluations"))),
        ExceptionSigned("R6.parameters", "3/20", str(say("demo.exception.six_columns"))),
        ExceptionSigned("R3.events", "5", str(say("demo.exception.few_of_an_arm"))),
        ExceptionSigned("R3.events_per_parameter", "1", str(say("demo.exception.four_covariates"))),
        ExceptionSigned("R5.fitted", "3", str(say("demo.exception.combinations"))),
        ExceptionSigned("R1.population_rows", "10", str(say("demo.exception.few_matched"))),
    ),
    hospitals=TWO_HOSPITALS,
    variables=("arm", "age", "sex", "hbv", "ecog", "child_pugh", "mvi", "ehs", "afp", *_DATES, *_RESPONSES, *_EVENTS),
    covariates=_of_two,
    told_alone=tuple(TWO_HOSPITALS),
)
