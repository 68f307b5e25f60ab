"""The rows of `separated.R`, in which a column separates the events, and a study of them."""

import numpy as np

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.study.spec import Study

VARIABLES = {
    "x": {"type": "number", "range": [-10, 10]},
    "age": {"type": "number", "range": [18, 100]},
    "z": {"type": "boolean"},
    "flag": {"type": "boolean"},
    "score": {"type": "number", "range": [0, 10]},
    "time": {"type": "number", "range": [0, 5000]},
    "event": {"type": "boolean"},
}


def study_of(sites, ties, **more):
    """Returns a study with models of each of the two columns that separate, alone and beside others."""
    models = {
        name: {
            "kind": "cox",
            "endpoints": ["os"],
            "ties": ties,
            "univariable": [name],
            "multivariable": ["x", "age", "z", name],
            **more,
        }
        for name in ("flag", "score")
    }
    return Study.model_validate(
        {
            "schema": 1,
            "study": {"id": "trial", "version": "1", "title": {"en": "A trial"}},
            "sites": {site: {"name": site} for site in sites},
            "variables": VARIABLES,
            "time": {"unit": "day", "grid": {"width_days": 1, "max_days": 5000}},
            "endpoints": {"os": {"days": "time", "event": "event"}},
            "analyses": models,
            "disclosure": {"secure_sum": "off"},
        }
    )


def cohorts_of(data):
    """Returns the rows of `separated.json` by site."""
    columns = {name: np.array(values) for name, values in data.items()}
    cohorts = {}
    for site in sorted(set(data["site"])):
        own = columns["site"] == site
        variables = {name: columns[name][own].astype(float) for name in VARIABLES if name not in ("time", "event")}
        rows = AnalysisSet(columns["time"][own].astype(np.int64), columns["event"][own] == 1, None, variables)
        cohorts[site] = Cohort(site, {"os": rows})
    return cohorts
