"""Whether the site answers: the process `riskset site serve`, its log, and a pause of it.

The desk starts and stops no process. One that it started would end with it on some systems and not on others, and
Windows has no signal by which it could be stopped between two messages; the page says how a person does it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.ledger.entry import Entry
from riskset.protocol.consent import ConsentState
from riskset_site.consent.approvals import Approvals
from riskset_site.consent.signing import act
from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.network.folder_watch import process_of
from riskset_site.records.journal import REPLIES
from riskset_site.site_status import consent_and_entries, minute

_LINES = 12
"""Of the log, the last."""


@dataclass(frozen=True)
class Service:
    """Whether and how the site answers."""

    process: int | None
    """The process that answers; None where none runs."""
    consent: ConsentState
    answered_at: str
    """When a request was last answered, UTC; empty where none was."""
    log: tuple[str, ...]
    """The last lines of the process, the latest last. They have no patient's value."""


async def _show(visit: Visit) -> Response:
    paths = visit.seat.paths
    consent, entries = await visit.work(lambda: consent_and_entries(visit.seat.site_file))
    service = Service(process_of(paths.lock), consent, _answered_at(entries), _last_lines(paths.log))
    return visit.page("service", service=service, site_file=visit.seat.site_file.absolute())


def _answered_at(entries: Sequence[Entry]) -> str:
    return next((minute(entry.at) for entry in reversed(entries) if entry.kind in REPLIES), "")


def _last_lines(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    with path.open(encoding="utf-8", errors="replace") as file:
        return tuple(line.rstrip("\n") for line in deque(file, _LINES))


async def _act(visit: Visit) -> Response:
    by, reason, what = (visit.form.line(name) for name in ("by", "reason", "act"))
    visit.seat.by = by
    decisions: dict[str, tuple[Callable[[Approvals], object], Message]] = {
        "pause": (lambda approvals: approvals.pause(by, reason), say("site.desk.done.paused")),
        "resume": (lambda approvals: approvals.resume(by, reason), say("site.desk.done.resumed")),
        "withdraw": (lambda approvals: approvals.withdraw(by, reason), say("site.desk.done.withdrawn")),
    }
    if what not in decisions:
        raise HTTPException(403)  # a form that no page of the desk has
    if what == "withdraw" and not visit.form.is_ticked("certain"):
        raise DataError(say("site.desk.not_certain"))
    decide, said = decisions[what]
    await visit.work(lambda: act(visit.seat.site_file, decide))
    return visit.done("/service", said)


PAGES = (DeskPage("/service", _show, _act),)
