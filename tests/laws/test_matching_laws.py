"""Laws of matching, for any scores: it is the search through all free controls, and no order of the rows matters."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskset.stats.matching import NOBODY, RESOLUTION, nearest

ROWS = st.lists(st.tuples(st.booleans(), st.integers(-6, 6)), max_size=25)
KEYS = st.permutations(range(25))
RATIO, CALIPER = st.integers(1, 3), st.sampled_from([None, 0, 1, 3])


def searched(score, arm, key, ratio, caliper):
    """The sets by their definition, (treated, its controls)."""
    free, sets = set(np.flatnonzero(~arm).tolist()), {}
    for _ in range(ratio):
        for i in sorted(np.flatnonzero(arm).tolist(), key=lambda i: (-score[i], key[i])):
            near = [(abs(score[j] - score[i]), key[j], j) for j in free]
            within = [found for found in near if caliper is None or found[0] <= caliper]
            if within:
                chosen = min(within)[2]
                free.remove(chosen)
                sets.setdefault(i, []).append(chosen)
    return sets


def found(score, arm, key, ratio, caliper):
    matched = nearest(score, arm, key, ratio=ratio, caliper=caliper)
    sets = zip(matched.treated.tolist(), matched.controls.tolist(), strict=True)
    return {i: [j for j in row if j != NOBODY] for i, row in sets}


@given(ROWS, KEYS, RATIO, CALIPER, st.permutations(range(25)))
def test_sets_are_those_of_a_search_in_any_order_of_the_rows(rows, keys, ratio, caliper, order):
    arm, score = np.array([a for a, _ in rows], bool), np.array([s for _, s in rows], float)
    key = np.array(keys[: len(rows)], dtype=np.int64)
    sets = found(score, arm, key, ratio, caliper)
    assert sets == searched(score, arm, key, ratio, caliper)
    mixed = np.array([i for i in order if i < len(rows)], dtype=np.int64)
    noise = np.random.default_rng(1).uniform(-0.2, 0.2, len(rows)) * RESOLUTION  # as the rounding of a score
    again = found((score + noise)[mixed], arm[mixed], key[mixed], ratio, caliper)
    assert {mixed[i]: mixed[row].tolist() for i, row in again.items()} == sets
