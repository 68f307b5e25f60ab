"""Log-rank tests weighted by a large power of survival just before an event. Each hospital has its own curve, so what
is left of the total are the first events of every hospital, with a weight of 1, and behind them, many digits smaller,
the events of the next day of the largest hospital: its own counts, by arm, in spite of the secure sum."""

import numpy as np
import pytest
from pydantic import ValidationError

from riskset.study.asked import km

POWER = 2000.0
LARGEST = "seoul"


def asked(network, table, *powers):
    curves = {f"km{i}": {"kind": "km", "endpoints": ["os"], "rho": power} for i, power in enumerate(powers)}
    return network(table, curves, arm="arm")


def test_a_large_power_of_survival_tells_of_one_hospital(network, patients, monkeypatch):
    table = patients()
    own = {name: column[table["site"] == LARGEST] for name, column in table.items()}
    first, second = np.unique(own["days"][own["dead"] == 1])[:2]
    at_risk = (own["days"] >= first).sum()
    monkeypatch.setattr(km, "RHOS", (*km.RHOS, POWER))
    found = asked(network, table, POWER).run().results["km/os/all"].log_rank_by_site
    weight = (1 - ((own["days"] == first) & (own["dead"] == 1)).sum() / at_risk) ** POWER
    read = (found.observed - np.rint(found.observed)) / weight
    died = (own["days"] == second) & (own["dead"] == 1)
    assert read == pytest.approx([(died & (own["arm"] == arm)).sum() for arm in (0, 1)], abs=0.01)
    monkeypatch.undo()
    with pytest.raises(ValidationError, match="rho"):
        asked(network, table, POWER)


@pytest.mark.exhaustive
def test_the_weights_of_the_literature_are_answered(network, patients):
    results = asked(network, patients("busan", "daegu", "tokyo", "osaka"), *km.RHOS).run().results
    tests = [found.log_rank_by_site.observed for id_, found in results.items() if id_.startswith("km/")]
    assert len({observed[0] for observed in tests}) == len(km.RHOS)
