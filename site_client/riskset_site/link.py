"""A site's end of the engine: Flower's Fleet protocol in a program that runs only code installed at the site.

The only module of the site that imports Flower. It uses Flower's TLS, node authentication, sessions and message store,
but not its SuperNode, which would run any code the coordinator ships. It never fetches a bundle; a message is one
record with bytes, which this module neither reads nor trusts: the envelope inside is signed.

Flower's own client loop (`http_request_response`) is not used either: it ends the process when activation is refused,
interrupts it on a 401 and swallows errors. Here every error is an `Unreachable`, and the caller decides.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self, TypeVar

# Flower reads these while it is imported: no telemetry from a hospital's machine
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.app.message import remove_content_from_message
from flwr.common.constant import TIMESTAMP_HEADER
from flwr.common.serde import message_from_proto, message_to_proto
from flwr.proto.fleet_pb2 import (
    ActivateNodeRequest,
    DeactivateNodeRequest,
    PullMessagesRequest,
    PullMessagesResponse,
    PushMessagesRequest,
)
from flwr.proto.heartbeat_pb2 import SendNodeHeartbeatRequest
from flwr.proto.message_pb2 import ConfirmMessageReceivedRequest, ObjectTree, PullObjectRequest, PushObjectRequest
from flwr.proto.node_pb2 import Node
from flwr.supercore.constant import FLEET_HTTP_PUBLIC_KEY_HEADER, FLEET_HTTP_SIGNATURE_HEADER
from flwr.supercore.inflatable.inflatable_object import (
    get_all_nested_objects,
    get_object_tree,
    get_object_type_from_object_content,
    iterate_object_tree,
    no_object_id_recompute,
)
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supercore.protobuf.client import ProtobufClientInterceptor
from flwr.supernode.fleet_http_client import FleetHttpClient

from riskset.catalogue import say
from riskset.engine.client import Heartbeat, RequestHeaders, quieten, trust_only
from riskset.engine.wire import EVERYONE, FIELD, MAX_MESSAGE_BYTES, NODE_HEADER, RECORD, WAIT_HEADER, WHOLE_HEADER
from riskset.errors import ProtocolError, Unreachable
from riskset_site.network.node_signature import NodeSignature, SignatureHeaders
from riskset_site.network.reachability import ServerAway, is_this_machine, no_answer, not_ours, rejected

LEASE_S: Final = 30.0
"""A session ends this long after its last heartbeat; Flower's default is 60 s. A killed site is back within it."""
SHORTEST_LEASE_S: Final = 20.0  # Flower refuses heartbeats announced less than 10 s apart, and waits for two
BEATS_PER_LEASE: Final = 6
WAIT_S: Final = 2.0
"""How long the server holds a request for messages; also how long a stop may take, as nothing interrupts it."""
PART_POLL_S: Final = 0.25  # the server announces complete messages; an incomplete one is a coordinator's that ended
IDLE_S: Final = 60.0  # the server closes idle connections later than that, and a heartbeat then needs no handshake

SIGNATURE_HEADERS: Final = SignatureHeaders(FLEET_HTTP_PUBLIC_KEY_HEADER, TIMESTAMP_HEADER, FLEET_HTTP_SIGNATURE_HEADER)

Request = TypeVar("Request")
Response = TypeVar("Response")

_log = logging.getLogger(__name__)


class _RunOver(Exception):
    """The Flower run of a message has ended; no answer is expected."""


@dataclass(frozen=True)
class FlowerDelivery:
    """One message of the coordinator. `payload` is not yet verified."""

    payload: bytes = field(repr=False)
    origin: Message = field(repr=False)
    """What Flower needs to route the answer; opaque to all other code."""


