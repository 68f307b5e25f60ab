"""The sdist and the wheel that `make wheel` builds: they hold what they should and nothing else, and the wheel runs a
study without the clone.

Both are built once, without the network, from a copy of the clone in which somebody has tried the program.
"""

import csv
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HATCH = PYPROJECT["tool"]["hatch"]["build"]
IN_SDIST = [name.lstrip("/") for name in HATCH["targets"]["sdist"]["include"]]
PACKAGES = [Path(package) for package in HATCH["targets"]["wheel"]["packages"]]
ALWAYS = ["pyproject.toml", "LICENSE", "NOTICE", ".gitignore"]
NOT_SOURCE = shutil.ignore_patterns("__pycache__", "*.egg-info", ".hypothesis", ".*_cache", "riskset-demo*")
STRAY = ("coordinator/keys/identity.pem", "kurume/export.csv", "coordinator/runs.sqlite", "export.csv")


@dataclass(frozen=True)
class Built:
    clone: Path
    sdist: dict[str, bytes]
    """Content by path inside riskset-VERSION/."""
    wheel: Path

    def source(self, *tops):
        """Returns the content of every file of the copy under these paths, by path."""
        files = [file for top in tops for file in [self.clone / top, *(self.clone / top).rglob("*")] if file.is_file()]
        return {file.relative_to(self.clone).as_posix(): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    clone, dist = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("dist")
    for name in [*IN_SDIST, *ALWAYS]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clone / name, ignore=NOT_SOURCE)
        else:
            shutil.copy(ROOT / name, clone / name)
    for stray in STRAY:
        (clone / stray).parent.mkdir(parents=True, exist_ok=True)
        (clone / stray).write_bytes(b"nobody else's business")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
    with tarfile.open(archive) as tar:
        held = {m.name.partition("/")[2]: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
    return Built(clone, held, wheel)


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(built.wheel) as wheel:
        wheel.extractall(folder)
    return folder


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(built):
    expected = {
        Path(path).relative_to(package.parent).as_posix(): content
        for package in PACKAGES
        for path, content in built.source(package).items()
    }
    with zipfile.ZipFile(built.wheel) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected
    assert {"riskset/disclosure/rules.toml", "riskset_site/pages/page.css", "riskset_demo/studies/hcc.toml"} <= set(
        held
    )


def test_the_sdist_holds_what_is_named_and_nothing_that_was_made_by_trying(built):
    assert built.sdist.keys() - built.source(*IN_SDIST, *ALWAYS).keys() == {"PKG-INFO"}
    assert built.source(*IN_SDIST, *ALWAYS).items() <= built.sdist.items()
    assert built.sdist.keys().isdisjoint(STRAY)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what is tracked is known in a clone only")
def test_the_sdist_forgets_nothing_that_is_tracked(built):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(filter(None, listed.split("\0"))) <= built.sdist.keys()


def test_the_metadata_is_the_projects(unpacked):
    project = PYPROJECT["project"]
    (info,) = unpacked.glob("*.dist-info")
    found = Parser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    assert [found["Name"], found["Version"]] == [project["name"], project["version"]]
    assert found["License-Expression"] == project["license"]
    assert found["Requires-Python"] == project["requires-python"]
    assert sorted(found.get_all("Provides-Extra")) == sorted(project["optional-dependencies"])
    assert {file.name for file in (info / "licenses").iterdir()} == {"LICENSE", "NOTICE"}
    recorded = {row[0] for row in csv.reader(io.StringIO((info / "RECORD").read_text(encoding="utf-8")))}
    assert recorded == {file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*") if file.is_file()}


REHEARSE = """
import sys
from importlib.metadata import distribution
from pathlib import Path
import riskset, riskset_report, riskset_site, riskset_server, riskset_demo
from riskset.cli import main
from riskset_demo.studies import DEMONSTRATIONS

here = Path(sys.argv[1])
for package in (riskset, riskset_report, riskset_site, riskset_server, riskset_demo):
    assert Path(package.__file__).is_relative_to(here), package.__file__
assert Path(distribution("riskset").locate_file("")) == here
lung = DEMONSTRATIONS["lung"]
Path("study.toml").write_bytes(lung.study)
for site, files in lung.folders().items():
    Path("sites", site).mkdir(parents=True)
    for name, content in files.items():
        Path("sites", site, name).write_bytes(content)
assert main(["study", "check", "study.toml"]) == 0
sys.exit(main(["study", "try", "study.toml", "--sites", "sites", "--out", "out"]))
"""


@pytest.mark.exhaustive
def test_a_study_is_rehearsed_from_the_wheel_alone(unpacked, tmp_path):
    """Commands, readers of site files, data sets, rules, templates and figures are found in what was installed."""
    command = [sys.executable, "-P", "-c", REHEARSE, str(unpacked)]
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cox/os/all/multivariable" in (tmp_path / "out" / "results.json").read_text(encoding="utf-8")
    assert "<svg" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
