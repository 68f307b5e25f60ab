"""A hospital in a folder: its study, its site file and its export, written by a test and read by the real code."""

import shutil
from copy import copy
from datetime import date
from pathlib import Path

import pytest

from riskset.cli import main
from riskset.joining.invite import Connection, write_connection
from riskset.protocol.roster import Member as RosterMember
from riskset.protocol.roster import sign_roster
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study.load import load_study
from riskset_site.data.check import check_site
from riskset_site.data.cohort import load_cohort
from riskset_site.keys import SitePaths, make_keys
from riskset_site.records.journal import open_ledger
from riskset_site.study_folder import load_study_folder

TODAY = date(2026, 6, 30)

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
        return load_cohort(self.site_file, self.study, TODAY)

    def check(self):
        return check_site(self.site_file, self.study, TODAY)

    def problems(self):
        """Where, what, and which rows, of everything that is wrong with the data."""
        return [(problem.where, str(problem.message), problem.detail) for problem in self.check().problems]


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path)


class Member(Hospital):
    """A hospital that has joined: keys, connection, and a roster of three sites (or those named), 60 patients."""

    def __init__(self, folder: Path, sites=("kurume", "asan", "osaka"), **told) -> None:
        super().__init__(folder)
        self.sites = sites
        self.coordinator = new_identity()
        self.identity = make_keys(SitePaths(folder).keys[0])
        self.others = {name: new_identity() for name in sites if name != "kurume"}
        self.exports(self.patients(60))
        self.has_study()
        self.has_roster(**told)
        connection = Connection("localhost:9443", "no authority", public_hex(self.coordinator), "trial", "kurume")
        (folder / "connection.json").write_bytes(write_connection(connection))

    def has_study(self, secure_sum="required", min_sites=2, **altered):
        text = FROM_DATES.format(**{"header": "", "rules": "", "covariates": '"arm", "age", "mvi"'} | altered)
        names = [f'{name} = {{ name = "Hospital of {name}", country = "JP" }}' for name in self.sites]
        head, tail = text.split("[sites]\n")[0], text[text.index("[variables]") :]
        limits = f'[disclosure]\nmin_sites = {min_sites}\nsecure_sum = "{secure_sum}"\n'
        self.joins_as_written("\n".join([f"{head}[sites]", *names, tail, limits]))

    def has_roster(self, irb="", irb_until="", key=None, telephone="+81 942 000 000"):
        own = key or self.identity.signing
        members = {
            name: RosterMember(
                public_hex(own if name == "kurume" else self.others[name]),
                public_node_text(self.identity.node if name == "kurume" else new_node_key()),
                telephone,
                irb,
                irb_until,
            )
            for name in self.sites
        }
        (self.folder / "roster.json").write_bytes(sign_roster("trial", self.coordinator, members))

    @staticmethod
    def patients(n, first=0):
        lines = ["arm,age,mvi,afp,start,death,last"]
        for i in range(first, first + n):
            arm, dead = ("sorafenib", "lenvatinib")[i % 2], i % 3 != 0
            end = f"2021-{i % 12 + 1:02}-{i % 28 + 1:02}"
            lines.append(
                f"{arm},{40 + i * 7 % 45},{('yes', 'no')[i // 2 % 2]},9,2020-01-01,{end if dead else ''},{end}"
            )
        return "\n".join(lines) + "\n"

    @property
    def study_folder(self):
        return load_study_folder(self.site_file)

    def says(self, *arguments):
        """The exit code of `riskset site ...`."""
        command, *rest = arguments
        return main(["site", command, str(self.site_file), *rest])

    def approves(self, *more, until="2099-12-31"):
        return self.says("approve", "--by", "M. Uchida", "--irb", "2024-117", "--until", until, *more)

    def ledger(self):
        return open_ledger(SitePaths(self.folder).journal, self.identity.signing, "kurume")

    def moved_to(self, folder: Path):
        """The same hospital in a copy of its folder."""
        moved = copy(self)
        moved.folder = shutil.copytree(self.folder, folder)
        return moved


@pytest.fixture(scope="session")
def members():
    """Makes hospitals that have joined, in a folder of the test's choosing."""
    return Member


@pytest.fixture
def member_at(tmp_path):
    def make(*arguments, **told):
        folder = tmp_path / "kurume"
        folder.mkdir()
        return Member(folder, *arguments, **told)

    return make


@pytest.fixture
def member(member_at):
    return member_at()
