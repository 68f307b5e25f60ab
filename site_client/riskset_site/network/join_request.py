"""Sends a site's join request to the coordinator's server, over TLS that trusts only the authority in the invite."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from riskset.catalogue import say, verbatim
from riskset.engine.client import trust_only
from riskset.errors import DataError, Refused, RisksetError
from riskset.joining.invite import Invite
from riskset.joining.request import JOIN_PATH
from riskset_site.network.reachability import is_this_machine, no_answer, not_ours, unexpected

_LONGEST_TEXT = 500


def send_join_request(invite: Invite, request: bytes, timeout_s: float = 20.0) -> None:
    """Sends the request with the invite's token. Sending the same request again changes nothing.

    Raises Unreachable where the coordinator cannot be reached or trusted, Refused or DataError where it refuses.
    """
    trusted, token = trust_only(invite.authority), {"authorization": f"Bearer {invite.token}"}
    try:
        with httpx.Client(verify=trusted, timeout=timeout_s, trust_env=not is_this_machine(invite.address)) as client:
            response = client.post(f"https://{invite.address}{JOIN_PATH}", content=request, headers=token)
    except httpx.RequestError as error:
        raise no_answer(invite.address, error) from None
    if response.status_code != HTTPStatus.OK:
        raise _refusal(invite, response)
    if _content(response).get("received") != invite.site:
        raise not_ours(invite.address)


def _refusal(invite: Invite, response: httpx.Response) -> RisksetError:
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return Refused("unknown", say("server.reach.unknown_invite"), say("server.reach.unknown_invite_hint"))
    content = _content(response)
    error, hint = (verbatim(_printable(content.get(name))) for name in ("error", "hint"))
    if response.status_code == HTTPStatus.CONFLICT and error:
        return Refused(_printable(content.get("code")), error, hint)
    if response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and error:
        return DataError(error, hint)
    return unexpected(invite.address, response.status_code)


def _content(response: httpx.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _printable(text: object) -> str:
    """Returns a text from the network as one line for a terminal."""
    return "".join(letter for letter in str(text or "")[:_LONGEST_TEXT] if letter.isprintable())
