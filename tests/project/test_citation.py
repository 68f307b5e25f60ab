"""CITATION.cff says of the software what pyproject.toml says."""

import tomllib
from pathlib import Path

import yaml

from riskset import __version__

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_it_has_what_the_format_requires():
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert CITATION["message"]
    assert [sorted(author) for author in CITATION["authors"]] == [["name"]]  # an entity, not a person


def test_name_version_and_licence_are_the_projects():
    found = [CITATION[key] for key in ("title", "version", "license")]
    assert found == [PROJECT["name"], PROJECT["version"], PROJECT["license"]]
    assert PROJECT["version"] == __version__
