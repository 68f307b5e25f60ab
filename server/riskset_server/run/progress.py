"""Progress of a run: a table with one row per site in a terminal, one line per round elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from rich.console import Console
from rich.live import Live
from rich.table import Table

from riskset.catalogue import NOTHING, Message, say
from riskset.protocol.coordinator import Coordinator
from riskset.visible_text import lines

SAY_WAITING_AFTER_S = 10.0
"""Without a terminal: how long a round waits before the missing sites are printed, and how often after that."""


class Lines:
    """One line per round, and one whenever the run has waited for some time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said_at = time.monotonic()

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        if time.monotonic() - self._said_at < SAY_WAITING_AFTER_S:
            return
        self._said_at = time.monotonic()
        online_now, no_approval = say("run.progress.online"), say("run.progress.no_approval")
        state = dict.fromkeys(online, online_now) | dict.fromkeys(unwilling, no_approval)
        away = say("run.progress.away")
        sites = tuple(f"{site} ({state.get(site, away)})" for site in coordinator.waiting_for)
        _print(self._console, say("run.progress.waiting_for", round=coordinator.round, sites=sites))

    def answered(self, site: str, round_: int, seconds: float) -> None:
        self._said_at = time.monotonic()

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        self._said_at = time.monotonic()
        _print(self._console, say("run.progress.round_done", round=round_, sites=sites, seconds=seconds))

    def trouble(self, message: Message | str) -> None:
        _print_trouble(self._console, message)


class SiteRows:
    """A table that is redrawn in place: for each site when it was last online, the last round it answered, and how long
    that took."""

    def __init__(self, live: Live, sites: tuple[str, ...]) -> None:
        self._live = live
        self._rows = dict.fromkeys(sites, ("-", "-"))
        self._seen = dict.fromkeys(sites, str(say("run.progress.never")))
        self._drawn_at = 0.0
        self._title = NOTHING

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        for site in online & self._seen.keys():
            self._seen[site] = time.strftime("%H:%M:%S")
        left = coordinator.analyses_left
        number = coordinator.round
        self._title = say("run.progress.title", round=number, n=len(left)) if left else _opening(number)
        if time.monotonic() - self._drawn_at > 0.2:
            waiting, no_approval = say("run.progress.waiting"), say("run.progress.no_approval")
            self._draw(dict.fromkeys(coordinator.waiting_for, waiting) | dict.fromkeys(unwilling, no_approval))

    def answered(self, site: str, round_: int, seconds: float) -> None:
        self._rows[site] = (str(round_), f"{seconds:.2f}")

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        self._draw({})
        _print(self._live.console, say("run.progress.round_done", round=round_, sites=sites, seconds=seconds))

    def trouble(self, message: Message | str) -> None:
        _print_trouble(self._live.console, message)

    def _draw(self, missing: Mapping[str, Message]) -> None:
        """`missing`: for each site that has not answered, why."""
        self._drawn_at = time.monotonic()
        table = Table(title=str(self._title), title_justify="left", box=None, pad_edge=False)
        for column in ("site", "last_seen", "round", "seconds"):
            table.add_column(str(say(f"run.progress.column.{column}")))
        table.add_column("")
        for site, (round_, seconds) in self._rows.items():
            table.add_row(site, self._seen[site], round_, seconds, str(missing.get(site, say("run.progress.answered"))))
        self._live.update(table)


def _opening(round_: int) -> Message:
    return say("run.progress.title_opening", round=round_)


def _print(console: Console, message: Message) -> None:
    console.print(lines(str(message)), highlight=False, markup=False)


def _print_trouble(console: Console, message: Message | str) -> None:
    console.print(f"  {lines(str(message))}", highlight=False, markup=False, style="yellow")
