"""R's numbers of the lung data: as results.json has them, which a test may change; and typed, as a report has them."""

import json
import pickle
from dataclasses import fields
from math import exp
from pathlib import Path

import numpy as np
import pytest

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.analyses.cohort import SetId
from riskset.analyses.counts_in_time import CountsInTime
from riskset.analyses.design import Column
from riskset.analyses.level_counts import LevelCount
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, NotUsed, Separated, SeparationLimit, Term
from riskset.analyses.methods.km import ArmCurve, KaplanMeier, SurvivalCurves
from riskset.analyses.opened import Tally
from riskset.results import ResultEntry, Results
from riskset.stats.grid import Grid
from riskset.stats.kaplan_meier import Curve, Landmark, Quantile
from riskset.stats.log_rank import LogRank, Test
from riskset.study.spec import Study
from riskset_report import folder
from riskset_report.figures import drawings

ECOG = (("0", 61), ("1", 106), ("2+", 45))
"""table(d$ecog) in lung.R."""
WALD_OF_ECOG = {"univariable": 20.3227403550471, "multivariable": 19.442712272087}
"""b' V^-1 b of both levels by R's coef and vcov; P: 3.9e-05 and 6.0e-05."""
DRAWN = {}
"""The files of the figures that were drawn in this session, by all that is drawn."""
OPENED = Tally(numbers=2345, patients=212, held=frozenset("abcdef"))


@pytest.fixture
def drawn_once(monkeypatch):
    """Of equal figures of a folder, in whatever test, only the first is drawn: the others are the same bytes, which
    tests of drawings prove. For tests of what else is in the folder, which is written in a tenth of the time."""

    def drawn(figure, printer):
        rest = [getattr(printer, field.name) for field in fields(printer) if field.name != "cells"]
        key = pickle.dumps((figure, figure.widths, [printer.cells[id_] for id_ in figure.cells], rest))
        return DRAWN[key] if key in DRAWN else DRAWN.setdefault(key, drawings.drawn(figure, printer))

    monkeypatch.setattr(folder, "drawn", drawn)


@pytest.fixture
def lung():
    path = Path(__file__).parents[1] / "golden" / "report" / "lung.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    for model in results["results"][1:]:
        model["model"] = model["id"].split("/")[3]
        model["covariates"] = list(dict.fromkeys(term["variable"] for term in model["terms"]))
        if "sex" in model["covariates"]:
            arms = results["results"][0]["arms"]
            model["levels"] = [level_of("sex", arm["level"], arm["n"], arm["events"]) for arm in arms]
        if "ecog" in model["covariates"]:
            model["levels"] = [*model.get("levels", ()), *(level_of("ecog", *of, None) for of in ECOG)]
            chi2 = WALD_OF_ECOG[model["model"]]
            model["categories"] = [{"variable": "ecog", "chi2": chi2, "df": 2, "p": exp(-chi2 / 2)}]
    return results


def level_of(variable, level, n, events):
    return {"variable": variable, "level": level, "n": n, "events": events}


def typed(document):
    """The results of a document like results.json; of Newton and of the log-rank test only what a reader sees."""
    entries = tuple(entry_of(result) for result in document["results"])
    notices = tuple(document.get("notices", ()))
    return Results(study_of(document), document["run"], tuple(document["sites"]), 7, notices, entries, OPENED, 0)


def study_of(document):
    sexes = {"type": "category", "levels": ["male", "female"]}
    return Study.model_validate(
        {
            "schema": 1,
            "study": {key: document["study"][key] for key in ("id", "version", "title")},
            "sites": {name: {"name": name} for name in document["sites"]},
            "variables": {"sex": sexes, "days": {"type": "number", "range": [0, 1100]}, "died": {"type": "boolean"}},
            "comparison": {"arm": "sex", "reference": "male"},
            "time": {"unit": document["time"]["unit"], "grid": {"width_days": 7, "max_days": 1099}},
            "endpoints": {"os": {"days": "days", "event": "died"}},
            "analyses": {"survival": {"kind": "km", "endpoints": ["os"]}},
        }
    )


