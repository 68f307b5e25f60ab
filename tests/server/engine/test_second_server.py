"""The server's command given twice: the second ends without touching what the first has open."""

import socket

import pytest

from riskset.errors import RisksetError
from riskset_server.engine.superlink import LOOPBACK, SuperLinkConfig
from riskset_server.flower_app import serve


def test_a_second_server_does_not_open_the_database_of_the_first(tmp_path):
    with socket.create_server((LOOPBACK, 0)) as first:
        port = first.getsockname()[1]
        config = SuperLinkConfig(
            certificate=tmp_path / "server.pem",
            key=tmp_path / "server.key",
            token="the token of the tests",
            public_host=LOOPBACK,
            public_port=port,
            database=tmp_path / "superlink.sqlite",
        )
        with pytest.raises(RisksetError, match=f"port {port}") as refused:
            serve(config)
        assert "may already be running" in str(refused.value.hint)
    assert list(tmp_path.iterdir()) == []
