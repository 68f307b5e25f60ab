"""`riskset site desk`."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from html import escape
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.language import OwnLanguage
from riskset.private_files import replace_file
from riskset.terminal import tell
from riskset_site.commands import SiteToml, speak_at


def desk(
    site_file: SiteToml,
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser")] = True,
    language: OwnLanguage = None,
) -> None:
    """Serves the desk until it is stopped."""
    from riskset.desk.serving import bound, serve  # a web server takes half a second to import: here it is needed
    from riskset_site.desk.app import desk_of

    speak_at(site_file)
    with bound(port) as listening:
        app = desk_of(site_file, listening.getsockname()[1])
        with _browser_led_to(app.start_address, site_file.parent / "desk.html") if browser else nullcontext():
            serve(app, listening, lambda: tell(say("site.desk.open", address=app.start_address)))


@contextmanager
def _browser_led_to(address: str, file: Path) -> Iterator[None]:
    """Opens a browser at a file that leads to the address, and keeps that file while the desk is open. The browser is
    not started with the address itself: every user of a machine can read the words with which a program was started."""
    there = escape(address)
    page = f'<!DOCTYPE html>\n<meta http-equiv="refresh" content="0; url={there}">\n<a href="{there}">{there}</a>\n'
    replace_file(file, page.encode())
    try:
        # a browser of the terminal keeps whoever starts it waiting
        Thread(target=webbrowser.open, args=[file.absolute().as_uri()], daemon=True).start()
        yield
    finally:
        with suppress(OSError):
            file.unlink()
