"""The coordinator's end of the engine: Flower's SuperLink inside our own process, and a driver of Flower runs.

The only module of the server that imports Flower. `serve_superlink` serves Flower's app twice, behind `front_door`: on
a public port for the sites, and on the loopback for the coordinator, both with the server's certificate. The loopback
has TLS too, so that a program that takes the port while the SuperLink is away is not shown the token.

`Engine` begins a Flower run, holds its task, sends messages and collects replies. It takes the place of a ServerApp and
of Flower's `Grid`, which sleeps for seconds between polls, retries for ever and interrupts its own process. The bundle
that Flower asks for is empty: no code travels.
"""

from __future__ import annotations

import hashlib
import logging
import os
import ssl
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self, TypeVar

# Flower reads these while it is imported: no reports to anybody, and no second, older door of its own
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"
os.environ["FLWR_INTERNAL_GRPC_CONTROL_API"] = "0"
os.environ["FLWR_INTERNAL_GRPC_FLEET_API"] = "0"

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.app.constants import DEFAULT_TTL
from flwr.app.message import make_message, remove_content_from_message
from flwr.app.metadata import Metadata
from flwr.cli.build import build_fab_from_files
from flwr.common.constant import HEARTBEAT_PATIENCE, SUPERLINK_NODE_ID, ErrorCode, SubStatus
from flwr.common.serde import message_to_proto
from flwr.proto.control_pb2 import ListNodesRequest, RegisterNodeRequest, StartRunRequest
from flwr.proto.fab_pb2 import Fab
from flwr.proto.message_pb2 import (
    ConfirmMessageReceivedRequest,
    PullObjectRequest,
    PullObjectResponse,
    PushObjectRequest,
)
from flwr.proto.node_pb2 import Node, NodeInfo
from flwr.proto.runtime_pb2 import (
    AcquireTaskRequest,
    PullAppMessagesRequest,
    PullTaskInputRequest,
    PushAppMessagesRequest,
    PushTaskOutputRequest,
    SendTaskHeartbeatRequest,
)
from flwr.supercore.constant import (
    FLEET_HTTP_PUBLIC_KEY_HEADER,
    FLWR_IN_MEMORY_DB_NAME,
    TASK_TOKEN_HEADER,
    NodeStatus,
    TaskType,
)
from flwr.supercore.control import ControlHttpClient
from flwr.supercore.inflatable.inflatable_object import (
    get_all_nested_objects,
    get_object_tree,
    get_object_type_from_object_content,
    iterate_object_tree,
    no_object_id_recompute,
)
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supercore.protobuf.client import ProtobufCall, ProtobufClient, ProtobufRequestContext
from flwr.supercore.runtime import RuntimeHttpClient
from flwr.superlink.auth_plugin import NoOpControlAuthnPlugin
from flwr.superlink.cli.flower_superlink import SuperLinkLifespan
from flwr.superlink.config_loader import SuperLinkLifespanConfig
from flwr.superlink.main import create_app

from riskset.protocol.pulse import Pulse
from riskset.protocol.wire import FIELD, MAX_MESSAGE_BYTES, MESSAGE_TYPE, RECORD
from riskset_server.engine import EngineLost, Mailbox, Reply, SiteSession, SuperLinkConfig, Ticket
from riskset_server.front_door import FrontDoor, LeaseTeller, TokenDoor
from riskset_server.recording import Record, Recorder
from riskset_server.two_ports import LOOPBACK, Ready, serve_two_ports

TASK_BEAT_S: Final = 5.0  # Flower ends a run whose task is silent for 60 s, at first for 30 s
TASK_PATIENCE_S: Final = 10.0  # a task comes up at once; this long only where the machine is overloaded
SESSIONS_EVERY_S: Final = 1.0
POLL_S: Final = 0.02

