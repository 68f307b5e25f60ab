"""A SuperLink in its own process: `python serve_superlink.py FOLDER PUBLIC_PORT CONTROL_PORT [DATABASE]`.

Prints one line with both ports when it is ready. The limits are small, so that tests of them are short, yet longer than
a client on a busy machine takes to begin or to send 33 MiB; a request for messages is held as long as the site
requests, so that no answer comes by itself.
"""

import sys
from pathlib import Path

from riskset_server.engine import long_poll
from riskset_server.engine.doors import Limits
from riskset_server.engine.superlink import SuperLinkConfig
from riskset_server.flower_app import serve


def main(folder, public_port, control_port, database=None):
    long_poll.LONGEST_S = float("inf")
    config = SuperLinkConfig(
        certificate=folder / "server.pem",
        key=folder / "server.key",
        token="the token of the tests",
        public_host="127.0.0.1",
        public_port=int(public_port),
        control_port=int(control_port),
        database=database and Path(database),
        record=folder / "recording",
        limits=Limits(header_s=10.0, body_s=20.0, connections_per_address=24),
    )
    serve(config, lambda public, control: print(public, control, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
