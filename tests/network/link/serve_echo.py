"""A site in its own process that answers each message with the message reversed.

`python serve_echo.py ADDRESS CA KEY LEASE_S WAIT_S`. Prints what happens, one word per line. A message that begins with
`hold` is kept for an hour, like a long computation.
"""

import signal
import sys
import time
from pathlib import Path

from riskset.errors import Unreachable
from riskset.secure.node_key import load_node_key
from riskset_site.link import FleetLink


def main(address, ca, key, lease_s, wait_s):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    times = {"lease_s": lease_s, "wait_s": wait_s, "timeout_s": 2 * wait_s}
    with FleetLink(address, ca.read_bytes(), load_node_key(key), **times) as link:
        said = ""
        while True:
            try:
                if said not in ("online", "asked"):
                    link.connect()
                    said = say("online", said)
                delivery = link.receive()
            except Unreachable as error:
                said = say(type(error).__name__, said)
                time.sleep(0.2)
                continue
            if delivery is not None:
                said = say("asked", said)
                time.sleep(3600 if delivery.payload.startswith(b"hold") else 0)
                link.reply(delivery, delivery.payload[::-1])


def say(word, said):
    if word != said:
        print(word, flush=True)
    return word


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
