"""Ports of the loopback for servers that are stopped and started again."""

import random
import socket

FIRST, LAST = 20_000, 32_000
"""Below those that Linux, macOS and Windows give to whoever asks for any port: nobody gets one by accident while the
server is down."""
_kept = []


def own_ports(n):
    """Returns n ports that nobody else who asks here gets before this process ends, in it or in another one. A UDP
    socket of the same number says so; servers are on TCP, and do not notice it."""
    ports = []
    while len(ports) < n:
        port, mark = random.randrange(FIRST, LAST), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            mark.close()
            continue
        _kept.append(mark)
        ports.append(port)
    return ports
