"""A heartbeat in a thread of its own, so that a long computation does not end a session."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pulse:
    """Calls `beat` every `every_s` seconds until `stop`. `beat` keeps its errors to itself."""

    def __init__(self, beat: Callable[[], None], every_s: float) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 6.0) -> None:
        """Returns when the thread has ended, or after `patience_s`; a beat that hangs dies with the process."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._beat()
