"""A study as the key of what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from riskset.study.spec import Study


@dataclass(frozen=True, eq=False)
class Itself:
    """A study that is equal to itself only: its tables have no hash. Nobody changes a study that is read."""

    study: Study

    def __hash__(self) -> int:
        return id(self.study)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.study is self.study
