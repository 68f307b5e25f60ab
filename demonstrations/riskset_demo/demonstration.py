"""What a demonstration is: a study, a folder for each hospital, and the pooled rows to compare with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from riskset.protocol.approval import ExceptionSigned

BETWEEN_TWO = ExceptionSigned(
    "R12.contributors", "2", "two hospitals that know each other; each can subtract its own part, and both agree"
)
"""What both of two hospitals sign."""

Folder = Mapping[str, bytes]
"""What lies in a hospital's folder, by name of the file: `export.csv` and `site.toml`."""


@dataclass(frozen=True)
class PooledRow:
    """A patient as the comparison sees it, which nobody outside a demonstration can."""

    site: str
    days: int
    event: bool
    columns: Mapping[str, float]
    """The multivariable model's columns, by `variable` or `variable = level`; nan where a value is missing."""


@dataclass(frozen=True)
class Demonstration(ABC):
    """One study with its data."""

    name: str
    study_id: str
    says: str
    """What a watcher should know of it."""
    exceptions: tuple[ExceptionSigned, ...]
    """What every site signs in its approval beside the rules' own limits."""

    @property
    def study(self) -> bytes:
        """The text of study.toml."""
        return (files("riskset_demo.studies") / f"{self.name}.toml").read_bytes()

    @abstractmethod
    def patients(self) -> Mapping[str, int]:
        """Returns how many rows each hospital's export has."""

    @abstractmethod
    def folders(self) -> Mapping[str, Folder]:
        """Returns each hospital's folder, by name of the site."""

    @abstractmethod
    def pooled(self, endpoint: str) -> list[PooledRow]:
        """Returns all hospitals' rows, derived a second time, past the site files and the hospital's program. KeyError
        where the study has no such endpoint."""
