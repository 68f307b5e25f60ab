"""The hospital's commands: `riskset site ...`. Each is a function of its own module, mounted here."""

from __future__ import annotations

import typer

from riskset_site.check_command import check
from riskset_site.keys_command import keys
from riskset_site.serve_command import serve

app = typer.Typer(no_args_is_help=True)


@app.callback()
def site() -> None:
    """The hospital: check the data, keep the keys, take part in a study."""


app.command()(check)
app.command()(keys)
app.command()(serve)
