"""What a demonstration provides: a study, a folder for each hospital, and the pooled rows for the comparison."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from riskset.catalogue import say
from riskset.protocol.approval import ExceptionSigned

BETWEEN_TWO = ExceptionSigned("R12.contributors", "2", str(say("demo.exception.two_sites")))
"""Signed by both of two hospitals."""

Folder = Mapping[str, bytes]
"""The files in a hospital's folder, by name: `export.csv` and `site.toml`."""


@dataclass(frozen=True)
class PooledRow:
    """One patient's row in the comparison; outside a demonstration no one has the pooled rows."""

    site: str
    days: int
    event: bool
    columns: Mapping[str, float]
    """The multivariable model's columns, by `variable` or `variable = level`; nan where a value is missing."""
    weight: float = 1.0
    """How much the patient counts in a population."""


@dataclass(frozen=True)
class Demonstration(ABC):
    """A study and its data."""

    name: str
    study_id: str
    description: str
    """One line about its patients, printed before the run and in the command's help."""
    exceptions: tuple[ExceptionSigned, ...]
    """Exceptions to the rules' limits that every site signs in its approval."""
    told_alone: tuple[str, ...] = field(default=(), kw_only=True)
    """The sites whose approvals say that their own hazard ratios may be told."""

    @property
    def study(self) -> bytes:
        """The text of study.toml."""
        return (files("riskset_demo.studies") / f"{self.name}.toml").read_bytes()

    @abstractmethod
    def patients(self) -> Mapping[str, int]:
        """Returns the number of rows in each hospital's export."""

    @abstractmethod
    def folders(self) -> Mapping[str, Folder]:
        """Returns each hospital's folder, by site."""

    @abstractmethod
    def pooled(self, endpoint: str) -> list[PooledRow]:
        """Returns all hospitals' rows, derived independently of the site files and the hospital's program. Raises
        KeyError if the study has no such endpoint."""
