"""The hospital's commands: `riskset site ...`. Each is a function of its own module, mounted here."""

from __future__ import annotations

import typer

from riskset_site.approve_command import approve, vouch
from riskset_site.check_command import check
from riskset_site.consent_commands import pause, resume, withdraw
from riskset_site.join_command import join, renew
from riskset_site.ledger_command import ledger
from riskset_site.review_command import review
from riskset_site.serve_command import serve

app = typer.Typer(no_args_is_help=True)


@app.callback()
def site() -> None:
    """The hospital: check the data, join, take part in a study."""


app.command()(check)
app.command()(join)
app.command()(renew)
app.command()(review)
app.command()(vouch)
app.command()(approve)
app.command()(pause)
app.command()(resume)
app.command()(withdraw)
app.command()(serve)
app.command()(ledger)
