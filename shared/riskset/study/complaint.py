"""One thing wrong in a study file, in the file's own terms."""

from __future__ import annotations

from dataclasses import dataclass

from riskset.catalogue import NOTHING, Message
from riskset.study.lines import Path


@dataclass(frozen=True)
class Complaint:
    """One thing wrong, and the key it is about."""

    path: Path
    message: Message | str
    hint: Message | str = NOTHING

    @property
    def where(self) -> str:
        """The path as a person looks for it: `[variables] age.range`, `[[eligibility]] #2.rule`."""
        first, *rest = [f"#{part + 1}" if isinstance(part, int) else part for part in self.path] or ["the file"]
        heading = "[[eligibility]]" if first == "eligibility" else first if first == "schema" else f"[{first}]"
        return f"{heading} {'.'.join(rest)}".strip()