EMPTY_APP: Final = b"""
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

FAILURES: Final = {
    ErrorCode.NODE_UNAVAILABLE: "has stopped answering",
    ErrorCode.MESSAGE_UNAVAILABLE: "was not asked; the engine has lost the question",
    ErrorCode.REPLY_MESSAGE_UNAVAILABLE: "has answered, but the engine has lost the answer",
}

Request = TypeVar("Request")
Response = TypeVar("Response")
Client = TypeVar("Client", bound=ProtobufClient)

_log = logging.getLogger(__name__)


def serve_superlink(config: SuperLinkConfig, on_ready: Ready | None = None) -> None:
    """Serves until SIGTERM or SIGINT, and calls `on_ready(public_port, control_port)` when both ports are open.

    Raises RisksetError where a port is taken.
    """
    _quieten_flower()
    app = create_app(_settings(config), SuperLinkLifespan)
    state = app.state.linkstate_factory.state()

    def lease_left_s(headers: Mapping[bytes, bytes]) -> float | None:
        key = b64decode(headers[FLEET_HTTP_PUBLIC_KEY_HEADER.encode()])
        node_id = state.get_node_id_by_public_key(key)
        online = state.get_node_info(node_ids=[node_id], statuses=[NodeStatus.ONLINE]) if node_id else []
        return online[0].online_until - time.time() if online else None

    recorder = None if config.record is None else Recorder(config.record)
    public = FrontDoor(LeaseTeller(app, lease_left_s), config.limits, recorder)
    serve_two_ports(config, public, TokenDoor(app, config.token), on_ready)


def payloads_in(records: Iterable[Record]) -> Iterator[bytes]:
    """Yields each message of ours that passed the public port, in either direction, as its envelope's bytes.

    A message that was sent again, or is the same for several sites, comes as often as it passed.
    """
    for record in records:
        content = b""
        if record.is_request and record.path.endswith("/push-object"):
            content = PushObjectRequest.FromString(record.body).object_content
        elif record.path.endswith("/pull-object") and not record.is_request and not record.body.startswith(b"{"):
            content = PullObjectResponse.FromString(record.body).object_content  # a refusal would be JSON
        if content and (payload := _payload([content])) is not None:
            yield payload


class Engine:
    """Sends bytes to named sites and collects their replies, through the SuperLink at `control_address` ("host:port").

    For one thread. Every method raises EngineLost where the SuperLink is away or the Flower run has ended; `start`
    begins a new one, and what was open is asked again by the caller. Several may run in one process: nothing is global.
    """

    def __init__(self, control_address: str, ca_certificate: bytes, token: str, *, timeout_s: float = 30.0) -> None:
        _quieten_flower()
        self._url = f"https://{control_address}"
        self._trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._trusted.load_verify_locations(cadata=ca_certificate.decode("ascii"))
        self._timeout_s = timeout_s
        self._bearer = {"authorization": f"Bearer {token}"}
        self._control = self._open(ControlHttpClient, self._bearer)
        self._keys: dict[str, bytes] = {}
        self._mail = Mailbox()
        self._run: FlowerRun | None = None
        self._sessions_due_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def register(self, name: str, node_public_key: EllipticCurvePublicKey) -> None:
        """Lets a site in. Doing it again changes nothing; `start` does it again after the SuperLink lost its memory."""
        self._keys[name] = public_key_to_bytes(node_public_key)
        self._register(name)

    def start(self) -> None:
        """Begins a Flower run, after which sites can be asked. Tickets of an earlier one are forgotten."""
        self._end_run()
        self._mail = Mailbox()
        for name in self._keys:
            self._register(name)
        bundle, _ = build_fab_from_files({"pyproject.toml": EMPTY_APP})
        fab = Fab(hash_str=hashlib.sha256(bundle).hexdigest(), content=bundle)
        run_id = ask(self._control.StartRun, StartRunRequest(fab=fab)).run_id
        task = {TASK_TOKEN_HEADER: self._claim(run_id)}
        self._run = FlowerRun(run_id, self._open(RuntimeHttpClient, self._bearer | task))
        self._run.begin()

    def online(self) -> dict[str, float]:
        """Returns the sites that are online now, each with the Unix time of its last heartbeat."""
        return {name: session.last_seen_s for name, session in self._sessions().items() if session.is_online}

    def send(self, name: str, payload: bytes) -> Ticket:
        """Sends one message to one site that is registered; `collect` brings the reply, or the failure."""
        return self.send_all({name: payload})[name]

    def send_all(self, payloads: Mapping[str, bytes]) -> dict[str, Ticket]:
        """Sends one message to each site named, in one request; equal payloads pass to the SuperLink once."""
        if any(len(payload) > MAX_MESSAGE_BYTES for payload in payloads.values()):
            raise ValueError(f"a message holds at most {MAX_MESSAGE_BYTES} bytes")
        sessions = self._sessions()
        run = self._running()
        tickets = run.push([(sessions[name].node_id, payload) for name, payload in payloads.items()])
        for name, (ticket, is_stored) in zip(payloads, tickets, strict=True):
            if is_stored:
                self._mail.sent(ticket, name, sessions[name])
            else:
                self._mail.not_sent(ticket, name)
        return {name: ticket for name, (ticket, _) in zip(payloads, tickets, strict=True)}

    def collect(self, wait_s: float = 0.0) -> list[Reply]:
        """Returns what has come since the last call, as soon as there is anything, at the latest after `wait_s`."""
        until_s = time.monotonic() + wait_s
        while True:
            replies = self._collect_now()
            if replies or time.monotonic() >= until_s:
                return replies
            time.sleep(POLL_S)

    def close(self) -> None:
        """Ends the Flower run and the connections. Never raises."""
        self._end_run()
        self._control.close()

    def _collect_now(self) -> list[Reply]:
        run = self._running()
        if waiting := self._mail.waiting():
            run.announcements(waiting, self._mail)
            self._notice_restarts()
        whole = self._mail.fetch(run.pull)
        return [*(run.open_reply(*reply) for reply in whole), *self._mail.take_failed()]

    def _notice_restarts(self) -> None:
        if time.monotonic() >= self._sessions_due_s:
            self._sessions_due_s = time.monotonic() + SESSIONS_EVERY_S
            self._mail.compare(self._sessions())

    def _register(self, name: str) -> None:
        request = RegisterNodeRequest(public_key=self._keys[name], name=name)
        try:
            self._control.RegisterNode(request)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.PRECONDITION_FAILED:  # in use: by this very site
                raise lost(error) from None
        except (httpx.RequestError, ValueError) as error:
            raise lost(error) from None

    def _sessions(self) -> dict[str, SiteSession]:
        nodes = {node.public_key: node for node in ask(self._control.ListNodes, ListNodesRequest()).nodes_info}
        return {name: _session(nodes[key]) for name, key in self._keys.items() if key in nodes}

    def _claim(self, run_id: int) -> str:
        """Returns the token of the run's task. Takes tasks that a killed coordinator left unclaimed out of the way."""
        until_s = time.monotonic() + TASK_PATIENCE_S
        with self._open(RuntimeHttpClient, self._bearer) as client:
            while time.monotonic() < until_s:
                claim = ask(client.AcquireTask, AcquireTaskRequest(supported_task_types=[TaskType.SERVER_APP]))
                if claim.token and claim.task.run_id == run_id:
                    return claim.token
                time.sleep(POLL_S)
        raise EngineLost("the engine gives no task for a new run", "restart the server")

    def _running(self) -> FlowerRun:
        if self._run is None or self._run.is_over:
            raise EngineLost("there is no run in the engine", "start one")
        return self._run

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.end()
            self._run = None

    def _open(self, kind: type[Client], headers: Mapping[str, str]) -> Client:
        client = kind(self._url, interceptors=[Showing(headers)])
        client.close()  # Flower's obeys HTTPS_PROXY, and the loopback is never behind a proxy
        client._client = httpx.Client(verify=self._trusted, timeout=self._timeout_s, trust_env=False)
        return client


