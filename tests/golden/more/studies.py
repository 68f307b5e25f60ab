"""Studies of the data sets of `oracle.R` and `oracle_more.R`, which ask what R answers there."""

import json
from dataclasses import dataclass

from tests.golden.study_text import sites_text, study_text

TRANSFORMS = ["km", "identity", "rank", "log"]


@dataclass(frozen=True)
class Data:
    """How a study names what R has: variables, those of the model by R's names, subgroups, and a yes-no outcome."""

    variables: str
    in_r: dict
    subgroups: dict
    outcome: tuple
    category: tuple = ()
    mapping: str = ""

    @property
    def in_csv(self):
        """The columns of the file in which R's rows are complete."""
        sizes = {"size2": "sizecat", "size3": "sizecat", "grade3": "grade3"}
        return [sizes.get(name, name) for name in self.in_r]


DATA = {
    "lung": Data(
        """\
age     = { type = "number", unit = "year", range = [18, 100], step = 1 }
ph_ecog = { type = "number", range = [0, 4], step = 1, required = false }
wt_loss = { type = "number", unit = "lb", range = [-60, 120], step = 1, required = false }
""",
        {name: name for name in ("trt", "age", "ph_ecog", "wt_loss")},
        {"age_ge65": "age >= 65", "ecog_ge1": "ph_ecog >= 1"},
        ("time", 180),
        ("ph_ecog", ["0", "1", "2", "3"]),
    ),
    "rottgbsg": Data(
        """\
age    = { type = "number", unit = "year", range = [18, 100], step = 1 }
meno   = { type = "boolean" }
size2  = { type = "boolean" }
size3  = { type = "boolean" }
grade3 = { type = "boolean" }
nodes  = { type = "number", range = [0, 100], step = 1, transform = "log1p" }
pgr    = { type = "number", range = [0, 10000], step = 1, transform = "log1p" }
er     = { type = "number", range = [0, 10000], step = 1, transform = "log1p" }
""",
        {name: name for name in ("trt", "age", "meno", "size2", "size3", "grade3")}
        | {"nodes": "lnodes", "pgr": "lpgr", "er": "ler"},
        {"postmeno": "meno", "nodes_ge4": "nodes >= 4"},
        ("time", 1826),
        ("sizecat", ["1", "2", "3"]),
    ),
    "pbc3": Data(
        """\
age     = { type = "number", unit = "year", range = [18, 100], step = 1 }
sex     = { type = "boolean" }
bili    = { type = "number", range = [1, 1000], transform = "log" }
alb     = { type = "number", range = [10, 100], required = false }
crea    = { type = "number", range = [10, 1000], required = false }
gibleed = { type = "boolean" }
""",
        {name: name for name in ("trt", "age", "sex", "alb", "crea", "gibleed")} | {"bili": "logbili"},
        {"male": "sex", "alb_lt38": "alb < 38"},
        ("gibleed", None),
        ("stage", ["1", "2", "3", "4"]),
    ),
}


def lines_of(entries):
    """Returns the lines of [analyses]."""
    written = {
        name: ", ".join(f"{key} = {json.dumps(value)}" for key, value in entry.items())
        for name, entry in entries.items()
    }
    return "\n".join(f"{name} = {{ {keys} }}" for name, keys in written.items())


def at_one_site(names, r):
    """Returns the entries of a study in which all patients are at one site."""
    cox = {"kind": "cox", "endpoint": "os"}
    return {
        "breslow": cox | {"univariable": names, "multivariable": names, "ties": "breslow", "robust": "patient"},
        "e_value": cox | {"univariable": names, "multivariable": names, "e_value": True},
        "site": cox | {"multivariable": [*names, "place"]},
        "table1": {"kind": "table1", "variables": names[1:], "missing": "complete"},
        "rmst": {"kind": "rmst", "endpoint": "os", "tau": [r["rmst_diff"]["tau"]]},
        "follow_log": {"kind": "follow-up", "endpoint": "os", "limits": "log"},
        "follow_log_log": {"kind": "follow-up", "endpoint": "os", "limits": "log-log"},
    }


