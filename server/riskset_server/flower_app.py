"""Flower's SuperLink as an application, served in our own process behind our doors.

Beside `riskset_server.link`, which calls it, the only server module that imports Flower.
"""

from __future__ import annotations

import os
import time
from base64 import b64decode
from collections.abc import Mapping

# Flower reads these while it is imported: no telemetry, and none of its older gRPC ports
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"
os.environ["FLWR_INTERNAL_GRPC_CONTROL_API"] = "0"
os.environ["FLWR_INTERNAL_GRPC_FLEET_API"] = "0"

from alembic.config import Config
from flwr.supercore import constant
from flwr.supercore.state.alembic import utils as migrations
from flwr.superlink.auth_plugin import NoOpControlAuthnPlugin
from flwr.superlink.cli.flower_superlink import SuperLinkLifespan
from flwr.superlink.config_loader import SuperLinkLifespanConfig
from flwr.superlink.main import create_app
from sqlalchemy.engine import Engine
from starlette.middleware import Middleware

from riskset.engine.client import quieten
from riskset_server.engine.doors import App, LeaseLeft
from riskset_server.engine.middlewares import InOneTask
from riskset_server.engine.superlink import LOOPBACK, Ready, SuperLinkConfig, serve_superlink, superlink_ports


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
    app.user_middleware = [Middleware(InOneTask, app.user_middleware)]
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
