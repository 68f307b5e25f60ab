"""`python replay_a_run.py RECORDED RESULTS`: writes results.json from a run's messages, and prints by which kernels."""

import ctypes
import json
import sys
from pathlib import Path

import numpy as np

from riskset.analyses.plan import plan
from riskset.protocol.coordinator import Outcome
from riskset.protocol.history import histories
from riskset.protocol.roster import read_roster
from riskset.results import entry_json, results_of, write_results
from riskset.secure.envelope import verify
from riskset.study.load import study_hash
from riskset.study.spec import Study


def replay(recorded):
    study, roster = Study.model_validate(recorded["study"]), read_roster(bytes.fromhex(recorded["roster"]))
    rounds = [[verify(bytes.fromhex(reply), roster.sites) for reply in replies] for replies in recorded["replies"]]
    *_, history = histories(plan(study), study_hash(study), roster.sha256, recorded["run"], rounds)
    outcome = Outcome(recorded["run"], dict(history.results), len(rounds), (), history)
    return results_of(study, outcome, sorted(roster.sites))


def core():
    """The processor OpenBLAS takes this one for; None where numpy has another library, or it lies elsewhere."""
    for library in (Path(np.__file__).parent.parent / "numpy.libs").glob("*openblas*"):
        if name := getattr(ctypes.CDLL(str(library)), "scipy_openblas_get_corename64_", None):
            name.restype = ctypes.c_char_p
            return name().decode()
    return None


def main(recorded, results):
    found = replay(json.loads(Path(recorded).read_text(encoding="utf-8")))
    write_results(found, Path(results))
    some = np.random.default_rng(1).normal(size=(8, 1000))
    exact = [entry_json(entry) for entry in found.entries]
    print(json.dumps({"core": core(), "product": (some @ some.T).tobytes().hex(), "results": exact}))


if __name__ == "__main__":
    main(*sys.argv[1:])
