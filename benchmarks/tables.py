"""From measures to the tables of README.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

Measures = dict[str, Any]
RISKSET = "riskset"


def speed(cases: Sequence[Measures], names: Sequence[str], fit: int) -> str:
    """CPU seconds of the first (0, cold) or last (-1, warm) fit, and in brackets how many times riskset's, by turns."""
    head = ["n", "p", RISKSET, *(name for name in names if name != RISKSET)]
    return _table(head, ([f"{c['n']:,}", c["p"], *(_speed(c, name, fit) for name in head[2:])] for c in cases))


def _speed(case: Measures, name: str, fit: int) -> str:
    pairs = [(t[name], t[RISKSET]) for t in case["turns"] if t.get(name)]
    if not pairs:
        return "slow" if any(name in t for t in case["turns"]) else "-"
    seconds = median(theirs["fits"][fit]["cpu_s"] for theirs, _ in pairs)
    ratio = median(theirs["fits"][fit]["cpu_s"] / ours["fits"][fit]["cpu_s"] for theirs, ours in pairs)
    return f"{seconds:.3g}" if name == RISKSET else f"{seconds:.3g} ({ratio:.1f})"


def fastest(cases: Sequence[Measures], fit: int = -1) -> str:
    """How many times riskset's CPU seconds, and seconds on the clock, the fastest of the others takes."""
    rows = []
    for case in cases:
        others = {name for t in case["turns"] for name in t if name != RISKSET and t[name]}
        ratios = {name: [_ratio(case, name, clock, fit) for clock in ("cpu_s", "wall_s")] for name in others}
        if not others:
            continue
        best = min(ratios, key=lambda name: ratios[name][0])
        rows.append([f"{case['n']:,}", case["p"], best, *(f"{ratio:.1f}" for ratio in ratios[best])])
    return _table(["n", "p", "fastest of the others", "CPU", "clock"], rows)


def _ratio(case: Measures, name: str, clock: str, fit: int) -> float:
    turns = [t for t in case["turns"] if t.get(name)]
    return median(t[name]["fits"][fit][clock] / t[RISKSET]["fits"][fit][clock] for t in turns)


def memory(cases: Sequence[Measures], names: Sequence[str]) -> str:
    """Peak of the process in MB, the interpreter and the data (8 n p bytes) included."""
    rows = []
    for case in cases:
        peaks = [[t[name]["peak_mb"] for t in case["turns"] if t.get(name)] for name in names]
        data_mb = 8 * case["n"] * case["p"] / 2**20
        rows.append(
            [f"{case['n']:,}", case["p"], f"{data_mb:,.0f}", *(f"{median(m):,.0f}" if m else "-" for m in peaks)]
        )
    return _table(["n", "p", "the data", *names], rows)


def agreement(cases: Sequence[Measures], names: Sequence[str]) -> str:
    """Largest difference of a coefficient from riskset's in standard errors, and evaluations if a program reports
    them."""
    rows = []
    for case in cases:
        turn = case["turns"][0]
        ours = turn[RISKSET]["fits"][-1]
        rows.append([f"{case['n']:,}", case["p"], str(ours["evaluations"])])
        for name in names:
            if name != RISKSET:
                rows[-1].append(_apart(turn[name]["fits"][-1], ours) if turn.get(name) else "-")
    return _table(["n", "p", f"{RISKSET}: evaluations", *(name for name in names if name != RISKSET)], rows)


def _apart(theirs: Measures, ours: Measures) -> str:
    triples = zip(theirs["coef"], ours["coef"], ours["se"], strict=True)
    largest = max(abs(a - b) / se for a, b, se in triples)
    return f"{largest:.0e}" + (f", {theirs['evaluations']}" if theirs["evaluations"] else "")


def limit(cases: Sequence[Measures]) -> str:
    """Milliseconds of CPU, and how many times the least they are."""
    rows = []
    for case in cases:
        found = {name: 1000 * seconds for name, seconds in case["limit"].items()}
        least = found["passes_s"] + found["dsyrk_s"]
        times = f"{found['evaluate_s'] / least:.1f}"
        numbers = (found["evaluate_s"], found["passes_s"], found["dsyrk_s"], found["sort_s"])
        rows.append([f"{case['n']:,}", case["p"], *(f"{ms:.3g}" for ms in numbers), times])
    return _table(["n", "p", "one evaluation", "two passes", "dsyrk", "sorting, once", "evaluation / bound"], rows)


