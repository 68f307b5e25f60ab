"""`riskset site veto`: a hospital forbids that an output of its run is published."""

import pytest

from riskset.secure.keys import public_hex
from riskset_release.vetoes import read_veto

REASON = ("--reason", "One of our patients is named in it.")


def test_a_veto_is_signed_by_the_key_of_the_run(after_a_run, tmp_path, capsys):
    file = tmp_path / "a.veto.json"
    assert after_a_run.says("veto", "run-1", "table-1", *REASON, "--out", str(file)) == 0
    assert "it forbids that this is published: table-1" in capsys.readouterr().out
    veto = read_veto(file.read_bytes())
    assert (veto.site, veto.run, veto.output) == ("kurume", "run-1", "table-1")
    assert veto.key == public_hex(after_a_run.study_folder.identity.signing)
    assert after_a_run.says("veto", "run-1", "table-1", *REASON, "--out", str(file)) == 1
    assert read_veto(file.read_bytes()) == veto


def test_a_veto_is_of_every_output_unless_one_is_named(after_a_run, tmp_path, capsys):
    file = tmp_path / "a.veto.json"
    assert after_a_run.says("veto", "run-1", *REASON, "--out", str(file)) == 0
    assert "every output of the run" in capsys.readouterr().out
    assert read_veto(file.read_bytes()).output == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run-1", "table-1"), "needs a reason"),
        (("run-1", "table-1", "--reason", "because"), "needs a reason"),
        (("run-2", "table-1", *REASON), "run-2"),
    ],
    ids=str,
)
def test_what_is_no_veto_leaves_no_file(after_a_run, tmp_path, capsys, words, said):
    file = tmp_path / "a.veto.json"
    assert after_a_run.says("veto", *words, "--out", str(file)) == 1
    assert said in capsys.readouterr().err
    assert not file.exists()
