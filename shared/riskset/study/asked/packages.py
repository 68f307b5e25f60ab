"""Methods that other installed packages provide: a package with one module for each floor, as riskset's own kinds have.

Each floor imports its own module and no other, and a package that cannot be imported is missing and nothing more: a
hospital can still pause and withdraw, and every study that does not ask for its method goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, Final, Literal, get_args

from riskset.catalogue import Message, say
from riskset.errors import RisksetError
from riskset.study.entry import AnalysisEntry

GROUP: Final = "riskset.methods"
"""Entry points: the kind, and the package that provides it."""

Floor = Literal["asked", "analysis", "section"]


class Packages:
    """What is registered, by kind."""

    def __init__(self, own: Collection[str]) -> None:
        """`own` are the kinds that riskset itself provides, which no package can replace."""
        self._points: dict[str, EntryPoint] = {}
        self.entries: dict[str, type[AnalysisEntry]] = {}
        """The table of the study file of each kind that can be imported."""
        self.broken: dict[str, Message] = {}
        """Why a registered kind cannot be used."""
        for point in entry_points(group=GROUP):
            if point.name in own or point.name in self._points:
                self.broken[point.name] = say("study.method.duplicate", kind=point.name, package=_package(point))
            self._points.setdefault(point.name, point)
        for kind in self._points.keys() - set(own) - self.broken.keys():
            self._read_entry(kind)

    def _read_entry(self, kind: str) -> None:
        try:
            entry = self._imported(kind, "asked", "ENTRY")
        except Exception as error:  # whatever a package does when it is imported
            self.broken[kind] = self._broken(kind, "asked", error)
            return
        is_entry = isinstance(entry, type) and issubclass(entry, AnalysisEntry)
        if is_entry and get_args(entry.model_fields["kind"].annotation) == (kind,):
            self.entries[kind] = entry
        else:
            self.broken[kind] = say("study.method.wrong_entry", kind=kind, package=_package(self._points[kind]))

    @property
    def versions(self) -> Mapping[str, str]:
        """By kind that can be used: the distribution that provides it and its version, as `riskset-gehan 1.2`."""
        return {kind: _package(self._points[kind]) for kind in self.entries}

    def has(self, kind: str, floor: Floor) -> bool:
        """Whether the package has a module for a floor; a report of its own is not required."""
        return find_spec(f"{self._points[kind].value}.{floor}") is not None

    def provided(self, kind: str, floor: Floor, name: str) -> Any:  # noqa: ANN401 - whatever the page asks for
        """Returns an attribute of the package's module for a floor. Raises RisksetError where it cannot be imported."""
        try:
            return self._imported(kind, floor, name)
        except Exception as error:
            raise RisksetError(self._broken(kind, floor, error), say("study.method.update")) from error

    def _imported(self, kind: str, floor: Floor, name: str) -> Any:  # noqa: ANN401 - whatever the page asks for
        return getattr(import_module(f"{self._points[kind].value}.{floor}"), name)

    def _broken(self, kind: str, floor: Floor, error: Exception) -> Message:
        reason = f"{type(error).__name__}: {error}"
        return say("study.method.broken", kind=kind, package=_package(self._points[kind]), module=floor, reason=reason)


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