def rounds(runs: Sequence[Measures]) -> str:
    """Medians over the runs with as many sites; the slowest of all their rounds but the first."""
    rows = []
    for sites in dict.fromkeys(run["sites"] for run in runs):
        own = [run for run in runs if run["sites"] == sites]
        middle = {key: median(run[key] for run in own) for key in own[0]}
        clock = [f"{middle[key]:.2f}" for key in ("first_round_s", "round_s")]
        slowest = f"{max(run['slowest_s'] for run in own):.2f}"
        cpu = [f"{middle[f'cpu_{party}_s']:.3f}" for party in ("server", "site", "coordinator")]
        passed = [f"{middle['requests']:.1f}", *(f"{middle[key] / 1000:.1f}" for key in ("bytes_out", "bytes_in"))]
        rows.append([sites, middle["rounds"], *clock, slowest, *cpu, f"{middle['cpu_site_start_s']:.2f}", *passed])
    head = ["sites", "rounds", "the first, s", "per round, s", "the slowest, s"]
    head += [f"CPU of {party} per round, s" for party in ("the server", "a site", "the coordinator")]
    head += ["CPU of a site's start, s", "requests of a site per round", "kB sent by a site per round", "received"]
    return _table(head, rows)


def lists(runs: Sequence[Measures]) -> str:
    """Medians over the runs of one study."""
    middle = {key: median(run[key] for run in runs) for key in runs[0] if key != "study"}
    clock = [f"{middle[key]:.2f}" for key in ("first_round_s", "round_s")]
    cpu = [f"{middle[f'cpu_{party}_s']:.2f}" for party in ("server", "site", "coordinator")]
    passed = [f"{middle[key] / 1000:.0f}" for key in ("bytes_out", "bytes_in")]
    row = [runs[0]["study"], int(middle["analyses"]), int(middle["rounds"]), *clock, *cpu, *passed]
    head = ["study", "analyses", "rounds", "the first, s", "per round, s"]
    head += [f"CPU of {party} per round, s" for party in ("the server", "a site", "the coordinator")]
    return _table([*head, "kB sent by a site per round", "received"], [row])


def one_request(ms: Measures) -> str:
    """The layers of a request, each without what is within it, and their shares."""
    signature = ms["signature"]
    own = {
        "Flower's handler": ms["handler"],
        "FastAPI's routing, dependencies and threads": ms["fastapi"] - ms["handler"],
        "verifying the node's signature": signature,
        "Flower's other middlewares, and the translation of protobuf": ms["middlewares"] - ms["fastapi"] - signature,
        "our doors and the long poll": ms["doors"] - ms["middlewares"],
        "HTTP and TLS": ms["tls"] - ms["doors"],
        "the whole request": ms["tls"],
    }
    besides = {
        "with a recording": ms["tls"] + ms["recording"] - ms["doors"],
        "with a task and a stream for each middleware": ms["tls"] + ms["before"] - ms["middlewares"],
        "opening a connection": ms["connection"],
    }
    rows = [[layer, f"{cost:.2f}", f"{cost / ms['tls']:.0%}"] for layer, cost in own.items()]
    rows += [[case, f"{cost:.2f}", ""] for case, cost in besides.items()]
    return _table(["", "CPU, ms", "share"], rows)


def secure_sum(cases: Sequence[Measures]) -> str:
    """Milliseconds for a vector of 100,000 numbers."""
    kinds = ("keys_ms", "encode_ms", "mask_ms", "add_ms", "decode_ms")
    rows = [[case["sites"], *(f"{case[k]:.1f}" for k in kinds), f"{case['bytes'] / 1e6:.1f}"] for case in cases]
    head = ["sites", "keys, once per run", "encode", "mask", "add all", "decode", "MB sent per site"]
    return _table(head, rows)


def audits(cases: Sequence[Measures]) -> str:
    """Seconds and peak memory of each of an auditor's commands, for each bundle."""
    rows = []
    for case in cases:
        of_bundle = [case["study"], case["rounds"], case["files"], f"{case['bytes'] / 1e6:.0f}"]
        for command, cost in case["commands"].items():
            costs = [f"{cost['cpu_s']:.1f}", f"{cost['wall_s']:.1f}", f"{cost['peak_mb']:.0f}"]
            rows.append([*of_bundle, command, *costs])
    return _table(["bundle", "rounds", "files", "MB", "command", "CPU, s", "by the clock, s", "peak, MB"], rows)


def exports(cases: Sequence[Measures]) -> str:
    """Seconds and peak memory of a site's check of its export."""
    head = ["export", "patients", "MB", "CPU, s", "by the clock, s", "peak, MB"]
    rows = [
        [
            c["kind"],
            f"{c['n']:,}",
            f"{c['bytes'] / 1e6:.0f}",
            *(f"{c[k]:.1f}" for k in ("cpu_s", "wall_s")),
            f"{c['peak_mb']:,.0f}",
        ]
        for c in cases
    ]
    return _table(head, rows)


def doors(cases: Sequence[Measures]) -> str:
    """CPU seconds and MB until a hostile text is refused."""
    rows = [[c["text"], f"{c['bytes']:,}", f"{c['cpu_s']:.2f}", f"{c['mb']:.0f}", c["passed"]] for c in cases]
    return _table(["text", "bytes", "CPU, s", "MB", "passed"], rows)


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
