"""`riskset site desk`."""

from __future__ import annotations

from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.language import OwnLanguage
from riskset.terminal import tell
from riskset_site.commands import SiteToml, speak_at


def desk(
    site_file: SiteToml,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the address in your browser.")] = True,
    language: OwnLanguage = None,
) -> None:
    """Open the site desk: pages in your browser to check the data, review, approve, pause, and read the ledger.

    The pages come from this machine, are for you alone, and go nowhere else. They do what the commands do. Ctrl-C, or
    closing the window, ends the desk; riskset site serve goes on without it.

    Example: riskset site desk site.toml --lang ja
    """
    from riskset.desk.serving import bound, serve  # a web server takes half a second to import: only where it is used
    from riskset_site.desk.app import desk_of

    speak_at(site_file)
    with bound(port) as listening:
        app = desk_of(site_file, listening.getsockname()[1])

        def started() -> None:
            tell(say("site.desk.open", address=app.start_address))
            if browser:
                typer.launch(app.start_address)

        serve(app, listening, started)
