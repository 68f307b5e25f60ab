"""The hospital's commands: `riskset site ...`. Each is a function of its own module, mounted here."""

from __future__ import annotations

import typer

from riskset_site.commands.check import check
from riskset_site.commands.consent import approve, pause, resume, review, vouch, withdraw
from riskset_site.commands.desk import desk
from riskset_site.commands.explore import explore
from riskset_site.commands.join import join, renew
from riskset_site.commands.ledger import ledger
from riskset_site.commands.map import map_
from riskset_site.commands.opening import destroy_secret, open_
from riskset_site.commands.receipt import receipt
from riskset_site.commands.recompute import recompute_run
from riskset_site.commands.serve import serve
from riskset_site.commands.status import status
from riskset_site.commands.veto import veto
from riskset_site.commands.withdraw_release import withdraw_release

app = typer.Typer(no_args_is_help=True)


@app.callback()
def site() -> None:
    """Holds the commands."""


app.command("map")(map_)
app.command()(check)
app.command()(desk)
app.command()(explore)
app.command()(join)
app.command()(renew)
app.command()(review)
app.command()(vouch)
app.command()(approve)
app.command()(pause)
app.command()(resume)
app.command()(withdraw)
app.command()(serve)
app.command()(status)
app.command()(ledger)
app.command()(receipt)
app.command("open")(open_)
app.command("recompute")(recompute_run)
app.command()(destroy_secret)
app.command()(veto)
app.command("withdraw-release")(withdraw_release)
