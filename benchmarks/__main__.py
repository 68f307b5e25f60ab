"""`python -m benchmarks`: times, writes results.json, prints the tables of README.md.

The other programs are measured where `benchmarks/.venv` has them:

    python -m venv benchmarks/.venv && benchmarks/.venv/bin/pip install -r benchmarks/requirements.txt
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import audit, doors, exports, fits, machine, one_request, rounds, secure_sum, tables

SIZES, COLUMNS, SITES, SUMMED = (10_000, 100_000, 1_000_000), (10, 30, 100), (3, 10, 22, 50), (10, 50)
TURNS = 5
STUDIES = 3
"""Whole studies over the engine for each number of sites, in turn."""
say = partial(print, file=sys.stderr, flush=True)


def main() -> None:
    asked = _arguments()
    results: dict[str, Any] = {"machine": machine.describe(fits.OTHERS), "fits": [], "rounds": [], "secure_sum": []}
    results["doors"] = doors.run()
    results["one_request"] = one_request.run()
    results["secure_sum"] = [secure_sum.run(sites) for sites in asked.summed]
    results["audits"] = [audit.run(name, of, asked.audits) for name, of in audit.studies().items() if asked.audits]
    results["exports"] = [exports.run(*case) for case in exports.CASES if asked.exports]
    results["lists"] = [rounds.list_of("hcc", "seoul") for _ in range(asked.lists)]
    for sites in [*asked.sites] * STUDIES:
        results["rounds"].append(rounds.run(sites))
        say(results["rounds"][-1])
    race = fits.Race(fits.commands(), say)
    for n, p in product(asked.n, asked.p):
        results["fits"].append(race.run(n, p, asked.turns))
        asked.out.write_text(json.dumps(results, indent=1), encoding="utf-8")  # each as it comes: the last takes long
    asked.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(page(results))


def page(results: dict[str, Any]) -> str:
    """The tables, each under its heading."""
    parts = {"Machine": machine.described(results["machine"])}
    if cases := results["fits"]:
        names = list(dict.fromkeys(name for case in cases for turn in case["turns"] for name in turn))
        parts |= {
            "Compared with the fastest": tables.fastest(cases),
            "CPU seconds of a whole fit": tables.speed(cases, names, -1),
            "The first fit of a process": tables.speed(cases, names, 0),
            "One evaluation and its lower bound": tables.limit(cases),
            "Peak memory": tables.memory(cases, names),
            "Agreement": tables.agreement(cases, names),
        }
    if results["secure_sum"]:
        parts["Secure sum"] = tables.secure_sum(results["secure_sum"])
    parts["Small hostile files"] = tables.doors(results["doors"])
    parts["One request at the server"] = tables.one_request(results["one_request"])
    if results["audits"]:
        parts["An auditor's commands"] = tables.audits(results["audits"])
    if results["exports"]:
        parts["A site's export"] = tables.exports(results["exports"])
    if results["rounds"]:
        parts["Rounds"] = tables.rounds(results["rounds"])
    if results["lists"]:
        parts["A whole list of analyses"] = tables.lists(results["lists"])
    return "\n\n".join(f"### {heading}\n\n{table}" for heading, table in parts.items())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--n", type=int, nargs="*", default=SIZES, help="rows (default: 10000 100000 1000000)")
    parser.add_argument("--p", type=int, nargs="*", default=COLUMNS, help="columns (default: 10 30 100)")
    parser.add_argument("--turns", type=int, default=TURNS, help="how often each program has its turn (default: 5)")
    parser.add_argument("--sites", type=int, nargs="*", default=SITES, help="over the engine (default: 3 10 22 50)")
    parser.add_argument("--lists", type=int, default=STUDIES, help="runs of the study hcc over the engine (default: 3)")
    parser.add_argument("--audits", type=int, default=TURNS, help="turns of an auditor's commands (default: 5)")
    parser.add_argument("--exports", type=int, default=1, help="0: exports are not read (default: 1)")
    parser.add_argument("--summed", type=int, nargs="*", default=SUMMED, help="secure sums (default: 10 50)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results.json", help="raw measures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
