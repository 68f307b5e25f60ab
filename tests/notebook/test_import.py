"""`import riskset` stays what it is for a hospital: it loads nothing until a name of notebooks is used."""

import subprocess
import sys

import pytest

import riskset
import riskset_notebook
from riskset.notebook_names import NAMES


def loaded_by(code):
    """Returns the modules that a new interpreter has after the code."""
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(printed.stdout.split())


def test_a_plain_import_loads_nothing_else():
    before, after = loaded_by(""), loaded_by("import riskset")
    assert after - before == {"riskset"}


def test_a_site_and_a_coordinator_load_no_pandas():
    loaded = loaded_by("import riskset_site.cli, riskset_site.commands.check, riskset_server.run.rehearse")
    assert not {"pandas", "matplotlib", "riskset_notebook", "starlette", "jinja2"} & loaded


def test_reading_a_run_draws_nothing():
    assert "matplotlib.pyplot" not in loaded_by("import riskset; riskset.load")


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_that_of_the_package(name):
    assert getattr(riskset, name) is getattr(riskset_notebook, name)


def test_the_names_are_listed_everywhere():
    assert sorted(NAMES) == sorted(riskset_notebook.__all__)
    assert set(NAMES) <= set(dir(riskset))


def test_another_name_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'riskset' has no attribute 'laod'"):
        _ = riskset.laod


def test_without_pandas_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in [name for name in sys.modules if name.startswith("riskset_notebook")]:
        monkeypatch.delitem(sys.modules, name)
    expected = (
        "riskset.load needs pandas, which is not installed; install it with: python -m pip install 'riskset[notebook]'"
    )
    with pytest.raises(ModuleNotFoundError) as missing:
        _ = riskset.load
    assert str(missing.value) == expected
