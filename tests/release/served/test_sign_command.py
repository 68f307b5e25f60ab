"""The command that a desk shows: a shell reads it as it is meant, whatever somebody typed or a bundle names."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.release.conftest import REASON, a_candidate, an_output

from riskset_release.desk.sign_command import quoted, sign_command
from riskset_release.votes import Judgement


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))))
def test_a_text_is_one_word_of_a_posix_shell(text):
    assert shlex.split(quoted(text)) == [text]


@pytest.mark.parametrize(
    "text", ["$(touch x)", "`touch x`", "a; touch x", "a & b", "a | b", "50% < x", "!x", '"', "'", "\\", "", "-x"]
)
def test_what_a_shell_could_run_is_in_quotes(text):
    assert quoted(text)[0] in "'\""
    assert shlex.split(quoted(text)) == [text]


def test_usual_texts_are_in_the_quotes_of_every_shell():
    assert quoted("table-km-os-all") == "table-km-os-all"
    assert quoted("佐藤 花子") == '"佐藤 花子"'
    assert quoted(REASON) == f'"{REASON}"'


def test_an_acceptance_has_neither_category_nor_reason():
    words = sign_command(a_candidate(), an_output("km; rm x"), Judgement("accept", "Dr. O'Hara"), "sato")
    assert "--category" not in words
    assert "--reason" not in words
    assert shlex.split(" ".join(words))[4:6] == ["km; rm x", "accept"]


def test_what_the_desk_was_given_the_signer_gives_too():
    """Else their bundle gives other bytes, or not the output."""
    candidate = replace(a_candidate(), earlier=("a release",), exact=("figure-km-os-all",))
    words = sign_command(candidate, an_output("km-os"), Judgement("accept", "Dr. Sato"), "sato")
    assert words[-4:] == ["--earlier", "earlier", "--exact", "figure-km-os-all"]
