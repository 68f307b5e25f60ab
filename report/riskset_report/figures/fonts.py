"""Which fonts the figures of this machine are drawn in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType

import matplotlib as mpl
from matplotlib.font_manager import findfont, fontManager

from riskset_report.figures.style import house_style
from riskset_report.in_place import file_hash


@cache
def fonts_used() -> MappingProxyType[str, str]:
    """Returns the SHA-256 of the file of each font that a figure may use, by its name, in the order in which they are
    tried."""
    with house_style():
        names = [name for name in mpl.rcParams["font.family"] if name in fontManager.get_font_names()]
    return MappingProxyType({name: file_hash(Path(findfont(name)).read_bytes()) for name in names})
