"""How the server's CPU of one request of a site divides: milliseconds for each layer, the outer ones by difference.

The request, signed with a node's key, polls for messages when none are waiting. The layers up to our doors are measured
in this process, HTTP and TLS with a real server over loopback.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import httpx
from flwr.proto.fleet_pb2 import PullMessagesRequest
from flwr.proto.node_pb2 import Node
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supercore.protobuf.constants import PROTOBUF_MEDIA_TYPE
from flwr.superlink.routers.fleet.node_auth import authenticate_node
from flwr.superlink.servicer.fleet import fleet_handlers
from starlette.middleware import Middleware
from starlette.requests import Request

from benchmarks.rounds import cpu_s
from riskset.engine.client import trust_only
from riskset.secure.node_key import new_node_key
from riskset_demo.loopback_network import LoopbackNetwork
from riskset_demo.studies.real import LUNG
from riskset_server import flower_app
from riskset_server.engine.doors import App, FrontDoor, LeaseDoor, Limits, Message, Room
from riskset_server.engine.long_poll import Bell, LongPoll
from riskset_server.engine.middlewares import InOneTask
from riskset_server.engine.recording import Recorder
from riskset_server.engine.superlink import FLEET_PULL
from riskset_server.link import SuperLinkClient
from riskset_site.link import SIGNATURE_HEADERS, FleetLink
from riskset_site.network.node_signature import NodeSignature

TIMES, TURNS = 100, 9
LEASE_S = 3600.0


def run() -> dict[str, float]:
    """Returns milliseconds of CPU, medians of `TURNS`: each layer with all within it, by name; `before` is with
    Starlette's own stack of middlewares."""
    with tempfile.TemporaryDirectory(prefix="riskset-bench-") as folder, LoopbackNetwork(LUNG, Path(folder)) as network:
        network.write()
        app: Any = flower_app._flower_app(network.coordinator.superlink(in_memory=True))[0]
        with closing(Recorder(Path(folder) / "recording")) as recorder:
            layers = _layers(app, recorder)
            turns = [{name: measure() for name, measure in layers.items()} for _ in range(TURNS)]
        inside = {name: median(turn[name] for turn in turns) for name in layers}
        return inside | _over_tls(network)


def _layers(app: Any, recorder: Recorder) -> dict[str, Callable[[], float]]:
    """Returns what measures each layer, from the inside out."""
    key = new_node_key()
    public_key = public_key_to_bytes(key.public_key())
    state = app.state.linkstate_factory.state()
    node = Node(node_id=state.create_node("none", "none", public_key, 0))
    state.activate_node(node.node_id, LEASE_S)
    request = PullMessagesRequest(node=node)
    headers = httpx.Headers({"content-type": PROTOBUF_MEDIA_TYPE})
    signature = NodeSignature(key, public_key, SIGNATURE_HEADERS)
    signature.intercept(SimpleNamespace(request=SimpleNamespace(headers=headers)), lambda context: context)
    scope = {"type": "http", "method": "POST", "path": FLEET_PULL, "headers": headers.raw, "query_string": b""}
    body = request.SerializeToString()
    (all_of_them,) = app.user_middleware[0].args
    checked = Request({**scope, "app": app, "state": {"protobuf_request": request}})

    def within(middlewares: list[Middleware], outer: App = app, **known: object) -> float:
        app.user_middleware, app.middleware_stack = middlewares, None
        return _app_ms(outer, scope, body, known)

    in_one_task = [Middleware(InOneTask, all_of_them)]
    poll = LongPoll(app, held=FLEET_PULL, until=Bell(), bell=Bell())
    door, recording = (
        FrontDoor(LeaseDoor(poll, lambda _: None), Limits(), Room(2**20), one) for one in (None, recorder)
    )
    return {
        "handler": lambda: _cpu_ms(lambda: fleet_handlers.pull_messages(request, state, state.object_store)),
        "signature": lambda: _cpu_ms(lambda: authenticate_node(checked)),
        "fastapi": lambda: within([], protobuf_request=request),
        "before": lambda: within(all_of_them),
        "middlewares": lambda: within(in_one_task),
        "doors": lambda: within(in_one_task, door),
        "recording": lambda: within(in_one_task, recording),
    }


def _app_ms(app: App, scope: Message, body: bytes, state: Mapping[str, object]) -> float:
    """Returns milliseconds of CPU of one request, without HTTP. Raises RuntimeError unless it is answered with 200."""

    async def ask() -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message.get("status", 200) != 200:
                raise RuntimeError(f"answered with {message['status']}")

        await app({**scope, "state": dict(state)}, receive, send)

    async def ask_often() -> float:
        await ask()  # builds the stack of middlewares
        began_s = time.process_time()
        for _ in range(TIMES):
            await ask()
        return (time.process_time() - began_s) / TIMES * 1000

    return asyncio.run(ask_often())


def _cpu_ms(call: Callable[[], object]) -> float:
    began_s = time.process_time()
    for _ in range(TIMES):
        call()
    return (time.process_time() - began_s) / TIMES * 1000


def _over_tls(network: LoopbackNetwork) -> dict[str, float]:
    """Returns milliseconds of the server's CPU for one request on an open connection, and for opening one."""
    network.start_server()
    server, folder, key = network.processes["server"].pid, network.coordinator, new_node_key()
    with closing(SuperLinkClient(folder.control_address, folder.authority, folder.token)) as superlink:
        superlink.register("node", key.public_key())
    address = folder.public_server.address
    with FleetLink(address, folder.authority, key, wait_s=0.0) as link:
        link.connect()
        began_s = cpu_s(server)
        for _ in range(TIMES * TURNS):
            link.receive()
        request_ms = (cpu_s(server) - began_s) / (TIMES * TURNS) * 1000
    trusted, (host, _, port) = trust_only(folder.authority.decode()), address.rpartition(":")
    began_s = cpu_s(server)
    for _ in range(TIMES * TURNS):
        _open(trusted, host, int(port))
    return {"tls": request_ms, "connection": (cpu_s(server) - began_s) / (TIMES * TURNS) * 1000}


def _open(trusted: ssl.SSLContext, host: str, port: int) -> None:
    with socket.create_connection((host, port)) as line, trusted.wrap_socket(line, server_hostname=host):
        pass
