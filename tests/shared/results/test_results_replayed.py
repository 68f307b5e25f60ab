"""A recorded run, replayed on two machines, gives one results.json, to the byte.

The machines are this one, with the kernels of two: OpenBLAS takes the processor for the one it is given, numpy does
without the instructions it is forbidden.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from riskset.protocol.roster import sign_roster
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
BUILT = np.show_config(mode="dicts")
OLD = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": " ".join(BUILT["SIMD Extensions"].get("found", ())),
}
NEW = {"OPENBLAS_CORETYPE": "Haswell"}


@pytest.fixture(scope="module")
def recorded(patients, tmp_path_factory):
    """A run's messages as the coordinator has them, with the study and the roster."""
    analyses = {
        "survival": {"kind": "km", "endpoints": ["os"], "landmarks": [3, 12]},
        "cox": {"kind": "cox", "endpoints": ["os"], "univariable": True, "multivariable": ["arm", "age", "stage"]},
    }
    study = patients.study(SITES, width_days=1, max_days=1500, analyses=analyses)
    rows = patients.rows(4, 450)
    rehearsal = Rehearsal(study, patients.deal(rows, patients.sites(SITES, rows.n)))
    outcome = rehearsal.run()
    path = tmp_path_factory.mktemp("recorded") / "run.json"
    roster = sign_roster(study.id, rehearsal.coordinator_key, rehearsal.roster.members)
    replies = [[message.raw.hex() for message in one] for one in outcome.replies]
    document = {"study": study.model_dump(mode="json", by_alias=True), "run": outcome.run, "replies": replies}
    path.write_text(json.dumps(document | {"roster": roster.hex()}), encoding="utf-8")
    return path


def replayed(recorded, machine):
    """The bytes of results.json, and what the script says of the kernels."""
    script, results = Path(__file__).with_name("replay_a_run.py"), recorded.with_name("results.json")
    command = [sys.executable, str(script), str(recorded), str(results)]
    done = subprocess.run(command, env=os.environ | machine, capture_output=True, check=True, text=True)
    return results.read_bytes(), json.loads(done.stdout)


@pytest.mark.skipif("openblas" not in BUILT["Build Dependencies"]["blas"]["name"], reason="numpy without OpenBLAS")
def test_two_machines_write_the_same_bytes(recorded):
    old, by_old = replayed(recorded, OLD)
    new, by_new = replayed(recorded, NEW)
    if by_old["core"] is not None:
        assert by_old["core"] != by_new["core"]
        assert by_old["product"] != by_new["product"]  # else this test would prove nothing
    assert by_old["results"] == by_new["results"]  # already before they are rounded
    assert old == new
    statuses = {result["id"]: result["status"] for result in json.loads(old)["results"]}
    assert set(statuses.values()) == {"ok"}
    assert len(statuses) == 5