def entry_of(result):
    head = {
        "id": result["id"],
        "name": result["analysis"],
        "set_id": SetId(result["endpoint"], result["population"]),
    }
    analysis, ok = {"km": curves_of, "cox": model_of}[result["kind"]](head, result)
    gate = "refused" if result["status"] == "refused" else "passed"
    levels = tuple(LevelCount(**level) for level in result.get("levels", ()))
    return ResultEntry(analysis, ok if result["status"] == "ok" else end_of(result), gate, levels=levels)


def end_of(result):
    reason = result["reason"]
    if result["status"] == "refused":
        return RefusedByRule(
            reason["rule"], reason.get("message", ""), reason.get("remedy", ""), reason.get("by", "all")
        )
    if "columns" not in reason:
        return NotEstimable(reason["code"], reason.get("message", ""))
    columns, limit = tuple(column_of(column) for column in reason["columns"]), reason["limit"]
    found = limit and SeparationLimit(columns[0], limit["side"], limit["coef"], limit["hr"])
    return Separated(reason["code"], reason["message"], columns, found, result.get("events", 0))


def column_of(term):
    return Column(term["variable"], term["level"], term.get("reference"))


def model_of(head, result):
    covariates = [Column(name) for name in result["covariates"]]
    columns = tuple(column_of(term) for term in result.get("terms", ())) or tuple(covariates)
    model = CoxModel(**head, design=columns, ties=result.get("ties", "efron"), model=result["model"])
    return model, fit_of(result) if result["status"] == "ok" else None


def fit_of(result):
    estimated = [term for term in result["terms"] if term["coef"] is not None]
    numbers = ("coef", "se", "hr", "lower", "upper", "z", "p")
    return CoxFit(
        n=result["n"],
        events=result["events"],
        iterations=result["iterations"],
        null_log_likelihood=result["log_likelihood"]["null"],
        log_likelihood=result["log_likelihood"]["fitted"],
        terms=tuple(Term(column_of(term), **{key: term[key] for key in numbers}) for term in estimated),
        not_used={column_of(t): NotUsed(**t["reason"]) for t in result["terms"] if t["coef"] is None and "reason" in t},
        covariance=tuple(map(tuple, result["covariance"])),
        categories={of["variable"]: Test(of["chi2"], of["df"], of["p"]) for of in result.get("categories", ())},
        **{name: Test(**test) for name, test in result["tests"].items()},
    )


def curves_of(head, result):
    variable, arms = result["variable"], result.get("arms", [])
    levels = tuple(
        Column(variable, arm["level"], result["reference"], code) for code, arm in enumerate(arms) if variable
    )
    marks = result["overall"]["landmarks"] if "overall" in result else ()
    grid = Grid(result["grid"]["width_days"], result["grid"]["max_days"])
    analysis = KaplanMeier(
        **head,
        counts=CountsInTime(levels, grid, has_entry=result["grid"]["approximate"]),
        limits_kind=result["limits"],
        landmarks=tuple((mark["time"], mark["day"]) for mark in marks),
    )
    log_ranks = (log_rank_of(result[name]) for name in ("log_rank", "log_rank_by_site"))
    return analysis, SurvivalCurves(arm_of(result["overall"]), tuple(map(arm_of, arms)), *log_ranks)


def log_rank_of(found):
    return found and LogRank(*(np.array(found[key], dtype=float) for key in ("observed", "expected", "variance")))


def arm_of(arm):
    columns = {name: floats(values) for name, values in arm["curve"].items()}
    lower, upper, day = columns.pop("lower"), columns.pop("upper"), columns.pop("day").astype(np.int64)
    quantiles = {q["probability"]: Quantile(**q) for q in arm["quartiles"]}
    quantiles[0.5] = Quantile(0.5, **arm["median_days"])
    return ArmCurve(
        level=arm["level"],
        n=arm["n"],
        events=arm["events"],
        curve=Curve(day=day, **columns),
        lower=lower,
        upper=upper,
        quartiles=tuple(quantiles.values()),
        landmarks=tuple(Landmark(**{k: nan_for(v) for k, v in m.items() if k != "time"}) for m in arm["landmarks"]),
    )


def floats(values):
    return np.array([nan_for(value) for value in values], dtype=float)


def nan_for(value):
    return np.nan if value is None else value


@pytest.fixture(name="typed")
def _typed():
    return typed


@pytest.fixture
def printed(printed):
    """Also of a document."""
    return lambda found, labels=None: printed(found if isinstance(found, Results) else typed(found), labels)
