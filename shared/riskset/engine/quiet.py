"""Keeps a library's own log off the terminal."""

from __future__ import annotations

import logging


def quieten(library: str) -> None:
    """Takes the handlers from a library's logger; what it warns of goes the way of all our logging instead."""
    logger = logging.getLogger(library)
    logger.handlers.clear()
    logger.setLevel(logging.WARNING)
