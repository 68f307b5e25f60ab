"""Words for hashes: the open list whole and unchanged, the bits in their order."""

from hashlib import sha256
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.secure.fingerprint_words import fingerprint_words, words_of
from riskset.secure.keys import public_from_hex

LIST = files("riskset.secure") / "bip39-english.txt"
WORDS = LIST.read_text().split()


def test_the_list_is_the_published_one_with_its_licence():
    assert sha256(LIST.read_bytes()).hexdigest() == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    assert len({word[:4] for word in WORDS}) == 2048
    assert "MIT" in (files("riskset.secure") / "bip39-english.LICENSE").read_text()


def test_words_by_hand():
    assert words_of(bytes(32), 6) == ("abandon",) * 6
    assert words_of(b"\xff" * 32, 8) == ("zoo",) * 8
    assert words_of(b"\x00\x20" + bytes(20), 2) == ("ability", "abandon")  # 00000000001 00000000000


@given(st.binary(min_size=32, max_size=32), st.integers(1, 23))
def test_words_are_the_first_bits_read_eleven_at_a_time(digest, count):
    bits = "".join(f"{byte:08b}" for byte in digest)
    assert words_of(digest, count) == tuple(WORDS[int(bits[11 * i : 11 * i + 11], 2)] for i in range(count))


def test_too_few_bits_are_a_mistake():
    with pytest.raises(ValueError, match="8 bytes do not make 6 words"):
        words_of(bytes(8), 6)


def test_a_fingerprint_that_stays():
    """People keep it on paper: no version may change it. The words are those that python-mnemonic 0.21 begins with for
    the SHA-256 of the key."""
    key = public_from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")  # RFC 8032, test 1
    assert fingerprint_words(key) == "capable various jewel dress enforce cost"
