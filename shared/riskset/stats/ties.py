"""Tied events: the approximations of Efron and Breslow.

With m events on one day, the l-th of them (l = 0..m-1) is taken to occur when a share f of the events' hazard has
already left the risk set: f = l/m after Efron (1977), f = 0 after Breslow (1974). All that the likelihood and its
derivatives need from an event time are sums over l of f^i / u^j with u = S0 - f T0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from riskset.stats.arrays import Floats, Ints

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True)
class TieSums:
    """Sums over l at each event time, (times,) each; u = S0 - f T0."""

    log_u: Floats
    a: Floats
    """sum 1/u"""
    b: Floats
    """sum f/u"""
    alpha: Floats
    """sum 1/u^2"""
    g: Floats
    """sum f/u^2"""
    h: Floats
    """sum f^2/u^2"""


def tie_sums(S0: Floats, T0: Floats, deaths: Ints, ties: Ties) -> TieSums | None:
    """Returns the sums at event times with hazard `S0` at risk and `T0` among the `deaths` >= 1 events, (times,) each.

    None where some u is not a positive finite number or its square leaves the range of a float.
    """
    m = deaths.astype(np.float64)
    if ties == "breslow":
        zero = np.zeros_like(m)
        sums = TieSums(m * np.log(S0), m / S0, zero, m / S0**2, zero, zero)
    else:
        sums = _efron(S0, T0, deaths)
    usable = np.isfinite(sums.log_u).all() and np.isfinite(sums.alpha).all() and (sums.alpha > 0).all()
    return sums if usable else None


def _efron(S0: Floats, T0: Floats, deaths: Ints) -> TieSums:
    first = np.cumsum(deaths) - deaths
    f = (np.arange(int(deaths.sum())) - np.repeat(first, deaths)) / np.repeat(deaths, deaths)
    u = np.repeat(S0, deaths) - f * np.repeat(T0, deaths)
    inverse = 1.0 / u
    square = inverse * inverse

    def over_l(values: Floats) -> Floats:
        return np.add.reduceat(values, first)

    return TieSums(
        log_u=over_l(np.log(u)),
        a=over_l(inverse),
        b=over_l(f * inverse),
        alpha=over_l(square),
        g=over_l(f * square),
        h=over_l(f * f * square),
    )
