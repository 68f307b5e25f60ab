"""An export and a study in a folder: a proposal is made, written, and checked by the real reader."""

from pathlib import Path

import pytest
from tests.site_client.mapping.exports import DATES, STUDY, TODAY, N

from riskset.study.load import load_study
from riskset_site.data.check import check_site
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.propose import propose
from riskset_site.mapping.written import written


class Desk:
    """A data manager's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.joins()

    def joins(self, variables="", endpoint=DATES):
        (self.folder / "study.toml").write_text(STUDY.format(variables=variables, endpoint=endpoint), encoding="utf-8")

    def exports(self, text, encoding="utf-8", name="export.csv"):
        (self.folder / name).write_bytes(text.encode(encoding))
        self.export = self.folder / name

    def has(self, header, row, n=N, **form):
        """An export with a row for each of n patients, written by a function of their number."""
        self.exports("\n".join([header, *map(row, range(n))]) + "\n", **form)

    @property
    def study(self):
        return load_study(self.folder / "study.toml")

    @property
    def site_file(self):
        return self.folder / "site.toml"

    def proposes(self, **answers):
        given = Answers.model_validate({"site": "kurume", "key": "id"} | answers)
        return propose(ExportFile(self.export), self.study, TODAY, given, self.folder)

    def writes(self, language="en", **answers):
        text = written(self.proposes(**answers), language)
        self.site_file.write_text(text, encoding="utf-8")
        return text

    def check(self):
        return check_site(self.site_file, self.study, TODAY)

    def fits(self, **answers):
        """Whether what is written passes the check."""
        self.writes(**answers)
        found = self.check()
        assert found.problems == (), [f"{one} {one.detail}" for one in found.problems]
        return True

    def problems(self, **answers):
        """What the check says of what is written."""
        self.writes(**answers)
        return [(one.where, str(one.message)) for one in self.check().problems]

    def read(self, variable):
        """How many rows of a variable the check has read, and of how many it is missing."""
        (found,) = [one for one in self.check().variables if one.variable == variable]
        return found.read, found.missing


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
