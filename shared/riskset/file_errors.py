"""Why the operating system does not read or write a file, in a sentence of the catalogue."""

from __future__ import annotations

import errno

from riskset.catalogue import ENGLISH, Message, catalogue, say, verbatim


def reason_of(error: OSError) -> Message:
    """Returns the reason; one that the catalogue does not have as the system words it, in lower case. An error of our
    own (`NotPrivateError`) has its sentence with it."""
    own: object = error.strerror
    if isinstance(own, Message):
        return own
    name = errno.errorcode.get(error.errno or 0, "")
    if f"files.reason.{name}" in catalogue(ENGLISH):
        return say(f"files.reason.{name}")
    return verbatim((error.strerror or type(error).__name__).lower())
