"""The language in which each reader of a desk has its pages: chosen on a page, else the first that their browser asks
for, else that of the command."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from riskset.catalogue import languages
from riskset.language import speaking_to

LANGUAGE_COOKIE: Final = "__Host-riskset_language"
_MOST_ASKED: Final = 20
"""Languages that a browser asks for; none has as many."""


class Readers:
    """Answers each request in the language of whoever asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        language = _chosen(headers.get("cookie", "")) or _asked_for(headers.get("accept-language", ""))
        with speaking_to(language):
            await self.app(scope, receive, send)


def _chosen(cookies: str) -> str | None:
    try:
        found = SimpleCookie(cookies).get(LANGUAGE_COOKIE)
    except CookieError:
        return None
    return found.value if found is not None and found.value in languages() else None


def _asked_for(header: str) -> str | None:
    """Returns the first language, by the weights of RFC 9110, section 12.5.4, of which there is a catalogue."""
    weighted = list[tuple[float, str]]()
    for asked in header.split(",")[:_MOST_ASKED]:
        tag, _, weight = asked.partition(";")
        name = tag.strip().lower().partition("-")[0]
        if name in languages():
            weighted.append((_weight(weight), name))
    best = max(weighted, key=lambda one: one[0], default=(0.0, ""))  # of equal ones the first
    return best[1] if best[0] > 0 else None


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
