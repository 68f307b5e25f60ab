"""`riskset server start`: its settings reach the server, and what the server logs is printed with its time."""

import logging
import sys
from types import SimpleNamespace

import pytest

from riskset.cli import main
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.engine.entrance import address_of


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Returns a function that gives the command, and returns its exit code and the settings with which it would serve;
    meanwhile something is logged."""
    CoordinatorFolder(tmp_path / "coordinator").make("127.0.0.1", 8443, 8444)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers])
    served = []

    def serve(config, on_ready):
        served.append(config)
        logging.getLogger("flwr").warning("from a stranger: %s", "\x1b[2J")

    monkeypatch.setitem(sys.modules, "riskset_server.flower_app", SimpleNamespace(serve=serve))
    return lambda *options: (main(["server", "start", str(tmp_path / "coordinator"), *options]), served)


def test_the_limit_and_the_proxies_are_settings(start):
    code, (config,) = start("--connections-per-address", "200", "--trusted-proxy", "10.0.0.5", "--trusted-proxy", "::1")
    assert (code, config.limits.connections_per_address) == (0, 200)
    assert set(config.proxies) == {address_of("10.0.0.5"), address_of("::1")}


def test_without_settings_no_proxy_is_believed(start):
    _, (config,) = start()
    assert (config.limits.connections_per_address, set(config.proxies)) == (64, set())


@pytest.mark.parametrize("name", ["proxy.example.org", "10.0.0.0/8", "*", ""])
def test_a_proxy_is_named_by_its_address_alone(start, name, capsys):
    code, served = start("--trusted-proxy", name)
    assert (code, served) == (2, [])
    assert "not an address" in capsys.readouterr().err


def test_the_log_is_printed_with_its_time_and_without_control_characters(start, capsys):
    start()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "stranger" in line]
    assert line[:3].isdigit()
    assert line.endswith("+00:00 from a stranger: \\x1b[2J")
