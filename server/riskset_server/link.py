"""The coordinator's end of the engine: the Flower APIs it relies on, and the only server module that imports Flower.

`serve` runs Flower's SuperLink in our own process behind our doors. `SuperLinkClient` begins a Flower run in it;
`FlowerRun` holds the run's task, stores messages and fetches replies. They replace a ServerApp and Flower's `Grid`,
which sleeps for seconds between polls, retries without limit and interrupts its own process. The bundle that Flower
requires is empty: no code is shipped.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final, TypeVar

# Flower reads these while it is imported: no telemetry, and none of its older gRPC ports
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"
os.environ["FLWR_INTERNAL_GRPC_CONTROL_API"] = "0"
os.environ["FLWR_INTERNAL_GRPC_FLEET_API"] = "0"

from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey, EllipticCurvePublicNumbers
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.app.constants import DEFAULT_TTL
from flwr.app.message import make_message, remove_content_from_message
from flwr.app.metadata import Metadata
from flwr.common.constant import HEARTBEAT_PATIENCE, SUPERLINK_NODE_ID, ErrorCode, SubStatus
from flwr.common.serde import message_to_proto
from flwr.proto import control_pb2, fab_pb2, message_pb2, node_pb2, runtime_pb2
from flwr.supercore import constant
from flwr.supercore.control import ControlHttpClient
from flwr.supercore.inflatable import inflatable_object as inflatable
from flwr.supercore.primitives.asymmetric import bytes_to_public_key, public_key_to_bytes
from flwr.supercore.protobuf.client import ProtobufClient
from flwr.supercore.runtime import RuntimeHttpClient
from flwr.supercore.state.alembic import utils as migrations
from flwr.superlink.auth_plugin import NoOpControlAuthnPlugin
from flwr.superlink.cli.flower_superlink import SuperLinkLifespan
from flwr.superlink.config_loader import SuperLinkLifespanConfig
from flwr.superlink.main import create_app
from sqlalchemy.engine import Engine

from riskset.catalogue import say
from riskset.engine.client import Heartbeat, RequestHeaders, quieten
from riskset.engine.wire import (
    AT_RING_HEADER,
    EVERYONE,
    FIELD,
    MESSAGE_TYPE,
    MOST_LISTED,
    RECORD,
    WAIT_HEADER,
    WHOLE_HEADER,
)
from riskset_server.engine.doors import App, LeaseLeft
from riskset_server.engine.loopback import call, empty_bundle, pinned_client
from riskset_server.engine.superlink import LOOPBACK, Ready, SuperLinkConfig, serve_superlink, superlink_ports
from riskset_server.engine.tickets import EngineLost, Mailbox, Reply, SiteSession, Ticket

TASK_BEAT_S: Final = 5.0  # Flower ends a run whose task is silent for 60 s, at first for 30 s
TASK_PATIENCE_S: Final = 10.0  # a task is ready at once; it takes longer only where the machine is overloaded
TASK_POLL_S: Final = 0.02

FAILURES: Final = {
    ErrorCode.NODE_UNAVAILABLE: say("server.reply.stopped"),
    ErrorCode.MESSAGE_UNAVAILABLE: say("server.reply.message_lost"),
    ErrorCode.REPLY_MESSAGE_UNAVAILABLE: say("server.reply.reply_lost"),
}

Client = TypeVar("Client", bound=ProtobufClient)

_log = logging.getLogger(__name__)


def serve(config: SuperLinkConfig, on_ready: Ready | None = None) -> None:
    """Serves the SuperLink until SIGTERM or SIGINT; calls `on_ready(public_port, control_port)` once both ports are
    open. Raises RisksetError where a port is taken."""
    with superlink_ports(config) as ports:
        app, lease_left_s = _flower_app(config)
        serve_superlink(config, ports, app, lease_left_s, on_ready)


def _flower_app(config: SuperLinkConfig) -> tuple[App, LeaseLeft]:
    """Returns Flower's application, open to anyone who reaches it, and a function that returns a session's remaining
    time."""
    quieten("flwr")
    _find_migrations_in_any_folder()
    app = create_app(_settings(config), SuperLinkLifespan)
    state = app.state.linkstate_factory.state()

    def lease_left_s(headers: Mapping[bytes, bytes]) -> float | None:
        key = b64decode(headers[constant.FLEET_HTTP_PUBLIC_KEY_HEADER.encode()])
        node_id = state.get_node_id_by_public_key(key)
        online = state.get_node_info(node_ids=[node_id], statuses=[constant.NodeStatus.ONLINE]) if node_id else []
        return online[0].online_until - time.time() if online else None

    return app, lease_left_s


def _find_migrations_in_any_folder() -> None:
    """Drops the folder of migrations from Flower's Alembic settings, where Alembic would split it at spaces.

    Installed in a folder with a space in its name, Flower would make an empty database. Without the setting Alembic
    looks beside the script, where the migrations are.
    """
    build = migrations.build_alembic_config

    def without_folder(engine: Engine) -> Config:
        config = build(engine)
        config.remove_main_option("version_locations")
        return config

    migrations.build_alembic_config = without_folder


class SuperLinkClient:
    """`riskset_server.engine.engine.SuperLink` at `address` ("host:port") over Flower's control and runtime APIs."""

    def __init__(self, address: str, ca_certificate: bytes, token: str, timeout_s: float = 30.0) -> None:
        quieten("flwr")
        self._url = f"https://{address}"
        self._http = pinned_client(ca_certificate, timeout_s)
        self._bearer = {"authorization": f"Bearer {token}"}
        self._control = self._open(ControlHttpClient, RequestHeaders(self._bearer))

    def register(self, name: str, key: EllipticCurvePublicKey) -> None:
        request = control_pb2.RegisterNodeRequest(public_key=public_key_to_bytes(key), name=name)
        try:
            call(self._control.RegisterNode, request)
        except EngineLost as lost:
            if lost.status != HTTPStatus.PRECONDITION_FAILED:  # which says: admitted already
                raise

    def sessions(self) -> dict[EllipticCurvePublicNumbers, SiteSession]:
        nodes = call(self._control.ListNodes, control_pb2.ListNodesRequest()).nodes_info
        return {bytes_to_public_key(node.public_key).public_numbers(): _session(node) for node in nodes}

    def begin_run(self) -> FlowerRun:
        bundle = empty_bundle()
        fab = fab_pb2.Fab(hash_str=hashlib.sha256(bundle).hexdigest(), content=bundle)
        run_id = call(self._control.StartRun, control_pb2.StartRunRequest(fab=fab)).run_id
        headers = RequestHeaders(self._bearer | {constant.TASK_TOKEN_HEADER: self._claim(run_id)})
        run = FlowerRun(run_id, self._open(RuntimeHttpClient, headers), headers)
        run.begin()
        return run

    def close(self) -> None:
        self._http.close()

    def _claim(self, run_id: int) -> str:
        """Returns the token of the run's task; claims and drops the tasks that a killed coordinator left."""
        until_s = time.monotonic() + TASK_PATIENCE_S
        client = self._open(RuntimeHttpClient, RequestHeaders(self._bearer))
        while time.monotonic() < until_s:
            claim = call(
                client.AcquireTask, runtime_pb2.AcquireTaskRequest(supported_task_types=[constant.TaskType.SERVER_APP])
            )
            if claim.token and claim.task.run_id == run_id:
                return claim.token
            time.sleep(TASK_POLL_S)
        raise EngineLost(say("server.engine.no_task"), say("server.engine.restart"))

    def _open(self, kind: type[Client], headers: RequestHeaders) -> Client:
        client = kind(self._url, interceptors=[headers])
        client.close()
        client._client = self._http  # all our clients share its connections; httpx's clients are thread-safe
        return client