class FlowerRun:
    """One run in the SuperLink and the claim to its task, kept up by a heartbeat."""

    def __init__(self, run_id: int, client: RuntimeHttpClient) -> None:
        self._run_id = run_id
        self._client = client
        self._node = Node(node_id=SUPERLINK_NODE_ID)
        self._pulse = Pulse(self._beat, TASK_BEAT_S)
        self.is_over = False

    def begin(self) -> None:
        ask(self._client.PullTaskInput, PullTaskInputRequest())
        self._pulse.start()

    def end(self) -> None:
        self._pulse.stop()
        with suppress(EngineLost):
            ask(self._client.PushTaskOutput, PushTaskOutputRequest(sub_status=SubStatus.COMPLETED))
        self._client.close()

    def push(self, messages: Iterable[tuple[int, bytes]]) -> list[tuple[Ticket, bool]]:
        """Stores one message for each (node, payload). Returns its ticket, and whether the SuperLink took it."""
        with no_object_id_recompute():
            drafts = [self._draft(node_id, payload) for node_id, payload in messages]
            objects = {key: part for draft in drafts for key, part in get_all_nested_objects(draft).items()}
            request = PushAppMessagesRequest(
                messages_list=[message_to_proto(remove_content_from_message(draft)) for draft in drafts],
                message_object_trees=[get_object_tree(draft) for draft in drafts],
            )
            response = ask(self._client.PushMessages, request)
            for object_id in response.objects_to_push:
                self._put(response.session_id, object_id, objects[object_id].deflate())
        taken = set(response.message_ids)
        ids = [draft.metadata.message_id for draft in drafts]
        return [(Ticket(message_id), message_id in taken) for message_id in ids]

    def announcements(self, waiting: Iterable[Ticket], mail: Mailbox) -> None:
        """Asks which of `waiting` have a reply, and tells the mailbox."""
        response = ask(self._client.PullMessages, PullAppMessagesRequest(message_ids=waiting))
        for message, tree in zip(response.messages_list, response.message_object_trees, strict=True):
            ticket = Ticket(message.metadata.reply_to_message_id)
            if message.HasField("error"):
                mail.failed(ticket, FAILURES.get(message.error.code, "could not be asked"))
            else:
                parts = [part.object_id for part in iterate_object_tree(tree)]
                mail.announced(ticket, message.metadata.message_id, parts)

    def pull(self, object_id: str) -> bytes | None:
        """Returns a part of a reply, or None where it has not come yet."""
        request = PullObjectRequest(node=self._node, run_id=self._run_id, object_id=object_id)
        response = ask(self._client.PullObject, request)
        return response.object_content if response.object_found and response.object_available else None

    def open_reply(self, ticket: Ticket, name: str, message_id: str, parts: list[bytes]) -> Reply:
        request = ConfirmMessageReceivedRequest(node=self._node, run_id=self._run_id, message_object_id=message_id)
        ask(self._client.ConfirmMessageReceived, request)
        payload = _payload(parts)
        return Reply(
            ticket, name, payload, None if payload is not None else "sent something that is no message of ours"
        )

    def _draft(self, node_id: int, payload: bytes) -> Message:
        metadata = Metadata(
            run_id=self._run_id,
            message_id="",
            src_node_id=SUPERLINK_NODE_ID,
            dst_node_id=node_id,
            reply_to_message_id="",
            group_id="",
            created_at=time.time(),
            ttl=DEFAULT_TTL,
            message_type=MESSAGE_TYPE,
        )
        draft = make_message(metadata, RecordDict({RECORD: ConfigRecord({FIELD: payload})}))
        draft.metadata.__dict__["_message_id"] = draft.object_id
        return draft

    def _put(self, session_id: str, object_id: str, content: bytes) -> None:
        request = PushObjectRequest(
            node=self._node, run_id=self._run_id, object_id=object_id, object_content=content, session_id=session_id
        )
        if not ask(self._client.PushObject, request).stored:
            raise EngineLost("the engine did not take a message", "begin a new run")

    def _beat(self) -> None:
        try:
            is_alive = ask(self._client.SendTaskHeartbeat, SendTaskHeartbeatRequest()).success
        except EngineLost as error:
            _log.debug("a task's heartbeat failed: %s", error)  # the next call tells it, to somebody who can act
        else:
            self.is_over = not is_alive


