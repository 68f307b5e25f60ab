"""`riskset audit serve`: the desk for several auditors, over TLS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.desk.serving import LOOPBACK, bound, serve
from riskset.language import Language
from riskset.terminal import tell
from riskset_release.commands import (
    Accepts,
    Bundle,
    EarlierFolder,
    Exact,
    Keys,
    Requesters,
    VetoUntil,
    Votes,
    policy_of,
    read_candidate,
)
from riskset_release.desk.door import Door
from riskset_release.desk.review import Review
from riskset_release.desk.served_desk import ServedDesk
from riskset_release.desk.sessions import LoggedIn
from riskset_release.desk.tls import tls_of
from riskset_release.logins import address_of


def serve_desk(
    bundle: Bundle,
    keys: Keys,
    votes: Votes,
    name: Annotated[str, typer.Option("--name", help="The name by which browsers reach the desk: the certificate's.")],
    certificate: Annotated[Path, typer.Option("--certificate", help="PEM: the certificate, and those above it.")],
    certificate_key: Annotated[
        Path, typer.Option("--certificate-key", help="PEM: its private key, readable by you alone.")
    ],
    host: Annotated[
        str, typer.Option("--host", help="The address of this machine to listen at; 0.0.0.0: every one.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8443,
    accepts: Accepts = None,
    requester: Requesters = None,
    veto_until: VetoUntil = "",
    earlier: EarlierFolder = None,
    exact: Exact = None,
    language: Language = None,
) -> None:
    """Open a review desk at which all auditors log in from their own machines, with their own keys.

    The desk holds no auditor's key. Each answers a challenge with riskset audit login, reads the outputs, signs with
    riskset audit sign on their own machine, and uploads the vote. It speaks TLS 1.2 or later, and nothing else. Ctrl-C
    ends it; votes are in the folder.

    Example: riskset audit serve run.zip --keys trusted.toml --votes votes --host 0.0.0.0 --name review.example.org
    --certificate cert.pem --certificate-key key.pem
    """
    tls = tls_of(certificate, certificate_key, address_of(name))  # told before a bundle is read
    candidate, trusted = read_candidate(bundle, keys, earlier, exact)
    review = Review(candidate, trusted, policy_of(candidate, trusted, requester, accepts, veto_until), votes)
    review.count()  # a folder that cannot be read is told here, not in the browser
    with bound(port, host) as listening:
        address = address_of(f"{name}:{listening.getsockname()[1]}")
        app = ServedDesk(Door(address, review, time.monotonic), LoggedIn(time.monotonic))
        serve(app, listening, lambda: tell(say("release.serve.open", address=f"https://{address}/")), tls)
