"""A made-up cohort: second-line treatment of liver cancer in Korean and Japanese hospitals.

These patients never existed, and no result computed from them says anything about a drug. Progression and death are
dependent, as in reality: a latent progression is detected at the next scan; death may occur before or after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from riskset_demo.liver_cancer import assumptions as assumed
from riskset_demo.liver_cancer.assumptions import JAPAN, KOREA, Country
from riskset_demo.liver_cancer.treatment import Treatment, treated

DAYS_PER_MONTH = 30.4375
FIRST_START = date(2020, 9, 1)
LAST_START = date(2023, 11, 30)
DATA_CUTOFF = date(2024, 5, 31)
SEED = 1
"""The first seed tried, and the only one whose results were looked at: the rows were not chosen for their results."""

COUNTRIES = {
    **dict.fromkeys(("seoul", "busan", "daegu", "incheon", "gwangju", "jeju"), KOREA),
    **dict.fromkeys(("tokyo", "osaka", "fukuoka", "sapporo"), JAPAN),
}
KOREAN = (("seoul", 120), ("busan", 85), ("daegu", 60), ("incheon", 45), ("gwangju", 30), ("jeju", 18))
JAPANESE = (("tokyo", 80), ("osaka", 50), ("fukuoka", 30), ("sapporo", 12))
TEN_HOSPITALS = dict(KOREAN + JAPANESE)
"""Patients by hospital, 530 in all."""
TWO_HOSPITALS = {"seoul": 80, "tokyo": 43}

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Patient:
    """One made-up patient, with the study's variables; None if a value is missing or an event has not happened."""

    id: str
    site: str
    arm: str
    born: date
    age: int
    """Completed years at the start of treatment."""
    sex: str
    aetiology: str
    ecog: int | None
    child_pugh: str
    mvi: bool
    ehs: bool
    albumin: float | None
    """g/dL."""
    afp: float | None
    """ng/mL."""
    start: date
    progression: date | None
    death: date | None
    last_contact: date
    recist: str
    """Best response: CR, PR, SD, PD, NE."""
    mrecist: str
    adverse_events: Mapping[str, int]
    """The worst grade of each, 0 to 3."""


def draw(hospitals: Mapping[str, int], seed: int = SEED) -> list[Patient]:
    """Returns the given number of patients for each hospital, hospital by hospital; the same for the same seed.

    Raises KeyError if a hospital is not in COUNTRIES.
    """
    rng = np.random.default_rng(seed)
    sites = [name for name, count in hospitals.items() for _ in range(count)]
    among = _Among([COUNTRIES[name] for name in sites])
    varies = len(hospitals) > 2  # two hospitals differ already, as their countries do
    spread = rng.standard_normal((2, len(hospitals))) * varies
    habit, frailty = (spread * [[assumed.HABIT_SD], [assumed.FRAILTY_SD]])[:, among.numbered(sites)]
    entry = _at_entry(rng, among)
    has_lenvatinib = _has_lenvatinib(rng, among, entry, habit)
    course = _course(rng, among, entry.log_hazards + has_lenvatinib * _column(assumed.LENVATINIB) + frailty)
    treatment = treated(seed, has_lenvatinib, np.minimum(course.progression, course.death))
    return _records(rng, sites, entry, has_lenvatinib, course, treatment)


class _Among:
    """The assumptions for each of n patients."""

    def __init__(self, countries: Sequence[Country]) -> None:
        self._countries = countries
        self.n = len(countries)

    def __getitem__(self, name: str) -> Floats:
        """Returns one assumption (n,), or a pair (2, n), or a triple (3, n)."""
        return np.array([getattr(country, name) for country in self._countries], dtype=np.float64).T

    @staticmethod
    def numbered(sites: Sequence[str]) -> NDArray[np.int64]:
        """Returns the hospital's number of each patient, in order of appearance."""
        order = {name: number for number, name in enumerate(dict.fromkeys(sites))}
        return np.array([order[name] for name in sites])


