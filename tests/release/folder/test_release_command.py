"""`riskset release`: a whole folder or none, with recipients, and a copy for acro in a place of its own."""

import pytest
from tests.release.folder.conftest import FIGURE, TABLE

from riskset.cli import main
from riskset_release.folder.acro import RESULTS
from riskset_release.folder.pages import PAGES
from riskset_release.releasing import PROOF, RECORD

TO = ("--to", "A journal", "--country", "GB")


@pytest.fixture
def releases(release, folder, tmp_path):
    """Returns what is typed: the command with further words, and its exit code."""
    bundle, votes = tmp_path / "run.zip", tmp_path / "votes"
    bundle.write_bytes(release.bundle)
    for who in ("sato", "kim"):
        for output in (FIGURE, TABLE):
            release.committee.votes(votes, who, output)
    options = ("--keys", folder.keys, "--votes", votes, "--out", tmp_path / "out")
    return lambda *words: main(["release", str(bundle), *map(str, (*options, *words))])


def test_it_writes_the_folder_and_a_copy_for_acro(releases, tmp_path, capsys):
    assert releases(*TO, "--acro", tmp_path / "acro") == 0
    out = capsys.readouterr().out
    assert "do not give it away" in out
    assert "Nothing in it is signed" in out
    assert all((tmp_path / "out" / page).is_file() for page in (*PAGES, PROOF, RECORD))
    assert "A journal" in (tmp_path / "out" / "release-note.html").read_text(encoding="utf-8")
    assert (tmp_path / "acro" / RESULTS).is_file()
    assert not (tmp_path / "out" / RESULTS).exists()
    assert main(["audit", "proof", str(tmp_path / "out" / "tables" / "km-os-all.csv")]) == 0
    capsys.readouterr()
    assert releases(*TO) == 1
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "A journal"), "no --country says where"),
        (("--country", "KR"), "no --to names a recipient"),
        (("--to", "A journal", "--country", "kr"), "two capital letters"),
    ],
)
def test_a_recipient_without_a_country_leaves_no_folder(releases, tmp_path, words, said, capsys):
    assert releases(*words) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["out", "out/acro"])
def test_the_copy_for_acro_is_not_in_the_release(releases, tmp_path, place, capsys):
    assert releases("--acro", tmp_path / place) == 1
    assert "would write into the release" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
