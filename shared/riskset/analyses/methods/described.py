"""How a table of patients names a variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from riskset.study.spec import NumberVariable, Study

Json = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """A variable as the table names it."""

    variable: str
    type: str
    unit: str
    scale: str | None
    """The transform of a number, on whose scale its mean and standard deviation are."""

    def to_json(self) -> Json:
        of_number = {"unit": self.unit, "scale": self.scale} if self.type == "number" else {}
        return {"variable": self.variable, "type": self.type, **of_number}


def described(study: Study, name: str) -> Described:
    """Returns how the table names a variable."""
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        return Described(name, variable.type, variable.unit, variable.transform)
    return Described(name, variable.type, "", None)