class FlowerRun:
    """`riskset_server.engine.engine.Run` over Flower's runtime API; a heartbeat keeps the claim to its task."""

    def __init__(self, run_id: int, client: RuntimeHttpClient, headers: RequestHeaders) -> None:
        self._run_id = run_id
        self._client = client
        self._headers = headers
        self._node = node_pb2.Node(node_id=SUPERLINK_NODE_ID)
        self._heartbeat = Heartbeat(self._beat, TASK_BEAT_S)
        self.is_over = False

    def begin(self) -> None:
        """Starts the task and its heartbeat."""
        call(self._client.PullTaskInput, runtime_pb2.PullTaskInputRequest())
        self._heartbeat.start()

    def end(self) -> None:
        self._heartbeat.stop()
        with suppress(EngineLost):
            call(self._client.PushTaskOutput, runtime_pb2.PushTaskOutputRequest(sub_status=SubStatus.COMPLETED))

    def push(self, messages: Sequence[tuple[int, bytes]]) -> list[tuple[Ticket, bool]]:
        with inflatable.no_object_id_recompute():
            drafts = [self._draft(node_id, payload) for node_id, payload in messages]
            records = {key: part for draft in drafts for key, part in _records(draft).items()}
            request = runtime_pb2.PushAppMessagesRequest(
                messages_list=[message_to_proto(remove_content_from_message(draft)) for draft in drafts],
                message_object_trees=[inflatable.get_object_tree(draft) for draft in drafts],
            )
            response = call(self._client.PushMessages, request)
            parts = [(key, records[key]) for key in response.objects_to_push if key in records]
            for key, part in parts[:-1]:
                self._put(response.session_id, key, part.deflate())
            with self._headers.also({WHOLE_HEADER: _listed([node_id for node_id, _ in messages])}):
                for key, part in parts[-1:]:
                    self._put(response.session_id, key, part.deflate())
                if not parts:  # earlier messages had the same bytes
                    self._beat()
        taken = set(response.message_ids)
        ids = [draft.metadata.message_id for draft in drafts]
        return [(Ticket(message_id), message_id in taken) for message_id in ids]

    def announcements(self, waiting: Iterable[Ticket], mail: Mailbox, wait_s: float) -> None:
        unanswered = set(waiting)
        at_ring = {AT_RING_HEADER: "1"} if mail.is_receiving else {}
        with self._headers.also({WAIT_HEADER: f"{wait_s:.2f}", **at_ring}):
            response = call(self._client.PullMessages, runtime_pb2.PullAppMessagesRequest(message_ids=unanswered))
        if len(response.messages_list) != len(response.message_object_trees):
            raise EngineLost(say("server.engine.no_parts"), say("server.engine.restart"))
        for message, tree in zip(response.messages_list, response.message_object_trees, strict=True):
            ticket = Ticket(message.metadata.reply_to_message_id)
            if ticket not in unanswered:  # a second answer to one message, or an answer to none
                continue
            unanswered.remove(ticket)
            if message.HasField("error"):
                mail.failed(ticket, FAILURES.get(message.error.code, say("server.reply.not_sent")))
            else:
                mail.announced(ticket, message.metadata.message_id, _leaves(tree))

    def pull(self, object_id: str) -> bytes | None:
        request = message_pb2.PullObjectRequest(node=self._node, run_id=self._run_id, object_id=object_id)
        response = call(self._client.PullObject, request)
        return response.object_content if response.object_found and response.object_available else None

    def open_reply(self, ticket: Ticket, name: str, message_id: str, parts: list[bytes]) -> Reply:
        request = message_pb2.ConfirmMessageReceivedRequest(
            node=self._node, run_id=self._run_id, message_object_id=message_id
        )
        call(self._client.ConfirmMessageReceived, request)
        payload = _payload(parts)
        return Reply(ticket, name, payload, say("server.reply.unreadable") if payload is None else None)

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
        """Stores one part."""
        request = message_pb2.PushObjectRequest(
            node=self._node, run_id=self._run_id, object_id=object_id, object_content=content, session_id=session_id
        )
        call(self._client.PushObject, request)

    def _beat(self) -> None:
        try:
            is_alive = call(self._client.SendTaskHeartbeat, runtime_pb2.SendTaskHeartbeatRequest()).success
        except EngineLost as error:
            _log.debug("a task's heartbeat failed: %s", error)  # the next call raises it where the caller can act
        else:
            self.is_over = not is_alive


