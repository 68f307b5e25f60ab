"""The names that `import riskset` offers to notebooks. The package of notebooks provides them through an entry point,
so that nothing here imports upward, and a hospital's program loads neither pandas nor matplotlib."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import ModuleType
from typing import Final

from riskset.catalogue import say

GROUP: Final = "riskset.notebook"
NAMES: Final = ("Run", "StudyDesign", "load", "read_study", "rehearse")
"""docs/api.md describes each."""


def of_notebook(name: str) -> object:
    """Returns what is public under this name in notebooks.

    Raises AttributeError for any other name, and ModuleNotFoundError, with the extra to install, where a package that
    notebooks need is absent.
    """
    if name not in NAMES:
        raise AttributeError(f"module 'riskset' has no attribute {name!r}")
    found: object = getattr(_module(name), name)
    return found


def _module(name: str) -> ModuleType:
    missing = "riskset_notebook"
    for entry in entry_points(group=GROUP):
        try:
            module: ModuleType = entry.load()
        except ModuleNotFoundError as error:
            missing = error.name or missing
        else:
            return module
    raise ModuleNotFoundError(str(say("notebook.not_installed", name=name, module=missing)), name=missing)
