"""What a study demands of its adjusted populations before their outcomes are believed: a figure within a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message, say
from riskset.study.spec import Study


@dataclass(frozen=True)
class Demand:
    """One key of `[propensity.gates]`."""

    gate: str
    """The key."""
    limit: float
    withholds: bool
    """Whether outcomes are withheld where it is not met."""
    is_least: bool = False
    """Whether the figure is at least the limit, and not at most."""

    def is_met(self, found: float | None) -> bool:
        """Whether the figure is as demanded; one that is not known is not."""
        if found is None:
            return False
        return found >= self.limit if self.is_least else found <= self.limit

    def reason(self, found: float | None) -> Message | None:
        """Returns why outcomes are withheld; None where they are not."""
        if not self.withholds or self.is_met(found):
            return None
        if found is None:
            return say(f"analyses.demand.{self.gate}.unknown")
        return say(f"analyses.demand.{self.gate}.not_met", found=f"{found:.3f}", limit=f"{self.limit:g}")

    def to_json(self, found: float | None) -> dict[str, Any]:
        """Returns its object in results.json."""
        return {"gate": self.gate, "limit": self.limit, "found": found, "passed": self.is_met(found)}


def of_balance(study: Study) -> Demand | None:
    """Returns the demand of the largest standardised difference; None where a study has none."""
    gates = None if study.propensity is None else study.propensity.gates
    return None if gates is None or gates.smd_max is None else Demand("smd_max", gates.smd_max, gates.withholds)


def of_equipoise(study: Study) -> Demand | None:
    """Returns the demand of the smaller of the arms' shares with a preference score from 0.3 to 0.7; None where a study
    has none."""
    gates = None if study.propensity is None else study.propensity.gates
    if gates is None or gates.equipoise_min is None:
        return None
    return Demand("equipoise_min", gates.equipoise_min, gates.withholds, is_least=True)
