"""What a proposal says of a variable that is in no column of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message
from riskset_site.mapping.levels import TextMeaning
from riskset_site.mapping.proposal import Choice


@dataclass(frozen=True)
class Shape:
    """What [map] says of a variable in several columns."""

    entry: Mapping[str, Any] | None
    columns: tuple[str, ...]
    texts: tuple[TextMeaning, ...] = ()
    notes: tuple[Message, ...] = ()
    choices: tuple[Choice, ...] = ()
    suggestion: Mapping[str, Any] | None = None
    is_sure: bool = False
    missing: tuple[str, ...] = ()
    """Texts that mean that a value is unknown."""
    others: tuple[str, ...] = ()
    """Columns that it may be in instead."""
