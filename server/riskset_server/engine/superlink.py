"""The coordinator's server: Flower's SuperLink between our doors. No Flower in here: `link` makes it.

The public port is for the sites, the loopback port for the coordinator. Both show the server's certificate: on the
loopback too, so that a program that takes the port while the SuperLink is away is not shown the token.
"""

from __future__ import annotations

from riskset_server.engine.front_door import App, FrontDoor, LeaseTeller, TokenDoor
from riskset_server.engine.joining_door import JoiningDoor
from riskset_server.engine.long_poll import Bell, LongPoll
from riskset_server.engine.recording import Recorder
from riskset_server.engine.two_ports import Ready, SuperLinkConfig, serve_two_ports
from riskset_server.link import FLEET_PULL, RUNTIME_PULL, superlink_app


def serve_superlink(config: SuperLinkConfig, on_ready: Ready | None = None) -> None:
    """Serves until SIGTERM or SIGINT, and calls `on_ready(public_port, control_port)` when both ports are open.

    Raises RisksetError where a port is taken.
    """
    app, lease_left_s = superlink_app(config)
    recorder = None if config.record is None else Recorder(config.record)
    questions, answers = Bell(), Bell()
    fleet = LongPoll(app, held=FLEET_PULL, until=questions, bell=answers)
    runtime = LongPoll(app, held=RUNTIME_PULL, until=answers, bell=questions)
    public: App = FrontDoor(LeaseTeller(fleet, lease_left_s), config.limits, recorder)
    if config.joining is not None:
        public = JoiningDoor(public, config.joining, config.limits, recorder)
    serve_two_ports(config, public, TokenDoor(runtime, config.token), on_ready)
