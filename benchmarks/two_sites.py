"""How many made-up studies of 123 patients pass the rules whole: `python -m benchmarks.two_sites` prints the table of
docs/decisions/0023-two-sites.md.

The patients are those of `riskset demo hcc-two`, drawn anew with the seeds 1 to 30. They are in their two hospitals, or
dealt in turn to two or three. Exceptions are signed with two hospitals only, each as loose as it may be.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from riskset.analyses.analysis import has_result
from riskset.disclosure.rules import LIMITS, SMALLEST_CELL
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.study.load import parse_study
from riskset_demo.liver_cancer.cohort import TWO_HOSPITALS, Patient, draw
from riskset_demo.liver_cancer.exports import export, site_file
from riskset_demo.studies.made_up import HCC_TWO
from riskset_site.data.cohort import load_cohort

SEEDS = range(1, 31)
LOOSEST = tuple(
    ExceptionSigned(limit.name, str(floor), "a measurement")
    for limit in LIMITS.values()
    if (floor := limit.floor("local", SMALLEST_CELL)) is not None
)
HOSPITALS = {
    "80 in Korea, 43 in Japan": None,
    "62 and 61, of both countries": ("seoul", "tokyo"),
    "three times 41": ("seoul", "busan", "tokyo"),
}


def main() -> None:
    print("| hospitals | Child-Pugh | studies that pass whole | studies in which a covariate is refused |")
    print("|---|---|--:|---|")
    for name, sites in HOSPITALS.items():
        for has_child_pugh in (False, True):
            refused = [set(refusals(seed, sites, has_child_pugh)) for seed in SEEDS]
            each = Counter(covariate for of_study in refused for covariate in of_study)
            listed = ", ".join(f"{covariate} {n}" for covariate, n in each.most_common())
            whole = sum(not of_study for of_study in refused)
            print(f"| {name} | {'with' if has_child_pugh else 'without'} | {whole} of {len(refused)} | {listed} |")


def refusals(seed: int, sites: tuple[str, ...] | None, has_child_pugh: bool) -> Iterator[str]:
    """Yields the covariate of each univariable model without a result, `multivariable` for the others."""
    dealt = [p if sites is None else replace(p, site=s) for p, s in zip(_drawn(seed), cycle(sites or ("",)))]
    text, of_site = _study(sites or tuple(TWO_HOSPITALS), has_child_pugh), _by_site(dealt)
    study = parse_study(text)
    with tempfile.TemporaryDirectory() as folder:
        cohorts = {site: load_cohort(_written(Path(folder) / site, of_site[site]), study) for site in study.sites}
    results = Rehearsal(study, cohorts, exceptions=LOOSEST if len(cohorts) == 2 else ()).run().results
    for id_, result in results.items():
        if id_.startswith("cox") and not has_result(result):
            yield id_.rpartition("/")[2]


def _drawn(seed: int) -> list[Patient]:
    return draw(TWO_HOSPITALS, seed)


def _by_site(patients: list[Patient]) -> Mapping[str, list[Patient]]:
    return {site: [p for p in patients if p.site == site] for site in {p.site for p in patients}}


def _study(sites: tuple[str, ...], has_child_pugh: bool) -> str:
    """Returns hcc-two.toml for these hospitals, without the analyses that the demonstration has asked since."""
    named = "\n".join(f'{site} = {{ name = "{site}" }}' for site in sites)
    text = re.sub(r"\[sites\]\n.*?\n\n", f"[sites]\n{named}\n\n", HCC_TWO.study.decode(), flags=re.DOTALL)
    text = text.replace("min_sites  = 2", f"min_sites  = {len(sites)}").replace(', ph_test = ["rank"]', "")
    text = re.sub(r"(?m)^(causes|cause|means|length|robust|sites|propensity|adjusted) += \{ kind.*\n", "", text)
    text = re.sub(r"\[propensity\]\n.*?(?=\[analyses\])", "", text, flags=re.DOTALL)
    text = text.replace(', populations = ["all", "match"]', "")
    return text if has_child_pugh else text.replace('"child_pugh", ', "")


def _written(folder: Path, patients: list[Patient]) -> Path:
    folder.mkdir()
    (folder / "export.csv").write_bytes(export(patients, folder.name))
    (folder / "site.toml").write_bytes(site_file(HCC_TWO.study_id, folder.name, HCC_TWO.variables))
    return folder / "site.toml"


if __name__ == "__main__":
    main()
