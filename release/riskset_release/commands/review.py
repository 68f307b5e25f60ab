"""`riskset audit review`: the desk."""

from __future__ import annotations

from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.desk.serving import LOOPBACK, bound, serve
from riskset.errors import Refused
from riskset.language import Language
from riskset.ledger.durable import utc_now
from riskset.terminal import tell
from riskset_release.auditor_key import load_auditor
from riskset_release.commands import (
    Accepts,
    As,
    Bundle,
    EarlierFolder,
    Exact,
    Key,
    Keys,
    Requesters,
    VetoUntil,
    Votes,
    policy_of,
    read_candidate,
)
from riskset_release.desk.own_desk import OwnDesk
from riskset_release.desk.review import Review
from riskset_release.desk.seats import SigningSeat


def review(
    bundle: Bundle,
    keys: Keys,
    votes: Votes,
    as_: As,
    key: Key,
    accepts: Accepts = None,
    requester: Requesters = None,
    veto_until: VetoUntil = "",
    earlier: EarlierFolder = None,
    exact: Exact = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    host: Annotated[str, typer.Option("--host", help="This machine only.")] = LOOPBACK,
    language: Language = None,
) -> None:
    """Open the review desk: pages in your browser on which you read each output and sign your vote.

    The pages come from this machine and go nowhere else. The bundle is checked first. Open the address that is printed:
    it opens the desk once, in one browser. Ctrl-C ends it; votes are in the folder.

    Exit 3: another host is asked for, or less than the study asks.

    Example: riskset audit review run.zip --keys trusted.toml --votes votes --as sato --key sato.pem --lang ja
    """
    if host != LOOPBACK:
        raise Refused("host", say("release.review.host", host=host), say("release.review.host_hint"))
    candidate, trusted = read_candidate(bundle, keys, earlier, exact)
    policy = policy_of(candidate, trusted, requester, accepts, veto_until)
    private = load_auditor(key, as_, trusted)
    seat = SigningSeat.of(Review(candidate, trusted, policy, votes), as_, private, utc_now)
    seat.standings()  # a folder that cannot be read is told here, not in the browser
    with bound(port) as listening:
        app = OwnDesk(seat, listening.getsockname()[1])
        serve(app, listening, lambda: tell(say("release.review.open", address=app.start_address)))
