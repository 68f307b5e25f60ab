"""`[release]`: who decides what of the study's runs is published. Hospitals approve it with the rest of the study, so
that whoever counts the votes cannot ask for less."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from riskset.study.toml_table import TomlTable, each_once

AUDITOR: Final = r"[a-z0-9][a-z0-9_-]{0,39}"
"""An auditor's short name, which is part of the names of files. Whose key it is, the file of fingerprints says."""

AuditorName = Annotated[str, StringConstraints(pattern=f"^{AUDITOR}$")]


class Release(TomlTable):
    """The least that is asked before an output is released."""

    accepts: int = Field(default=2, ge=1, le=20)
    """So many auditors have to accept an output."""
    requesters: tuple[AuditorName, ...] = ()
    """Auditors who wrote or requested the analysis, and do not vote."""
    veto_days: int | None = Field(default=None, ge=1, le=3650)
    """Whole days (UTC) after the day on which a run ended, in which a hospital can veto, and nothing is released; none:
    the study does not say it."""

    @field_validator("requesters")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)
