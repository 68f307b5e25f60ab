"""How the coordinator asks the SuperLink: directly, and with every no as one error. No Flower in here."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TypeVar

import httpx

from riskset_server.engine.tickets import EngineLost

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def direct(ca_certificate: bytes, timeout_s: float) -> httpx.Client:
    """Returns a client that trusts one authority and obeys no HTTPS_PROXY: the loopback is never behind one."""
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(cadata=ca_certificate.decode("ascii"))
    return httpx.Client(verify=trusted, timeout=timeout_s, trust_env=False)


def ask(method: Callable[[Question], Answer], question: Question) -> Answer:
    """Returns the SuperLink's answer; raises EngineLost for every other outcome."""
    try:
        return method(question)
    except (httpx.HTTPStatusError, httpx.RequestError, ValueError) as error:
        raise lost(error) from None


def lost(error: Exception) -> EngineLost:
    """Returns the error to raise for one of httpx, or for an answer that is no protobuf."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return EngineLost(f"the engine answered with HTTP {status}", "its run has ended, or the token is another")
    return EngineLost(f"the engine does not answer ({str(error) or type(error).__name__})", "is the server running?")
