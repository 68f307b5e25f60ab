"""The signals by which a person or the system asks a process to stop, on each system."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Final

STOPS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
)  # the last one is Ctrl-Break of a Windows console, which reaches a process that ignores Ctrl-C
"""Windows sends no SIGTERM: there a process that another one ends is killed."""


def when_stopped(stop: Callable[[], None]) -> None:
    """Calls `stop` in place of ending the process. To be called in the main thread."""
    for number in STOPS:
        signal.signal(number, lambda *_: stop())


def when_loop_is_stopped(stop: Callable[[], None]) -> None:
    """The same inside the running event loop, which calls `stop`. Windows has loops that handle no signals: the
    handler then wakes the loop."""
    loop = asyncio.get_running_loop()
    for number in STOPS:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