class Showing:
    """Adds the same headers to each request of a Flower client."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def intercept(self, context: ProtobufRequestContext, call_next: ProtobufCall) -> httpx.Response:
        context.request.headers.update(self._headers)
        return call_next(context)


def ask(method: Callable[[Request], Response], request: Request) -> Response:
    """Returns the SuperLink's answer; raises EngineLost for every other outcome."""
    try:
        return method(request)
    except (httpx.HTTPStatusError, httpx.RequestError, ValueError) as error:
        raise lost(error) from None


def lost(error: Exception) -> EngineLost:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return EngineLost(f"the engine answered with HTTP {status}", "its run has ended, or the token is another")
    return EngineLost(f"the engine does not answer ({error or type(error).__name__})", "is the server running?")


def _settings(config: SuperLinkConfig) -> SuperLinkLifespanConfig:
    """Returns Flower's settings: node keys asked for, no older door, no helper process, no plugin."""
    return SuperLinkLifespanConfig(
        control_address="",
        health_server_address=None,
        host=LOOPBACK,
        port=config.control_port,
        insecure=False,
        certificates=None,
        superexec_auth_secret=None,  # TokenDoor stands before this and every other call of the loopback
        authn_plugin=NoOpControlAuthnPlugin(),
        event_log_plugin=None,
        fleet_event_log_plugin=None,
        enable_event_log=False,
        artifact_provider=None,
        enable_supernode_auth=True,
        fleet_api_type="grpc-rere",
        fleet_api_address=None,
        simulation=False,
        ssl_ca_certfile=None,
        ssl_certfile=str(config.certificate),
        ssl_keyfile=str(config.key),
        database=FLWR_IN_MEMORY_DB_NAME if config.database is None else str(config.database),
        isolation="process",
        runtime_dependency_install=False,
    )


def _session(node: NodeInfo) -> SiteSession:
    last_seen_s = node.online_until - HEARTBEAT_PATIENCE * node.heartbeat_interval
    return SiteSession(node.node_id, node.status == NodeStatus.ONLINE, last_seen_s, node.last_activated_at)


def _payload(parts: Iterable[bytes]) -> bytes | None:
    """Returns our bytes from the parts of a Flower message, or None."""
    for content in parts:
        if get_object_type_from_object_content(content) == ConfigRecord.__qualname__:
            value = ConfigRecord.inflate(content).get(FIELD)
            if isinstance(value, bytes):
                return value
    return None


def _quieten_flower() -> None:
    """Flower writes to the terminal by itself; what it warns of goes the way of all our logging instead."""
    flower = logging.getLogger("flwr")
    flower.handlers.clear()
    flower.setLevel(logging.WARNING)
