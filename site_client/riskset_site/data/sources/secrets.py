"""Passwords and tokens for a site's own systems: from the environment or the keyring of the machine, never a file."""

from __future__ import annotations

import os
from contextlib import suppress

_SERVICE = "riskset"


def secret(variable: str, address: str) -> str | None:
    """Returns what the environment variable holds, else what the keyring keeps for riskset under the address; None
    where neither has it, or no keyring is installed or unlocked."""
    found = os.environ.get(variable)
    if found:
        return found
    with suppress(ModuleNotFoundError):
        import keyring
        import keyring.errors

        with suppress(keyring.errors.KeyringError):
            kept: str | None = keyring.get_password(_SERVICE, address)
            return kept
    return None
