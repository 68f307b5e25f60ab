"""R2 and R4: whether a patient stands out in the columns of all analyses taken together.

The leverage of a row f in the pooled Gram matrix G is f G^+ f'. If some combination of the columns is 1 on a set of m
patients and 0 elsewhere, each of these patients has a leverage of at least 1/m, however many columns there are. So
while all leverages are at most 1/k, nothing solved from the sums singles out fewer than k patients. A site needs only
the pooled G and its own rows.

Columns enter one after another, as in Cholesky's method: a column adds to the leverage of a row the square of the row's
residual in it. An analysis therefore costs only its new columns.

Of yes-no columns, whose sums of products are counts, dependence is known without rounding (`exact_rank`).

Sums of products of weighted columns are told rounded, since exact sums of few weights can be decoded. What rounding may
have taken from a column's residual is taken off it; where that is half of it or more, it cannot be judged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.disclosure.exact_rank import Independent
from riskset.disclosure.finding import Finding, judge, or_first
from riskset.disclosure.policy import Policy

Matrix = NDArray[np.float64]

RANK = 1e-9
"""Share of a column's sum of squares, left by the columns before it, above which the column is independent."""
NOISE = 1e-14
"""Share that rounding may leave of a dependent column, times the squared growth of rounding. Between the two it cannot
be decided, and the analysis does not pass. For 0/1 columns it is known exactly."""
ROUNDING = 1e-13
"""What rounding may leave of a dependent column in one row, times the growth of rounding; more means that the column
differs in that patient. A difference of 0.00001 in one patient, invisible in the sum of squares, gives that patient's
row just as a difference of 1 does."""
EMPTY = 1e-20
"""A column with a sum of squares below this is zero, up to rounding; numbers are scaled to [-1, 1] first."""
SMALL = 1e-12
"""A column with a sum of squares between the two is too small to be judged from sums with 64 fractional bits."""
LARGEST_EXACT = 2.0**53


@dataclass(frozen=True)
class _Total:
    """The site's rows and the Gram matrix, columns scaled to unit length, and the unscaled Gram matrix."""

    rows: Matrix
    gram: Matrix
    counts: Matrix | None
    """The unscaled Gram matrix where it has whole numbers, whose rank is known exactly; otherwise None."""
    errors: Matrix | None = None
    """How far each scaled sum of products may be from the exact one; None where all are exact."""


@dataclass(frozen=True)
class _Union:
    """The columns of the analyses so far, and the leverages of the site's rows in them."""

    columns: tuple[int, ...]
    """The columns that add to the rank."""
    seen: frozenset[int]
    factor: Matrix
    """Cholesky's factor of the Gram matrix among `columns`, lower, (r, r)."""
    rows: Matrix
    """The site's rows in the orthonormal columns it gives, (n, r), column by column in memory."""
    leverage: Matrix
    """(n,); inf where it cannot be judged."""
    exact: Independent = field(default_factory=Independent)
    """`columns` in whole numbers, where the counts are known."""


def leverages(own: Matrix, gram: Matrix) -> Matrix:
    """Returns f G^+ f' for each own row f, (n,), of own (n, m) in the pooled G (m, m).

    inf in all rows where columns are too nearly dependent to judge, and in rows that cannot be part of the total G.
    Stays at the site. ValueError for other shapes, or numbers that are not finite.
    """
    return _with_columns(_nothing(own), _scaled(own, gram), range(gram.shape[0])).leverage


def design(
    policy: Policy,
    limit_name: str,
    own: Matrix,
    gram: Matrix,
    users: Sequence[tuple[str, Sequence[int]]],
    tables: Collection[str] = (),
    errors: Matrix | None = None,
    following: Collection[str] = (),
) -> list[Finding]:
    """Returns a finding for each analysis of `users`, in their order: (its id, indices of its columns). `tables` are
    the ids of those that are judged after all others, wherever the study lists them. `errors` (m, m) is how far each
    sum of products in `gram` may be from the exact one. `following` are the ids of those whose patients have weights
    that follow from a score.

    R2.leverage: 0/1 columns, one per population and column, 0 outside the population, with their pooled Gram matrix.
    R4.leverage: all columns, including numbers, centred by site, weights included. Each analysis is judged together
    with those kept so far; one that puts a row of this site over the limit is refused, and its columns are left out.
    """
    total = _scaled(own, gram, errors)
    union, findings = _nothing(own), []
    alone = {of: _largest(_with_columns(_nothing(own), total, of)) for of in {tuple(columns) for _, columns in users}}
    for analysis, columns in users:
        with_it = _with_columns(union, total, columns)
        of_itself = alone[tuple(columns)]
        by_itself = judge(policy, limit_name, analysis, of_itself, own=True)  # for all: the work shows no refusal
        is_table = analysis in tables
        of = remedy(policy, limit_name, is_table=is_table, follows=analysis in following)
        passes_with = or_first(of, by_itself.passes and not is_table)
        findings.append(judge(policy, limit_name, analysis, _largest(with_it), own=True, remedy=passes_with))
        if findings[-1].passes:
            union = with_it
    return findings


def _largest(union: _Union) -> float:
    return float(union.leverage.max()) if union.leverage.size else 0.0


