"""Access lists of Windows, where a file's mode does nothing: set by `icacls`, which every Windows has.

A file or folder is given to this user alone; what a folder contains later inherits that. The user is named by number
(SID), since names differ by language and may be of a domain.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

_TIMEOUT_S: Final = 30.0
_SID: Final = re.compile(rb"S-1-[0-9-]+")
_NO_WINDOW: Final = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Only Windows has it: no console appears for a moment where the program runs without one."""


def is_needed() -> bool:
    """Whether this system protects files by access lists."""
    return sys.platform == "win32"


def give_to_owner(path: Path, *, is_new: bool = False) -> bool:
    """Gives a file or folder to this user alone. Returns whether that was done: disks without access lists (FAT, some
    network shares) have none. One that `is_new` has no access of its own yet, only what it inherits."""
    whole = "(OI)(CI)F" if path.is_dir() else "F"
    try:
        sid = _own_sid()
        if not is_new:
            _run("icacls.exe", [str(path), "/reset"])
        _run("icacls.exe", [str(path), "/inheritance:r", "/grant:r", f"*{sid}:{whole}"])
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@cache
def _own_sid() -> str:
    """Returns this user's number. OSError where Windows does not say it."""
    found = _SID.findall(_run("whoami.exe", ["/user", "/fo", "csv", "/nh"]))
    if len(found) != 1:
        raise OSError("whoami names no user")
    return str(found[0], "ascii")


def _run(program: str, arguments: Sequence[str]) -> bytes:
    """Returns what a program of Windows prints: that of the system, whatever lies in the folder or on the PATH."""
    system = os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", program)
    ended = subprocess.run(
        [system, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=_TIMEOUT_S,
        creationflags=_NO_WINDOW,
    )
    return ended.stdout
