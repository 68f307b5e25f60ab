"""Which fonts the figures of this machine are drawn in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from matplotlib.font_manager import findfont

from riskset_report.figures.font_families import families
from riskset_report.in_place import file_hash


@cache
def fonts_used() -> Mapping[str, str]:
    """Returns the SHA-256 of the file of each font that a figure may use, by its name, in the order in which they are
    tried."""
    return MappingProxyType({name: file_hash(Path(findfont(name)).read_bytes()) for name in families()})