def _settings(config: SuperLinkConfig) -> SuperLinkLifespanConfig:
    """Returns Flower's settings: node keys required; no older port, no helper process, no plugin."""
    return SuperLinkLifespanConfig(
        control_address="",
        health_server_address=None,
        host=LOOPBACK,
        port=config.control_port,
        insecure=False,
        certificates=None,
        superexec_auth_secret=None,  # TokenDoor protects this and every other call of the loopback port
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
        database=constant.FLWR_IN_MEMORY_DB_NAME if config.database is None else str(config.database),
        isolation="process",
        runtime_dependency_install=False,
    )


def _records(message: Message) -> dict[str, inflatable.InflatableObject]:
    """Returns the parts of a message that are sent, by their ids: the record. Nobody reads the frame around it."""
    objects, tree = inflatable.get_all_nested_objects(message), inflatable.get_object_tree(message)
    return {key: objects[key] for key in _leaves(tree)}


def _leaves(tree: message_pb2.ObjectTree) -> list[str]:
    """Returns the ids of the parts that have no parts."""
    return [part.object_id for part in inflatable.iterate_object_tree(tree) if not part.children]


def _listed(nodes: Sequence[int]) -> str:
    """Returns the nodes as `WHOLE_HEADER` lists them."""
    return ",".join(map(str, nodes)) if len(nodes) <= MOST_LISTED else EVERYONE


def _session(node: node_pb2.NodeInfo) -> SiteSession:
    last_seen_s = node.online_until - HEARTBEAT_PATIENCE * node.heartbeat_interval
    return SiteSession(node.node_id, node.status == constant.NodeStatus.ONLINE, last_seen_s, node.last_activated_at)


def _payload(parts: Iterable[bytes]) -> bytes | None:
    """Returns our bytes from the parts of a Flower message, or None. Never raises: a site wrote the parts."""
    try:
        for content in parts:
            if inflatable.get_object_type_from_object_content(content) == ConfigRecord.__qualname__:
                value = ConfigRecord.inflate(content).get(FIELD)
                if isinstance(value, bytes):
                    return value
    except Exception as error:  # Flower's readers promise no kind of error
        _log.debug("a part of a message cannot be read: %r", error)
    return None
