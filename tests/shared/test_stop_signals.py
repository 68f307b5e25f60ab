"""A process is stopped by the signals that its system has."""

import asyncio
import os
import signal

import pytest

from riskset import stop_signals


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.getsignal(number) for number in stop_signals.STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_is_told_once_by_any_of_them():
    told = []
    stop_signals.when_stopped(lambda: told.append(1))
    for number in stop_signals.STOPS:
        signal.raise_signal(number)
    assert len(told) == len(stop_signals.STOPS) >= 2


@pytest.mark.parametrize("handles_signals", [True, False], ids=["as here", "as on Windows"])
def test_a_loop_is_woken(handles_signals, monkeypatch):
    async def stopped():
        ended = asyncio.Event()
        if not handles_signals:
            loop = asyncio.get_running_loop()
            monkeypatch.setattr(loop, "add_signal_handler", _refuses, raising=True)
        stop_signals.when_loop_is_stopped(ended.set)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(ended.wait(), 30)

    asyncio.run(stopped())


def _refuses(*_):
    raise NotImplementedError
