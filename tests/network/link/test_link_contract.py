"""Flower's internals that the two link modules rely on, each named once with what it must be.

They move between Flower's minor versions. After an upgrade these tests say what moved and where we use it, before
someone learns it from a run that hangs.
"""

import importlib
import inspect
import os
import subprocess
import sys
from base64 import b64decode
from datetime import datetime, timedelta
from types import SimpleNamespace

import flwr
import httpx
import pytest
import uvicorn
from flwr.supercore.constant import OBJECT_PUSH_SESSION_TTL_SECONDS
from flwr.supercore.primitives.asymmetric import public_key_to_bytes, verify_signature
from flwr.superlink.config_loader import SuperLinkLifespanConfig
from flwr.superlink.main import create_app
from flwr.superlink.routers.fleet.node_auth import NodeAuthMiddleware
from flwr.supernode.fleet_http_client import FleetHttpClient
from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor
from starlette.middleware.base import BaseHTTPMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from riskset.secure.node_key import new_node_key
from riskset_server.engine.doors import ACTIVATION, SITE_CALLS
from riskset_server.engine.superlink import FLEET_PULL
from riskset_server.engine.tickets import ARRIVAL_S
from riskset_site.link import SIGNATURE_HEADERS
from riskset_site.network.node_signature import NodeSignature

SITE, SERVER, APP = "riskset_site/link.py", "riskset_server/link.py", "riskset_server/flower_app.py"

# its module, its name, the parameters we pass, and the module that uses it
CALLED = [
    ("flwr.supernode.fleet_http_client", "FleetHttpClient", ["base_url", "interceptors", "verify", "timeout"], SITE),
    ("flwr.supercore.primitives.asymmetric", "public_key_to_bytes", ["public_key"], SITE),
    ("flwr.supercore.primitives.asymmetric", "bytes_to_public_key", ["public_key_bytes"], SERVER),
    ("flwr.common.serde", "message_from_proto", ["message_proto"], SITE),
    ("flwr.common.serde", "message_to_proto", ["message"], SITE),
    ("flwr.app.message", "remove_content_from_message", ["message"], SITE),
    ("flwr.app.message", "make_message", ["metadata", "content"], SERVER),
    ("flwr.supercore.inflatable.inflatable_object", "get_all_nested_objects", ["obj"], SITE),
    ("flwr.supercore.inflatable.inflatable_object", "get_object_tree", ["obj"], SITE),
    ("flwr.supercore.inflatable.inflatable_object", "iterate_object_tree", ["tree"], SITE),
    ("flwr.supercore.inflatable.inflatable_object", "get_object_type_from_object_content", ["object_content"], SITE),
    ("flwr.supercore.inflatable.inflatable_object", "no_object_id_recompute", [], SITE),
    ("flwr.supercore.control", "ControlHttpClient", ["base_url", "interceptors"], SERVER),
    ("flwr.supercore.runtime", "RuntimeHttpClient", ["base_url", "interceptors"], SERVER),
    ("flwr.supercore.state.alembic.utils", "build_alembic_config", ["engine"], APP),
    ("flwr.superlink.main", "create_app", ["config", "superlink_lifespan_class"], APP),
    ("flwr.superlink.cli.flower_superlink", "SuperLinkLifespan", ["config", "state_factory"], APP),
    ("flwr.superlink.auth_plugin", "NoOpControlAuthnPlugin", [], APP),
]

OBJECT_CALLS = ["PushMessages", "PullMessages", "PushObject", "PullObject", "ConfirmMessageReceived"]
# the module, the client, and the calls we make
CLIENTS = [
    (
        "flwr.supernode.fleet_http_client",
        "FleetHttpClient",
        ["ActivateNode", "DeactivateNode", "SendNodeHeartbeat", *OBJECT_CALLS],
    ),
    ("flwr.supercore.control", "ControlHttpClient", ["RegisterNode", "ListNodes", "StartRun"]),
    (
        "flwr.supercore.runtime",
        "RuntimeHttpClient",
        ["AcquireTask", "PullTaskInput", "SendTaskHeartbeat", "PushTaskOutput", *OBJECT_CALLS],
    ),
]

