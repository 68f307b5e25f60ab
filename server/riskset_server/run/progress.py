"""Progress of a run: a table with one row per site in a terminal, one line per round elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from riskset.catalogue import NOTHING, Message, say
from riskset.language import told
from riskset.protocol.coordinator import Coordinator
from riskset.visible_text import lines
from riskset_server.run.rounds import state_of
from riskset_server.run.staying_out import NextRun

SAY_WAITING_AFTER = timedelta(seconds=10)
"""Without a terminal: how long a round waits before the missing sites are printed."""
SAY_AGAIN_AFTER = timedelta(minutes=10)
"""And how long before they are printed again, where nothing has changed: a site may be away for days."""

Now = Callable[[], datetime]
"""Returns the time of day on this machine."""


class Lines:
    """One line per round; where it waits, whom it waits for, since when, and who can end that."""

    def __init__(self, console: Console, next_run: NextRun, now: Now = datetime.now) -> None:
        self._console, self._waiting, self._now = console, _Waiting(next_run), now
        self._quiet_since = now()
        self._said: tuple[Message, ...] = ()

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        now = self._now()
        if now - self._quiet_since < SAY_WAITING_AFTER:
            return
        lines = self._waiting.lines(coordinator, online, unwilling)
        if lines == self._said and now - self._quiet_since < SAY_AGAIN_AFTER:
            return
        self._quiet_since, self._said = now, lines
        for line in lines:
            _print(self._console, say("run.progress.at", time=_time(now), line=line))

    def answered(self, site: str, round_: int, seconds: float) -> None:
        self._quiet_since = self._now()

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        self._quiet_since, self._said = self._now(), ()
        _print(self._console, say("run.progress.round_done", round=round_, sites=sites, seconds=seconds))

    def trouble(self, message: Message | str) -> None:
        _print_trouble(self._console, self._now(), message)


class SiteRows:
    """A table that is redrawn in place: for each site when it was last online, the last round it answered, and how long
    that took; below it, who can end the waiting."""

    def __init__(self, live: Live, sites: tuple[str, ...], next_run: NextRun, now: Now = datetime.now) -> None:
        self._live, self._waiting, self._now = live, _Waiting(next_run), now
        self._rows = dict.fromkeys(sites, ("-", "-"))
        self._seen: dict[str, str] = dict.fromkeys(sites, say("run.progress.never"))
        self._quiet_since = now()
        self._drawn_at: datetime | None = None
        self._title = NOTHING

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        now = self._now()
        for site in online & self._seen.keys():
            self._seen[site] = _time(now)
        left = coordinator.analyses_left
        number = coordinator.round
        self._title = say("run.progress.title", round=number, n=len(left)) if left else _opening(number)
        if self._drawn_at is None or now - self._drawn_at > timedelta(seconds=0.2):
            waiting, no_approval = say("run.progress.waiting"), say("run.progress.no_approval")
            is_long = now - self._quiet_since >= SAY_WAITING_AFTER
            lines = self._waiting.lines(coordinator, online, unwilling) if is_long else ()
            self._draw(dict.fromkeys(coordinator.waiting_for, waiting) | dict.fromkeys(unwilling, no_approval), lines)

    def answered(self, site: str, round_: int, seconds: float) -> None:
        self._quiet_since = self._now()
        self._rows[site] = (str(round_), f"{seconds:.2f}")

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        self._quiet_since = self._now()
        self._draw({}, ())
        _print(self._live.console, say("run.progress.round_done", round=round_, sites=sites, seconds=seconds))

    def trouble(self, message: Message | str) -> None:
        _print_trouble(self._live.console, self._now(), message)

    def _draw(self, missing: Mapping[str, Message], lines: Sequence[Message]) -> None:
        """`missing`: for each site that has not answered, why."""
        self._drawn_at = self._now()
        table = Table(title=told(self._title), title_justify="left", box=None, pad_edge=False)
        for column in ("site", "last_seen", "round", "seconds"):
            table.add_column(told(say(f"run.progress.column.{column}")))
        table.add_column("")
        for site, (round_, seconds) in self._rows.items():
            state = missing.get(site, say("run.progress.answered"))
            table.add_row(site, told(self._seen[site]), round_, seconds, told(state))
        since = _time(self._quiet_since)
        below = [say("run.progress.since", time=since, line=line) for line in lines[:1]] + list(lines[1:])
        self._live.update(Group(table, *(Text(told(line)) for line in below)))


class _Waiting:
    """For whom a round waits and why, who can end that, and how to go on without those that are absent."""

    def __init__(self, next_run: NextRun) -> None:
        self._next_run = next_run
        self._known: tuple[int, dict[str, Message]] | None = None
        self._lines: tuple[Message, ...] = ()

    def lines(
        self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]
    ) -> tuple[Message, ...]:
        """Returns two sentences. They are made again only after a change: rule R13 takes its time for fifty sites."""
        now = coordinator.round, {site: state_of(site, online, unwilling) for site in coordinator.waiting_for}
        if now != self._known:
            self._known, self._lines = now, self._made(coordinator, *now)
        return self._lines

    def _made(self, coordinator: Coordinator, round_: int, states: Mapping[str, Message]) -> tuple[Message, ...]:
        sites = tuple(say("run.silent_site", site=site, state=state) for site, state in states.items())
        codes = [state.code.rpartition(".")[2] for state in dict.fromkeys(states.values())]
        ways = [say(f"run.progress.who_ends.{code}") for code in codes]
        if absent := tuple(site for site, state in states.items() if state.code != "run.progress.online"):
            ways.append(self._next_run.without(absent, coordinator.participants, is_opened=round_ > 0))
        return (
            say("run.progress.waiting_for", round=round_, sites=sites),
            say("run.progress.who_ends_it", ways=tuple(ways)),
        )


def _opening(round_: int) -> Message:
    return say("run.progress.title_opening", round=round_)


def _time(at: datetime) -> str:
    return at.strftime("%H:%M:%S")


def _print(console: Console, message: Message) -> None:
    console.print(lines(told(message)), highlight=False, markup=False, soft_wrap=True)


def _print_trouble(console: Console, at: datetime, message: Message | str) -> None:
    line = say("run.progress.at", time=_time(at), line=message)
    console.print(f"  {lines(told(line))}", highlight=False, markup=False, style="yellow", soft_wrap=True)