@dataclass(frozen=True)
class _AtEntry:
    """The patients at the start of second-line treatment, (n,) each."""

    age: Floats
    is_male: Flags
    aetiology: NDArray[np.str_]
    ecog: Floats
    is_child_pugh_b: Flags
    albumin: Floats
    albi: Floats
    """Score of albumin and bilirubin; the higher, the worse."""
    has_mvi: Flags
    has_ehs: Flags
    afp: Floats
    responded: Flags
    first_line_months: Floats

    @property
    def log_hazards(self) -> Floats:
        """Of the three processes, (3, n)."""
        risks = (
            self.ecog > 0,
            self.is_child_pugh_b,
            (self.albi + 2.4) / 0.45,
            self.has_mvi,
            self.has_ehs,
            self.afp >= 400,
            self.responded,
            np.log(self.first_line_months / 5),
        )
        return np.tensordot(assumed.EFFECTS, np.array(risks, dtype=np.float64) - _column(assumed.USUAL), axes=1)


def _at_entry(rng: np.random.Generator, among: _Among) -> _AtEntry:
    n = among.n
    reserve, jaundice, marker, burden = np.linalg.cholesky(assumed.CORRELATION) @ rng.standard_normal((4, n))
    albumin = np.clip(_normal(among["albumin"], reserve), 2.0, 5.2).round(1)
    bilirubin = np.clip(np.exp(_normal(among["log_bilirubin"], jaundice)), 0.2, 5.0).round(1)
    cause, hbv, hcv = rng.random(n), among["hbv"], among["hcv"]
    is_impaired = rng.random(n) < _shifted(among["impaired"], 0.3 * burden - 0.5 * reserve)
    responded = rng.random(n) < among["responded"]
    lasted = among["first_line_months"] * np.exp(0.81 * rng.standard_normal(n) + 0.5 * responded)
    mvi_from = [NormalDist().inv_cdf(1 - share) for share in among["mvi"]]
    return _AtEntry(
        age=np.clip(_normal(among["age"], rng.standard_normal(n)), 25, 92).round(),
        is_male=rng.random(n) < among["male"],
        aetiology=np.where(cause < hbv, "HBV", np.where(cause < hbv + hcv, "HCV", "other")),
        ecog=is_impaired * (1.0 + (rng.random(n) < 0.12)),
        is_child_pugh_b=_child_pugh_points(rng, albumin, bilirubin) >= 7,
        albumin=albumin,
        albi=0.66 * np.log10(17.1 * bilirubin) - 0.85 * albumin,
        has_mvi=burden > mvi_from,
        has_ehs=rng.random(n) < among["ehs"],
        afp=_measured(np.exp(_normal(among["log_afp"], 0.95 * marker + 0.3 * rng.standard_normal(n)))),
        responded=responded,
        first_line_months=np.clip(lasted, 0.7, 48),
    )


def _child_pugh_points(rng: np.random.Generator, albumin: Floats, bilirubin: Floats) -> NDArray[np.int64]:
    """Returns 5 and more, without prothrombin time."""
    has_ascites, is_confused = rng.random((2, len(albumin))) < [[0.12], [0.03]]
    worse = (albumin < 3.5, albumin < 2.8, bilirubin > 2, bilirubin > 3, has_ascites, is_confused)
    points: NDArray[np.int64] = 5 + np.sum(worse, axis=0)
    return points


def _measured(afp: Floats) -> Floats:
    """Returns AFP as a laboratory reports it, in ng/mL."""
    rounded = np.where(afp < 10, afp.round(1), afp.round())
    return np.where(rounded < assumed.ASSAY_LIMIT, assumed.ASSAY_LIMIT / 2, np.minimum(rounded, 1e6))


def _has_lenvatinib(rng: np.random.Generator, among: _Among, entry: _AtEntry, habit: Floats) -> Flags:
    shift = (
        habit
        - 0.35 * ((entry.ecog > 0) - 0.4)
        - 0.60 * entry.is_child_pugh_b
        + 0.25 * entry.responded
        - 0.25 * (entry.has_mvi - 0.3)
        - 0.15 * ((entry.afp >= 400) - 0.4)
        + among["lenvatinib_by_age"] * (entry.age - 66)
    )
    drawn: Flags = rng.random(among.n) < _shifted(among["lenvatinib"], shift)
    return drawn