def by_site(names, subgroups, more):
    """Returns the entries of a study over the sites."""
    cox = {"kind": "cox", "endpoint": "os", "multivariable": names}
    sites = {"kind": "site-heterogeneity", "endpoint": "os"}
    return {
        "breslow": cox | {"ties": "breslow", "ph_test": TRANSFORMS, "robust": "patient"},
        "alone": {"kind": "cox", "endpoint": "os", "univariable": ["trt"], "robust": "patient"},
        "alone_breslow": {
            "kind": "cox",
            "endpoint": "os",
            "univariable": ["trt"],
            "robust": "patient",
            "ties": "breslow",
        },
        "by_site": cox | {"robust": "site"},
        "by_site_breslow": cox | {"robust": "site", "ties": "breslow"},
        "landmark": {"kind": "cox", "endpoint": "os", "univariable": ["trt"], "landmark": more["landmark"]["at"]},
        "adjusted": {"kind": "subgroup", "endpoint": "os", "by": list(subgroups), "adjusted": names[1:]},
        "early": {"kind": "response", "of": ["early"], "orr": ["true"], "complete_in": names[1:]},
        "table1": {"kind": "table1", "variables": [*names[1:], "level"], "missing": "complete"},
        "places": {"kind": "table1", "variables": [*names[1:], "place"], "missing": "complete"},
        "sites": sites | {"covariates": ["trt"]},
        "without": sites | {"covariates": names, "leave_one_out": True},
    }


def weighted(names):
    """Returns the entries of a study over the sites in which patients have weights."""
    asked = {
        "robust": {"multivariable": names},
        "cluster_site": {"multivariable": names, "robust": "site"},
        "naive": {"multivariable": names, "robust": "none"},
        "trt_robust": {"univariable": ["trt"]},
    }
    ties = {"": {}, "_breslow": {"ties": "breslow"}}
    cox = {"kind": "cox", "endpoint": "os", "weights": "w"}
    entries = {f"{key}{end}": cox | of | how for key, of in asked.items() for end, how in ties.items()}
    entries["robust"]["ph_test"] = TRANSFORMS
    return {"curves": {"kind": "km", "endpoint": "os"}, **entries}


def in_both(names, subgroups):
    """Returns the entries of both studies."""
    cox = {"kind": "cox", "endpoint": "os", "multivariable": names}
    return {
        "curves": {"kind": "km", "endpoint": "os"},
        "efron": cox | {"robust": "patient", "ph_test": TRANSFORMS, "concordance": True},
        "crude": {"kind": "subgroup", "endpoint": "os", "by": list(subgroups)},
    }


def prepared(name, rows):
    """Returns the rows of the data set with the columns that its study reads besides."""
    column, days = DATA[name].outcome
    complete = [row for row in rows if all(row[of] for of in ("time", "event", *DATA[name].in_csv))]
    weight = {id(row): 0.5 + (i % 7) / 4 for i, row in enumerate(complete, 1)}
    more = [
        {
            "w": weight.get(id(row), ""),
            "place": row["site"],
            "level": row[DATA[name].category[0]],
            "early": row[column] if days is None else str(int(row["event"] == "1" and int(row["time"]) <= days)),
        }
        | ({f"size{size}": str(int(row["sizecat"] == size)) for size in ("2", "3")} if "sizecat" in row else {})
        for row in rows
    ]
    return [row | of for row, of in zip(rows, more, strict=True)]


def study_of(name, rows, sites, entries):
    """Returns the text of a study of the data set at these sites."""
    data = DATA[name]
    derived = "".join(f'{key} = {{ type = "boolean", rule = "{rule}" }}\n' for key, rule in data.subgroups.items())
    variables = f"""\
{data.variables}place = {{ type = "category", levels = {json.dumps(sorted({row["site"] for row in rows}))} }}
early = {{ type = "boolean", required = false }}
w = {{ type = "number", range = [0.5, 2], required = false }}
level = {{ type = "category", levels = {json.dumps(data.category[1])}, required = false }}
{derived}"""
    last = max(int(row["time"]) for row in rows) + 1
    return study_text(variables, lines_of(entries), title=name, grid=(1, last)).format(sites=sites_text(sites))
