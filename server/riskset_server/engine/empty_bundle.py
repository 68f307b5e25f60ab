"""The bundle that Flower asks for when a run begins: settings, a table of contents and no code. Nobody fetches it."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Final
from zipfile import ZipFile, ZipInfo

SETTINGS: Final = b"""
[project]
name = "riskset"
version = "1.0.0"
description = "Empty: sites run only what they have installed"
license = "Apache-2.0"
[tool.flwr.app]
publisher = "riskset"
[tool.flwr.app.components]
serverapp = "none:none"
clientapp = "none:none"
"""


def empty_bundle() -> bytes:
    """Returns the same bytes each time: a ZipInfo has a fixed date."""
    contents = f"pyproject.toml,{hashlib.sha256(SETTINGS).hexdigest()},{8 * len(SETTINGS)}"
    bundle = BytesIO()
    with ZipFile(bundle, "w") as file:
        file.writestr(ZipInfo("pyproject.toml"), SETTINGS)
        file.writestr(ZipInfo(".info/CONTENT"), contents)
    return bundle.getvalue()