# Flower's messages and the fields we read or write
FIELDS = [
    ("fleet_pb2", "ActivateNodeRequest", ["public_key", "heartbeat_interval"]),
    ("fleet_pb2", "PullMessagesResponse", ["messages_list", "message_object_trees"]),
    ("fleet_pb2", "PushMessagesRequest", ["node", "messages_list", "message_object_trees"]),
    ("fleet_pb2", "PushMessagesResponse", ["objects_to_push", "session_id"]),
    ("heartbeat_pb2", "SendNodeHeartbeatRequest", ["node", "heartbeat_interval"]),
    ("message_pb2", "PushObjectRequest", ["node", "run_id", "object_id", "object_content", "session_id"]),
    ("message_pb2", "PushObjectResponse", ["stored"]),
    ("message_pb2", "PullObjectRequest", ["node", "run_id", "object_id"]),
    ("message_pb2", "PullObjectResponse", ["object_found", "object_available", "object_content"]),
    ("message_pb2", "ConfirmMessageReceivedRequest", ["node", "run_id", "message_object_id"]),
    ("control_pb2", "RegisterNodeRequest", ["public_key", "name"]),
    ("control_pb2", "ListNodesResponse", ["nodes_info"]),
    ("control_pb2", "StartRunRequest", ["fab"]),
    ("fab_pb2", "Fab", ["hash_str", "content"]),
    (
        "node_pb2",
        "NodeInfo",
        ["node_id", "public_key", "status", "online_until", "heartbeat_interval", "last_activated_at"],
    ),
    ("runtime_pb2", "AcquireTaskRequest", ["supported_task_types"]),
    ("runtime_pb2", "AcquireTaskResponse", ["task", "token"]),
    ("runtime_pb2", "PushAppMessagesRequest", ["messages_list", "message_object_trees"]),
    ("runtime_pb2", "PushAppMessagesResponse", ["message_ids", "objects_to_push", "session_id"]),
    ("runtime_pb2", "PullAppMessagesRequest", ["message_ids"]),
    ("runtime_pb2", "PullAppMessagesResponse", ["messages_list", "message_object_trees"]),
    ("runtime_pb2", "PushTaskOutputRequest", ["sub_status"]),
    ("runtime_pb2", "SendTaskHeartbeatResponse", ["success"]),
]

# values on which our own times and messages depend
VALUES = [
    ("flwr.common.constant", "HEARTBEAT_PATIENCE", 2, "a lease is two heartbeats long, in both link modules"),
    ("flwr.common.constant", "HEARTBEAT_MIN_INTERVAL", 10, "SHORTEST_LEASE_S in riskset_site/link.py"),
    (
        "flwr.common.constant",
        "SYSTEM_TIME_TOLERANCE",
        5,
        "FAST_S and the hint of ClockOff in riskset_site/network/reachability.py",
    ),
    ("flwr.common.constant", "TIMESTAMP_TOLERANCE", 300, "SLOW_S in riskset_site/network/reachability.py"),
    ("flwr.supercore.constant", "FLWR_IN_MEMORY_DB_NAME", ":flwr-in-memory:", "SuperLinkConfig.database"),
]