def remedy(policy: Policy, limit_name: str, *, is_table: bool = False, follows: bool = False) -> Message:
    """Returns what would pass. `follows`: the patients have weights that follow from a score, and so nearly from its
    columns: that is not changed by merging levels."""
    if is_table:
        return say(f"rules.remedy.table_of_{'numbers' if limit_name == 'R4.leverage' else 'others'}")
    if follows and limit_name == "R4.leverage":
        return say("rules.remedy.leverage_weights")
    if limit_name == "R4.leverage":
        return say("rules.remedy.leverage_numbers", k=policy.k)
    return say("rules.remedy.leverage_levels", k=policy.k)


def _nothing(own: Matrix) -> _Union:
    n = own.shape[0]
    return _Union((), frozenset(), np.empty((0, 0)), np.empty((n, 0)), np.zeros(n))


def _scaled(own: Matrix, gram: Matrix, errors: Matrix | None = None) -> _Total:
    """Returns both with columns of unit length. Zero columns stay zero; columns too small to judge become nan."""
    m = gram.shape[0]
    if gram.shape != (m, m) or own.ndim != 2 or own.shape[1] != m:
        raise ValueError(f"the site's rows are (n, m) and the Gram matrix (m, m); found {own.shape} and {gram.shape}")
    if not (np.isfinite(own).all() and np.isfinite(gram).all()):
        raise ValueError("a design has a number that is not finite")
    squares = np.diag(gram)
    empty = np.abs(squares) <= EMPTY
    length = np.sqrt(np.where(squares > EMPTY, squares, 1.0))
    scaled = gram / np.outer(length, length)
    scaled[~empty & (squares < SMALL), :] = np.nan
    whole = bool((gram == np.rint(gram)).all() and (np.abs(gram) < LARGEST_EXACT).all())
    rounding = None if errors is None else errors / np.outer(length, length)
    return _Total(np.asfortranarray(own / length), scaled, gram if whole and errors is None else None, rounding)


def _with_columns(union: _Union, total: _Total, brought: Sequence[int]) -> _Union:
    """Returns the union with the columns `brought`; columns it already has cost nothing."""
    for j in dict.fromkeys(brought):
        if j not in union.seen:
            union = _with_column(union, total, j)
    return union


def _with_column(union: _Union, total: _Total, j: int) -> _Union:
    """Returns the union with one more column: its residual given the others, in total and in each row. Whether it adds
    to the rank is known exactly where counts are; else it is decided from the rounded numbers."""
    exact, is_exact = union.exact, total.counts is not None
    if total.counts is not None:
        products = [int(x) for x in total.counts[j, [*union.columns, j]]]
        exact = union.exact.with_column(products[:-1], products[-1]) or union.exact
    adds = len(exact.lower) > len(union.columns)
    along = _solved(union.factor, total.gram[j, list(union.columns)])
    left = total.gram[j, j] - along @ along
    residual = total.rows[:, j] - union.rows @ along
    union = replace(union, seen=union.seen | {j})
    rounding = _amplified(union.factor, along)
    if (is_exact and not adds) or (not is_exact and abs(left) < NOISE * rounding**2):
        # nothing is left in the total, so nothing can be left in a row: a row with a rest shows a patient, or a
        # manipulated total
        differs = np.abs(residual) > (np.sqrt(RANK) if is_exact else ROUNDING * rounding)
        return replace(union, leverage=np.where(differs, np.inf, union.leverage))
    taken = _rounded_off(union, total, j, along)
    if not left > max(RANK, 2 * taken):
        return _unclear(union)
    r, root = len(union.columns), np.sqrt(left)
    factor = np.zeros((r + 1, r + 1))
    factor[:r, :r], factor[r, :r], factor[r, r] = union.factor, along, root
    rows = np.concatenate([union.rows.T, residual[None, :] / root]).T
    leverage = union.leverage + rows[:, r] ** 2 * (left / (left - taken))
    return _Union((*union.columns, j), union.seen, factor, rows, leverage, exact)


def _rounded_off(union: _Union, total: _Total, j: int, along: Matrix) -> float:
    """Returns how much of a column's residual rounding may have taken, to first order: the residual is a combination of
    the columns, whose square is one of their sums of products."""
    if total.errors is None:
        return 0.0
    of = [*union.columns, j]
    combination = np.abs([*np.linalg.solve(union.factor.T, along), 1.0])
    return float(combination @ total.errors[np.ix_(of, of)] @ combination)


def _amplified(factor: Matrix, along: Matrix) -> float:
    """Returns the growth of rounding: from the coefficients, and from how nearly dependent the others are."""
    coefficients = np.linalg.solve(factor.T, along)
    return float((1 + np.abs(coefficients).sum()) / np.diag(factor).min(initial=1.0))


def _unclear(union: _Union) -> _Union:
    return replace(union, leverage=np.full_like(union.leverage, np.inf))


def _solved(lower: Matrix, right: Matrix) -> Matrix:
    """Returns x of lower x = right, by forward substitution."""
    x = np.zeros(len(right))
    for i in range(len(right)):
        x[i] = (right[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    return x
