"""Three real multi-centre data sets for the demonstration and the tests; README.md lists their sources."""

from __future__ import annotations

from pathlib import Path

NAMES = ("lung", "rottgbsg", "rhdnase")


def path(name: str) -> Path:
    """Returns the CSV file of the data set `name`, one of NAMES. ValueError for any other name."""
    if name not in NAMES:
        raise ValueError(f"no data set {name!r}: there are {', '.join(NAMES)}")
    return Path(__file__).with_name(f"{name}.csv")