class FleetLink:
    """One site's session with the coordinator at `address` ("host:port"), as a context manager.

    `receive` and `reply` are for one thread; heartbeats have their own. After any `Unreachable` the link can be used
    again: the next `receive` opens a new session, which shows the coordinator that a message may be lost.
    """

    def __init__(
        self,
        address: str,
        ca_certificate: bytes,
        node_key: EllipticCurvePrivateKey,
        *,
        timeout_s: float = 30.0,
        lease_s: float = LEASE_S,
        wait_s: float = WAIT_S,
    ) -> None:
        if lease_s < SHORTEST_LEASE_S:
            raise ValueError(f"a lease lasts at least {SHORTEST_LEASE_S:.0f} s")
        quieten("flwr")
        self._address = address
        self._timeout_s = timeout_s
        self._public_key = public_key_to_bytes(node_key.public_key())
        self._headers = RequestHeaders({})
        self._client = _open_client(address, ca_certificate, node_key, timeout_s, self._headers)
        self._wait = {WAIT_HEADER: f"{wait_s:.2f}"}
        self._beat_every_s = lease_s / 2  # the interval announced to Flower, which waits for two
        self._node: Node | None = None
        self._session = threading.Lock()  # a heartbeat between deactivation and activation would revive the old session
        self._is_broken = False
        self._heartbeat = Heartbeat(self._beat, lease_s / BEATS_PER_LEASE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Opens the session. Raises ServerAway, ServerNotTrusted, KeyRefused, ClockOff or LeaseHeld."""
        is_first = self._node is None
        with self._session:
            self._leave()
            request = ActivateNodeRequest(public_key=self._public_key, heartbeat_interval=self._beat_every_s)
            self._node = Node(node_id=self._ask(self._client.ActivateNode, request).node_id)
        self._is_broken = False
        if is_first:
            self._heartbeat.start()

    def receive(self) -> FlowerDelivery | None:
        """Returns the next message, or None where none came within `wait_s`. Raises as `connect` does."""
        if self._node is None or self._is_broken:
            self.connect()
        node = self._node
        try:
            with self._headers.also({NODE_HEADER: str(node.node_id), **self._wait} if node else self._wait):
                response = self._ask(self._client.PullMessages, PullMessagesRequest(node=node))
            return self._take(response) if response.messages_list else None
        except _RunOver:
            return None
        except Unreachable:
            self._is_broken = True
            raise

    def reply(self, delivery: FlowerDelivery, payload: bytes) -> bool:
        """Sends the answer; raises as `connect` does. Returns False where it is no longer expected."""
        if len(payload) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message holds at most {MAX_MESSAGE_BYTES} bytes, not {len(payload)}")
        record = RecordDict({RECORD: ConfigRecord({FIELD: payload})})
        try:
            return self._push(Message(record, reply_to=delivery.origin))
        except _RunOver:
            return False
        except Unreachable:
            self._is_broken = True
            raise

    def close(self) -> None:
        """Ends the session, so that this site can open a new one at once. Never raises."""
        self._heartbeat.stop()
        with suppress(Unreachable):
            self._leave()
        self._client.close()

    def _leave(self) -> None:
        """Ends the session if there is one; it does not matter if the coordinator no longer knows it."""
        if self._node is None:
            return
        with suppress(httpx.HTTPStatusError):
            self._reach(self._client.DeactivateNode, DeactivateNodeRequest(node_id=self._node.node_id))

    def _beat(self) -> None:
        with self._session:
            request = SendNodeHeartbeatRequest(node=self._node, heartbeat_interval=self._beat_every_s)
            try:
                self._ask(self._client.SendNodeHeartbeat, request)
            except (Unreachable, _RunOver) as error:
                _log.debug("a heartbeat failed: %s", error)  # the next receive raises it where the caller can act

    def _take(self, response: PullMessagesResponse) -> FlowerDelivery:
        message, leaves = _announced(response)
        run_id, message_id = message.metadata.run_id, message.metadata.message_id
        objects = [self._pull(run_id, leaf) for leaf in leaves]
        confirmation = ConfirmMessageReceivedRequest(node=self._node, run_id=run_id, message_object_id=message_id)
        self._ask(self._client.ConfirmMessageReceived, confirmation)
        return FlowerDelivery(_payload(objects), message)

    def _pull(self, run_id: int, object_id: str) -> bytes:
        """Returns one part of a message; waits for it, since a message is announced before its parts are stored."""
        request = PullObjectRequest(node=self._node, run_id=run_id, object_id=object_id)
        until_s = time.monotonic() + self._timeout_s
        while time.monotonic() < until_s:
            response = self._ask(self._client.PullObject, request)
            if response.object_available:
                return response.object_content
            if not response.object_found:
                raise _RunOver
            time.sleep(PART_POLL_S)
        raise ServerAway(say("server.reach.cut_off"), say("server.reach.cut_off_hint"))

    def _push(self, message: Message) -> bool:
        with no_object_id_recompute():
            message.metadata.__dict__["_message_id"] = message.object_id
            tree, objects = get_object_tree(message), get_all_nested_objects(message)
            head = message_to_proto(remove_content_from_message(message))
            request = PushMessagesRequest(node=self._node, messages_list=[head], message_object_trees=[tree])
            response = self._ask(self._client.PushMessages, request)
            record = _leaves(tree)[-1]  # the frame around it is read by nobody
            with self._headers.also({WHOLE_HEADER: EVERYONE}):
                if record in response.objects_to_push:
                    self._put(message.metadata.run_id, response.session_id, record, objects[record].deflate())
                else:  # an earlier message had the same bytes
                    self._beat()
        return bool(response.objects_to_push)

    def _put(self, run_id: int, session_id: str, object_id: str, content: bytes) -> None:
        request = PushObjectRequest(
            node=self._node, run_id=run_id, object_id=object_id, object_content=content, session_id=session_id
        )
        self._ask(self._client.PushObject, request)

    def _ask(self, method: Callable[[Request], Response], request: Request) -> Response:
        """Returns the coordinator's answer; raises one of our errors for every refusal."""
        try:
            return self._reach(method, request)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == HTTPStatus.FORBIDDEN:
                raise _RunOver from None
            raise rejected(self._address, error.response, datetime.now(UTC)) from None

    def _reach(self, method: Callable[[Request], Response], request: Request) -> Response:
        try:
            return method(request)
        except httpx.RequestError as error:
            raise no_answer(self._address, error) from None
        except ValueError:  # 200 and no protobuf: a proxy's page
            raise not_ours(self._address) from None


def _open_client(
    address: str, ca_certificate: bytes, key: EllipticCurvePrivateKey, timeout_s: float, headers: RequestHeaders
) -> FleetHttpClient:
    """Returns a client that trusts one authority. By itself httpx obeys HTTPS_PROXY even for local addresses."""
    trusted = trust_only(ca_certificate.decode("ascii"))
    signature = NodeSignature(key, public_key_to_bytes(key.public_key()), SIGNATURE_HEADERS)
    extras: list[ProtobufClientInterceptor] = [signature, headers]
    client = FleetHttpClient(f"https://{address}", interceptors=extras, verify=trusted, timeout=timeout_s)
    client.close()
    kept, by_proxy = httpx.Limits(keepalive_expiry=IDLE_S), not is_this_machine(address)
    client._client = httpx.Client(verify=trusted, timeout=timeout_s, limits=kept, trust_env=by_proxy)
    return client


def _announced(response: PullMessagesResponse) -> tuple[Message, list[str]]:
    """Returns the first message and the ids of its leaves: the record alone, not the frame around it. Raises
    ProtocolError."""
    try:
        return message_from_proto(response.messages_list[0]), _leaves(response.message_object_trees[0])
    except Exception as error:  # Flower's readers promise no kind of error
        raise _unreadable(error) from None


def _leaves(tree: ObjectTree) -> list[str]:
    """Returns the ids of the parts that have no parts: of one of our messages, its record."""
    return [part.object_id for part in iterate_object_tree(tree) if not part.children]


def _payload(objects: Sequence[bytes]) -> bytes:
    """Returns our bytes from the parts of a Flower message. Raises ProtocolError where they are missing."""
    try:
        for content in objects:
            if get_object_type_from_object_content(content) == ConfigRecord.__qualname__:
                value = ConfigRecord.inflate(content).get(FIELD)
                if isinstance(value, bytes):
                    return value
    except Exception as error:  # as above
        raise _unreadable(error) from None
    raise ProtocolError(say("server.reach.no_envelope"), say("server.reach.versions_hint"))


def _unreadable(error: Exception) -> ProtocolError:
    _log.debug("a message cannot be read: %r", error)
    return ProtocolError(say("server.reach.unreadable"), say("server.reach.versions_hint"))