@dataclass(frozen=True)
class _Course:
    """Months from the start to progression and death under unlimited follow-up, (n,) each."""

    progression: Floats
    """Infinite if death comes first."""
    death: Floats


def _course(rng: np.random.Generator, among: _Among, log_hazards: Floats) -> _Course:
    hazards = np.exp(log_hazards + among["effect"])
    waited = rng.exponential(size=hazards.shape) / hazards
    latent, death_before, death_after = _column(assumed.SCALE_MONTHS) * waited ** (1 / _column(assumed.SHAPE))
    between = among["scan_months"] * np.clip(1 + 0.1 * rng.standard_normal(among.n), 0.7, 1.3)
    seen = np.ceil(latent / between) * between * np.exp(0.03 * rng.standard_normal(among.n))
    progresses = seen < death_before
    return _Course(np.where(progresses, seen, np.inf), np.where(progresses, seen + death_after, death_before))


def _records(
    rng: np.random.Generator,
    sites: Sequence[str],
    entry: _AtEntry,
    has_lenvatinib: Flags,
    course: _Course,
    treatment: Treatment,
) -> list[Patient]:
    n = len(sites)
    since = rng.integers(0, (LAST_START - FIRST_START).days + 1, n)
    until_cutoff = (DATA_CUTOFF - FIRST_START).days - since
    lost = np.where(rng.random(n) < assumed.LOST, _days(rng.uniform(1, 18, n)), np.inf)
    followed = np.minimum(until_cutoff, lost)
    progression, death = _days(course.progression), _days(course.death)
    no_afp, no_ecog, no_albumin = (rng.random(n) < share for share in assumed.MISSING.values())
    birthdays = [(int(month), int(day)) for month, day in rng.integers((1, 1), (13, 29), (n, 2))]

    def record(i: int) -> Patient:
        start = FIRST_START + timedelta(days=int(since[i]))

        def seen(days: float) -> date | None:
            return start + timedelta(days=int(days)) if days <= followed[i] else None

        return Patient(
            id=f"{sites[i]}-{i + 1:04d}",
            site=sites[i],
            arm="lenvatinib" if has_lenvatinib[i] else "sorafenib",
            born=_born(start, int(entry.age[i]), birthdays[i]),
            age=int(entry.age[i]),
            sex="M" if entry.is_male[i] else "F",
            aetiology=str(entry.aetiology[i]),
            ecog=None if no_ecog[i] else int(entry.ecog[i]),
            child_pugh="B" if entry.is_child_pugh_b[i] else "A",
            mvi=bool(entry.has_mvi[i]),
            ehs=bool(entry.has_ehs[i]),
            albumin=None if no_albumin[i] else float(entry.albumin[i]),
            afp=None if no_afp[i] else float(entry.afp[i]),
            start=start,
            progression=seen(progression[i]),
            death=seen(death[i]),
            last_contact=start + timedelta(days=int(min(death[i], followed[i]))),
            recist=str(treatment.recist[i]),
            mrecist=str(treatment.mrecist[i]),
            adverse_events={name: int(grades[i]) for name, grades in treatment.grades.items()},
        )

    return [record(i) for i in range(n)]


def _born(start: date, age: int, birthday: tuple[int, int]) -> date:
    """Returns the date of birth of a person aged `age` on the day `start`."""
    had_it = birthday <= (start.month, start.day)
    return date(start.year - age - (not had_it), *birthday)


def _days(months: Floats) -> Floats:
    """Returns whole days, at least one."""
    return np.maximum(1, np.round(months * DAYS_PER_MONTH))


def _normal(mean_and_sd: Floats, standard: Floats) -> Floats:
    mean, sd = mean_and_sd
    drawn: Floats = mean + sd * standard
    return drawn


def _shifted(share: Floats, log_odds: Floats) -> Floats:
    """Returns a proportion shifted by `log_odds`."""
    odds = share / (1 - share) * np.exp(log_odds)
    return odds / (1 + odds)


def _column(values: Sequence[float] | Floats) -> Floats:
    return np.array(values, dtype=np.float64)[:, None]
