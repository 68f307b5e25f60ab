"""What every request has to pass before the desk reads it, and what every answer says to the browser."""

from __future__ import annotations

from typing import Final, Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY: Final = 2**16
"""A vote with the longest reason, in a form, is shorter."""
PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
DRAWING_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'; base-uri 'none'"
)
"""Of a drawing: its colours are in style attributes; no script, no link, no form."""
_HEADERS: Final = {
    "content-security-policy": PAGE_POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
_OVER_TLS: Final = {**_HEADERS, "strict-transport-security": "max-age=31536000"}
"""A year; browsers then ask nothing of this name without TLS."""


class Guard:
    """Refuses what is not addressed to this desk by its own pages, and what is too long."""

    def __init__(
        self, app: ASGIApp, scheme: Literal["http", "https"], hosts: frozenset[str], most_body: int = MOST_BODY
    ) -> None:
        """`hosts`: the addresses of the desk with the port, as browsers send them; `most_body`: bytes of a form."""
        self.app, self.scheme, self.hosts, self.most_body = app, scheme, hosts, most_body
        self.headers = _OVER_TLS if scheme == "https" else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # the desk has no sockets; a server closes what nobody answers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        body = await _body(headers, receive, self.most_body)
        if not self._is_addressed(headers):
            await PlainTextResponse("421 not the address of this desk", 421)(scope, receive, send_with_headers)
        elif scope["method"] == "POST" and not self._is_own(headers):
            await PlainTextResponse("403 not from a page of this desk", 403)(scope, receive, send_with_headers)
        elif body is None:
            await PlainTextResponse("413 too long", 413)(scope, receive, send_with_headers)
        else:
            await self.app(scope, _once(body), send_with_headers)

    def _is_addressed(self, headers: Headers) -> bool:
        """Another host's name that leads to this machine (DNS rebinding) is not ours."""
        return headers.getlist("host") in [[host] for host in self.hosts]

    def _is_own(self, headers: Headers) -> bool:
        """Browsers say which page sent a form: it is one of ours."""
        is_ours = headers.getlist("origin") == [f"{self.scheme}://{headers['host']}"]
        return is_ours and headers.get("sec-fetch-site") in (None, "same-origin")


async def _body(headers: Headers, receive: Receive, most: int) -> bytes | None:
    """Returns the body; None where it is too long, whatever length it says."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        return None
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return body


def _once(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
