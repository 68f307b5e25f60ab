"""A hospital in a folder: its study, its site file and its export, written by a test and read by the real code."""

from pathlib import Path

import pytest

from riskset.study.load import load_study
from riskset_site.check import check_site
from riskset_site.cohort import load_cohort

FROM_DATES = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
{header}
[sites]
kurume = {{ name = "Site B, Kurume" }}
asan = {{ name = "Site A, Seoul" }}
[variables]
arm = {{ type = "category", levels = ["sorafenib", "lenvatinib"] }}
age = {{ type = "number", unit = "year", range = [18, 100] }}
mvi = {{ type = "boolean" }}
afp = {{ type = "number", unit = "ng/mL", range = [0, 1e6], transform = "log10p1", required = false }}
start = {{ type = "date" }}
death = {{ type = "date", required = false }}
last = {{ type = "date" }}
{rules}
[comparison]
arm = "arm"
reference = "sorafenib"
[time]
grid = {{ width_days = 7, max_days = 2191 }}
[endpoints.os]
origin = "start"
event = ["death"]
censor = "last"
[analyses]
cox = {{ kind = "cox", endpoints = ["os"], multivariable = [{covariates}] }}
"""

FROM_DAYS = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
kurume = { name = "Site B, Kurume" }
[variables]
arm = { type = "boolean" }
days = { type = "number", range = [0, 5000] }
relapse = { type = "boolean" }
entry = { type = "number", range = [0, 5000] }
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.rfs]
days = "days"
event = "relapse"
entry = "entry"
[analyses]
cox = { kind = "cox", endpoints = ["rfs"], multivariable = ["arm"] }
"""

SITE_FILE = """\
schema = 1
study = "trial"
site = "kurume"
[source]
csv = "export.csv"
"""

EXPORT = """\
arm,age,mvi,afp,start,death,last
sorafenib,61,yes,9,2020-01-01,2020-07-01,2020-06-01
lenvatinib,73,no,99,2020-02-01,,2021-02-01
sorafenib,50,no,,2020-03-01,,2020-03-01
"""


class Hospital:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exports(EXPORT)
        self.writes()
        self.joins()

    def joins(self, header="", rules="", covariates='"arm", "age", "mvi"'):
        """Take part in the study of dates, altered."""
        self.joins_as_written(FROM_DATES.format(header=header, rules=rules, covariates=covariates))

    def joins_as_written(self, text):
        (self.folder / "study.toml").write_text(text, encoding="utf-8")

    def joins_a_study_of_days(self):
        self.joins_as_written(FROM_DAYS)

    def exports(self, text, encoding="utf-8", name="export.csv"):
        (self.folder / name).write_bytes(text.encode(encoding))

    def writes(self, *more, text=SITE_FILE):
        """Write the site file: the plain one, with more lines, which begin inside [source]."""
        self.site_file.write_text(text + "\n".join(more), encoding="utf-8")

    @property
    def site_file(self):
        return self.folder / "site.toml"

    @property
    def study(self):
        return load_study(self.folder / "study.toml")

    def cohort(self):
        return load_cohort(self.site_file, self.study)

    def check(self):
        return check_site(self.site_file, self.study)

    def problems(self):
        """Where, what, and which rows, of everything that is wrong with the data."""
        return [(problem.where, problem.message, problem.detail) for problem in self.check().problems]


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)
