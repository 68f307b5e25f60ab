"""The options with which somebody decides that outcomes are computed which the study withheld."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.protocol.unblinding import Unblinding

Unblind = Annotated[
    list[str] | None,
    typer.Option(
        metavar="POPULATION",
        help="Compute the outcomes of a population that a run withheld, and mark them. May be repeated.",
        show_default=False,
    ),
]
By = Annotated[str, typer.Option(metavar="NAME", help="Who decides so; all sites and readers see it.")]
Reason = Annotated[str, typer.Option(metavar="WHY", help="Why, in 20 characters or more; all see it.")]


def unblinding_of(populations: Sequence[str] | None, by: str, reason: str) -> Unblinding | None:
    """Returns what the options ask for; None without them. Raises BadParameter where one is missing, DataError where
    one is malformed."""
    given = [bool(populations), bool(by), bool(reason)]
    if any(given) and not all(given):
        raise typer.BadParameter(str(say("server.run.by_and_reason")))
    return Unblinding.typed(populations, by, reason) if populations else None
