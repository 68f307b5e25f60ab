"""What a study demands of the preference score: that enough of each arm might have had either treatment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message, say
from riskset.study.spec import Study


@dataclass(frozen=True)
class Equipoise:
    """The smallest share of an arm that must have a preference score from 0.3 to 0.7."""

    least: float
    withholds: bool

    def is_met(self, smallest: float | None) -> bool:
        """Whether the smaller of the arms' shares is enough; one that is not known is not."""
        return smallest is not None and smallest >= self.least

    def reason(self, smallest: float | None) -> Message | None:
        """Returns why outcomes are withheld; None where they are not."""
        if not self.withholds or self.is_met(smallest):
            return None
        if smallest is None:
            return say("analyses.equipoise.withheld_unknown")
        return say("analyses.equipoise.withheld", share=f"{smallest:.3f}", least=f"{self.least:g}")

    def to_json(self, smallest: float | None) -> dict[str, Any]:
        """Returns its object in results.json."""
        return {
            "gate": "equipoise_min",
            "limit": self.least,
            "found": smallest,
            "passed": self.is_met(smallest),
        }


def demanded(study: Study) -> Equipoise | None:
    """Returns the demand of a study; None where it has none."""
    gates = None if study.propensity is None else study.propensity.gates
    return None if gates is None or gates.equipoise_min is None else Equipoise(gates.equipoise_min, gates.withholds)
