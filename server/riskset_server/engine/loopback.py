"""How the coordinator calls the SuperLink at its loopback port, besides Flower's own clients. No Flower in here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Final, TypeVar
from zipfile import ZipFile, ZipInfo

import httpx

from riskset.catalogue import say
from riskset.engine.client import trust_only
from riskset_server.engine.tickets import EngineLost

Request = TypeVar("Request")
Response = TypeVar("Response")

SETTINGS: Final = b"""
[project]
name = "riskset"
version = "1.0.0"
description = "Empty: sites run only what they have installed"
license = "Apache-2.0"
[tool.flwr.app]
publisher = "riskset"
[tool.flwr.app.components]
serverapp = "none:none"
clientapp = "none:none"
"""


def pinned_client(ca_certificate: bytes, timeout_s: float) -> httpx.Client:
    """Returns a client that trusts one authority and ignores HTTPS_PROXY: the loopback is never behind a proxy."""
    trusted = trust_only(ca_certificate.decode("ascii"))
    return httpx.Client(verify=trusted, timeout=timeout_s, trust_env=False)


def call(method: Callable[[Request], Response], request: Request) -> Response:
    """Returns the SuperLink's response; raises EngineLost for every other outcome."""
    try:
        return method(request)
    except (httpx.HTTPStatusError, httpx.RequestError, ValueError) as error:
        raise engine_lost(error) from None


def engine_lost(error: Exception) -> EngineLost:
    """Returns the error to raise for one of httpx, or for a response that is not protobuf."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return EngineLost(say("server.engine.http", status=status), say("server.engine.http_hint"), status)
    reason = str(error) or type(error).__name__
    return EngineLost(say("server.engine.silent", reason=reason), say("server.engine.silent_hint"))


def empty_bundle() -> bytes:
    """Returns the bundle that Flower requires of a run: settings, a table of contents and no code. No site fetches it.

    The bytes are the same each time: a ZipInfo has a fixed date.
    """
    contents = f"pyproject.toml,{hashlib.sha256(SETTINGS).hexdigest()},{8 * len(SETTINGS)}"
    bundle = BytesIO()
    with ZipFile(bundle, "w") as file:
        file.writestr(ZipInfo("pyproject.toml"), SETTINGS)
        file.writestr(ZipInfo(".info/CONTENT"), contents)
    return bundle.getvalue()
