"""The end of the server: both ports' requests in progress are finished before its process ends."""

import asyncio
import socket

import pytest

from riskset_server.engine.entrance import Entrance, Places
from riskset_server.engine.superlink import _serve


class Served:
    """Stands for uvicorn's server: it ends a while after it is told to."""

    started, should_exit, is_ended = True, False, False

    def __init__(self, fault=None):
        self.config = self
        self.ssl = None
        self._fault = fault

    async def serve(self, _):
        while not self.should_exit:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        self.is_ended = True
        if self._fault:
            raise self._fault


def serve(*servers):
    """Serves until the first is told to end, as soon as both are ready."""

    def ready(public_port, control_port):
        assert public_port != control_port
        servers[0].should_exit = True

    entrance = Entrance(lambda place: asyncio.Protocol(), Places(1), (), 1.0)
    with socket.create_server(("127.0.0.1", 0)) as back, socket.create_server(("127.0.0.1", 0)) as front:
        asyncio.run(_serve(servers, (back, front), entrance, ready))


def test_one_port_ends_with_the_other_and_both_to_the_end():
    control, public = Served(), Served()
    serve(control, public)
    assert control.is_ended
    assert public.is_ended


def test_a_fault_of_one_is_raised():
    control, public = Served(), Served(RuntimeError("a fault"))
    with pytest.raises(RuntimeError, match="a fault"):
        serve(control, public)
    assert control.is_ended