NOT_AT_A_SITE = {
    *("fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "requests"),
    *("matplotlib", "jinja2", "pandas", "lifelines", "riskset_report", "riskset_server", "riskset_demo"),
}

UPGRADE = f"Flower {flwr.__version__}: "


@pytest.mark.parametrize(("module", "name", "parameters", "user"), CALLED, ids=[row[1] for row in CALLED])
def test_what_we_call_exists_and_takes_our_parameters(module, name, parameters, user):
    found = getattr(importlib.import_module(module), name, None)
    assert found is not None, f"{UPGRADE}{module}.{name} is gone; {user} calls it"
    missing = set(parameters) - set(inspect.signature(found).parameters)
    assert not missing, f"{UPGRADE}{module}.{name} no longer takes {sorted(missing)}; {user} gives them"


@pytest.mark.parametrize(("module", "name", "calls"), CLIENTS, ids=[row[1] for row in CLIENTS])
def test_the_clients_have_the_calls_we_make(module, name, calls):
    client = getattr(importlib.import_module(module), name)
    missing = [call for call in calls if not hasattr(client, call)]
    assert not missing, f"{UPGRADE}{name} has lost {missing}"


@pytest.mark.parametrize(("module", "name", "fields"), FIELDS, ids=[row[1] for row in FIELDS])
def test_the_messages_have_the_fields_we_use(module, name, fields):
    message = getattr(importlib.import_module(f"flwr.proto.{module}"), name)
    missing = set(fields) - set(message.DESCRIPTOR.fields_by_name)
    assert not missing, f"{UPGRADE}{name} has lost {sorted(missing)}"


@pytest.mark.parametrize(("module", "name", "value", "use"), VALUES, ids=[row[1] for row in VALUES])
def test_the_times_we_rely_on_are_unchanged(module, name, value, use):
    found = getattr(importlib.import_module(module), name, None)
    assert found == value, f"{UPGRADE}{name} is {found}, no longer {value}: see {use}"


def test_the_superlink_has_no_unknown_setting():
    """A new one may open a port, or be needed to keep one closed."""
    known = {
        *(
            "control_address",
            "health_server_address",
            "host",
            "port",
            "insecure",
            "certificates",
            "superexec_auth_secret",
        ),
        *("authn_plugin", "event_log_plugin", "fleet_event_log_plugin", "enable_event_log", "artifact_provider"),
        *(
            "enable_supernode_auth",
            "fleet_api_type",
            "fleet_api_address",
            "simulation",
            "ssl_ca_certfile",
            "ssl_certfile",
        ),
        *("ssl_keyfile", "database", "isolation", "runtime_dependency_install"),
    }
    changed = known ^ set(SuperLinkLifespanConfig.__dataclass_fields__)
    assert not changed, f"{UPGRADE}settings came or went: {sorted(changed)}; see _settings in {APP}"


def test_the_calls_that_the_public_port_passes_exist():
    routes = create_app.__globals__["fleet_router"].routes
    gone = SITE_CALLS - {route.path for route in routes}
    assert not gone, f"{UPGRADE}the paths {sorted(gone)} moved; see SITE_CALLS in riskset_server/engine/doors.py"
    assert {ACTIVATION, FLEET_PULL} <= SITE_CALLS


def test_the_middlewares_can_run_in_one_task():
    """All of Flower's, and the one that verifies a node's signature among them."""
    middlewares = create_app.__globals__["_get_middleware"]()
    assert all(issubclass(one.cls, BaseHTTPMiddleware) for one in middlewares), UPGRADE + "see engine/middlewares.py"
    assert NodeAuthMiddleware in [one.cls for one in middlewares], UPGRADE + "node keys are verified elsewhere"


def test_a_node_signs_its_requests_as_flower_s_own_interceptor_does():
    """Which a site does not import: it brings a web framework with it."""
    key = new_node_key()
    theirs = NodeAuthHttpInterceptor(key, key.public_key())
    ours = NodeSignature(key, public_key_to_bytes(key.public_key()), SIGNATURE_HEADERS)
    signed = []
    for interceptor in (theirs, ours):
        request = SimpleNamespace(headers=httpx.Headers())
        assert interceptor.intercept(SimpleNamespace(request=request), lambda context: context.request) is request
        signed.append(dict(request.headers))
    assert signed[0].keys() == signed[1].keys(), UPGRADE + "node authentication has other headers; see " + SITE
    names = SIGNATURE_HEADERS
    for headers in signed:
        at = headers[names.timestamp]
        assert datetime.fromisoformat(at).utcoffset() == timedelta(0)
        assert b64decode(headers[names.public_key]) == public_key_to_bytes(key.public_key())
        assert verify_signature(key.public_key(), at.encode(), b64decode(headers[names.signature]))


def test_a_site_s_process_starts_without_what_only_a_server_needs():
    """Half a second of CPU at every site's start: a web framework, a database, figures, a second HTTP client."""
    program = "import sys, riskset_site.commands.serve, riskset_site.link; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "flwr.supernode.fleet_http_client" in said.stdout.split()
    assert {name.partition(".")[0] for name in said.stdout.split()} & NOT_AT_A_SITE == set()


def test_a_client_s_connection_can_be_replaced():
    """Both modules replace it with their own, which bypasses a proxy on this machine."""
    client = FleetHttpClient("https://127.0.0.1:1")
    assert hasattr(client, "_client"), f"{UPGRADE}ProtobufClient keeps its httpx.Client elsewhere"
    client.close()


def test_an_incomplete_reply_is_given_up_no_earlier_than_flower_does():
    assert ARRIVAL_S >= OBJECT_PUSH_SESSION_TTL_SECONDS, UPGRADE + "a push session lasts longer; see ARRIVAL_S"


def test_an_answer_without_messages_is_an_empty_body():
    """This is how the server knows that there are no messages yet, and holds the request."""
    for module, name in (("fleet_pb2", "PullMessagesResponse"), ("runtime_pb2", "PullAppMessagesResponse")):
        empty = getattr(importlib.import_module(f"flwr.proto.{module}"), name)()
        assert empty.SerializeToString() == b"", f"{UPGRADE}{name} is never empty; see engine/long_poll.py"


def test_uvicorn_s_protocol_has_what_the_deadline_needs():
    source = inspect.getsource(H11Protocol)
    for name in ("self.cycle", "response_complete", "self.client", "self.loop", "self.transport"):
        assert name in source, (
            f"uvicorn's H11Protocol has no {name} any more; see _GuardedProtocol in engine/superlink.py"
        )


def test_uvicorn_s_server_makes_its_protocols_as_ours_are_made():
    """Ours accepts connections itself, to count them before TLS, and makes what serves them as uvicorn does."""
    source = inspect.getsource(uvicorn.Server.startup)
    for part in ("config=config", "server_state=self.server_state", "app_state=self.lifespan.state", "ssl=config.ssl"):
        assert part in source, f"uvicorn's Server has no {part} any more; see _entrance in engine/superlink.py"


@pytest.mark.parametrize("module", ["riskset_site.link", "riskset_server.link", "riskset_server.flower_app"])
def test_importing_either_link_turns_flower_s_telemetry_off(module):
    """In a separate process without any Flower setting in its environment, like a hospital's machine."""
    program = f"import {module}, flwr.supercore.telemetry as t; print(t.FLWR_TELEMETRY_ENABLED)"
    silent = {key: value for key, value in os.environ.items() if not key.startswith("FLWR_")}
    said = subprocess.run([sys.executable, "-c", program], env=silent, capture_output=True, text=True, check=True)
    assert said.stdout == "0\n", f"{UPGRADE}telemetry is switched otherwise now; see the top of {module}"
