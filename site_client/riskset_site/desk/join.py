"""The form with which a site joins: it makes the keys, sends the request, and shows the words to compare."""

from __future__ import annotations

from starlette.responses import Response

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.invite import read_invite
from riskset.language import told
from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.membership import Details, join_study


async def _show(visit: Visit) -> Response:
    return visit.page("join")


async def _act(visit: Visit) -> Response:
    form, seat = visit.form, visit.seat
    if not form.file:
        raise DataError(say("site.desk.no_invite"))
    invite = read_invite(form.file, str(say("site.desk.invite")))
    stated = Details(*(form.line(name) for name in ("telephone", "irb", "irb_until")))
    wants_lock = not seat.has_joined and bool(form.text("new_passphrase") or form.text("again"))
    if wants_lock:
        seat.choose(form.text("new_passphrase"), form.text("again"))
    said: list[str] = []

    def tell(text: object, *, err: bool = False) -> None:
        said.append(told(text) if isinstance(text, str) else str(text))

    by_mail = form.is_ticked("by_mail")
    await visit.work(lambda: join_study(invite, seat.paths, stated, tell, by_mail=by_mail, passphrase=wants_lock))
    return visit.page("joined", lines=[line for text in said for line in text.strip().split("\n")])


PAGES = (DeskPage("/join", _show, _act),)
