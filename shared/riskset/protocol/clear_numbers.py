"""A site's numbers of a round in clear, as its ledger has them, beside what was asked and what it sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.causes import OWN_CAUSES, causes_under
from riskset.catalogue import Message, say
from riskset.errors import ProtocolError
from riskset.protocol import flags
from riskset.protocol.contributing import alone, in_clear, labelled
from riskset.protocol.history import History
from riskset.protocol.journal import CLEAR, Labelled
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified

Named = tuple[str, str]
"""What asked for a number, and its label."""
Verdict = Mapping[str, Any]


def refusals(history: History, verdicts: Sequence[Verdict]) -> dict[str, Verdict]:
    """Returns, by analysis that was asked, the first verdict on a site's rows that did not pass: its flag is raised."""
    first = {str(one["analysis"]): one for one in reversed(verdicts) if one["verdict"] != "pass"}
    return {analysis.id: first[analysis.id] for analysis in history.live if analysis.id in first}


def values_asked(
    history: History, numbers: Sequence[Labelled], silent: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[Named]]:
    """Returns the values of a round that are not `silent`, and what each is, in the order of the vector.

    Raises ProtocolError where the numbers are not those for which the round asked.
    """
    asked = labelled(history, np.zeros(len(silent)), silent)
    found = [one for one in numbers if one[0] not in CLEAR]
    if [(id_, labels) for id_, labels, _ in asked] != [(id_, labels) for id_, labels, _ in found]:
        raise ProtocolError(say("protocol.clear.not_asked", round=history.round + 1))
    if any(len(labels) != len(values) for _, labels, values in found):
        raise ProtocolError(say("protocol.clear.not_asked", round=history.round + 1))
    values = np.array([value for _, _, of in found for value in of], np.float64)
    return values, [(id_, label) for id_, labels, _ in found for label in labels]


def as_integers(history: History, values: NDArray[np.float64], silent: NDArray[np.bool_]) -> fixed_point.Vector:
    """Returns the numbers of a round as they are behind the flags of an unmasked vector; 0 where they are `silent`.

    Raises ProtocolError where a value cannot be sent.
    """
    vector = fixed_point.zeros(len(silent))
    try:
        vector[:, ~silent] = fixed_point.encode(values, len(history.opening.participants))
    except ValueError:
        raise ProtocolError(say("protocol.clear.not_sendable", round=history.round + 1)) from None
    return vector


def flags_raised(history: History, vector: fixed_point.Vector) -> list[str]:
    """Returns the analyses whose flag in a vector, unmasked or a total, is not 0."""
    return [one.id for one, flag in zip(history.live, _integers(history, vector), strict=True) if flag]


def wrong_flags(history: History, sent: fixed_point.Vector, refused: Mapping[str, Verdict]) -> Iterator[Message]:
    """Yields what is wrong with the flags of an unmasked vector: raised without a verdict, not raised with one, or
    drawn for another cause."""
    for analysis, flag in zip(history.live, _integers(history, sent), strict=True):
        verdict, where = refused.get(analysis.id), {"round": history.round + 1, "analysis": analysis.id}
        if verdict is None:
            if flag:
                yield say("protocol.clear.flag_without_rule", **where)
        elif not flag:
            yield say("protocol.clear.no_flag", rule=str(verdict["rule"]), **where)
        elif flag % (1 << flags.BITS * _least_cause(history, analysis.id, verdict)):
            yield say("protocol.clear.flag_of_another_cause", rule=str(verdict["rule"]), **where)


def is_as_stated(history: History, contribution: Verified, numbers: Sequence[Labelled]) -> bool:
    """Whether what is in clear among a round's numbers is what the contribution states in clear."""
    told = history.told_in([contribution]).get(contribution.head.sender, {})
    stated = (*in_clear(history, history.states_in(contribution)), *alone(history, tuple(told.values())))
    return stated == tuple(one for one in numbers if one[0] in CLEAR)


def _least_cause(history: History, id_: str, verdict: Verdict) -> int:
    """Returns the smallest number of a cause that a verdict may have; noise of a larger one has its form too."""
    phase = history.phase_of(id_)
    numbers = [OWN_CAUSES[phase].index(cause) for cause in causes_under(phase, verdict["rule"], verdict["limit_name"])]
    return 0 if history.is_before(flags.SINCE) else min(numbers, default=0)


def _integers(history: History, vector: fixed_point.Vector) -> list[int]:
    own = vector[:, : len(history.live)]
    return [high << 64 | low for low, high in zip(own[0].tolist(), own[1].tolist(), strict=True)]
