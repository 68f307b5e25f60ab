"""Which addresses are this machine's own. httpx obeys HTTPS_PROXY by itself, and to these no proxy leads."""

from __future__ import annotations

import ipaddress


def is_this_machine(address: str) -> bool:
    """True for host:port of the loopback."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
