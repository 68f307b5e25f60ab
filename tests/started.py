"""Processes that tests start."""

import signal
import subprocess
from contextlib import contextmanager


@contextmanager
def started(command, **options):
    """Starts a process that a test talks to, and ends it with the block whatever happens there: a block of `Popen`
    itself waits for ever. Its signals are those of a program that somebody starts, also where the tests run under
    `nohup`, which ignores a terminal that is closed."""
    ignored = [number for number in _OF_A_TERMINAL if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
    with process:
        try:
            yield process
        finally:
            process.kill()


_OF_A_TERMINAL = [getattr(signal, name) for name in ("SIGHUP", "SIGINT") if hasattr(signal, name)]
