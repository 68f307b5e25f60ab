"""`riskset study dossier`: what it writes and says, and that it replaces nothing."""

import re
import stat

import pytest
from tests.pseudo_language import latin_words

from riskset.cli import main
from riskset_demo.studies import DEMONSTRATIONS


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(DEMONSTRATIONS["lung"].study)
    return path


def test_it_writes_a_page_for_its_owner_alone(study, tmp_path, capsys):
    out = tmp_path / "dossier.html"
    assert main(["study", "dossier", str(study), "--out", str(out)]) == 0
    assert "have a lawyer read it" in capsys.readouterr().out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert '<html lang="en">' in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_it_speaks_the_language_that_is_asked_for(study, tmp_path, language):
    out = tmp_path / "dossier.html"
    assert main(["study", "dossier", str(study), "--lang", language, "--out", str(out)]) == 0
    assert f'<html lang="{language}">' in out.read_text(encoding="utf-8")


def test_it_speaks_the_language_of_the_study(study, tmp_path):
    study.write_bytes(study.read_bytes().replace(b"[study]", b'[study]\nlanguage = "ja"', 1))
    out = tmp_path / "dossier.html"
    assert main(["study", "dossier", str(study), "--out", str(out)]) == 0
    assert '<html lang="ja">' in out.read_text(encoding="utf-8")


def test_a_file_that_exists_is_not_replaced(study, tmp_path, capsys):
    out = tmp_path / "dossier.html"
    out.write_text("minutes", encoding="utf-8")
    assert main(["study", "dossier", str(study), "--out", str(out)]) == 1
    assert "a dossier replaces no file" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "minutes"


def test_a_study_with_problems_has_no_dossier(study, tmp_path, capsys):
    study.write_bytes(study.read_bytes().replace(b'"os"', b'"oss"'))
    out = tmp_path / "dossier.html"
    assert main(["study", "dossier", str(study), "--out", str(out)]) != 0
    assert "oss" in capsys.readouterr().err
    assert not out.exists()


def test_what_it_prints_is_in_the_language(study, tmp_path, pseudo_language, capsys):
    out = tmp_path / "dossier.html"
    for code in (0, 1):
        assert main(["study", "dossier", str(study), "--lang", pseudo_language, "--out", str(out)]) == code
        said = "".join(capsys.readouterr()).replace(str(out), "")
        assert latin_words(re.sub(r"--\w+", "", said)) == []
