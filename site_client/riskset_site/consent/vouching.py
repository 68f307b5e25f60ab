"""One party says to another whose keys it has compared, so that not every hospital must telephone every other.

Without it a coordinator could invent hospitals: a key counts as somebody's only where a person heard its words from
that somebody, or from a party whose own key was compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.errors import DataError, Refused, did_you_mean
from riskset.joining.signed import read_signed, write_signed
from riskset.protocol.roster import Roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex, public_hex

KIND, SCHEMA = "vouching", 1
_ASK = "ask its sender for the file that riskset site vouch wrote"


def write_vouching(key: Ed25519PrivateKey, roster: Roster, compared: Iterable[str]) -> bytes:
    """Returns the text of the file: whose keys, by name and in hex, the owner of this key has compared."""
    keys = {site: public_hex(roster.sites[site]) for site in compared}
    content = {"schema": SCHEMA, "study": roster.study_id, "by": public_hex(key), "keys": keys}
    return write_signed(KIND, content, signature=key)


def vouched_for(data: bytes, roster: Roster, compared: Collection[str], words: str = "") -> tuple[str, ...]:
    """Returns the sites of the roster that the file vouches for.

    Its signer must be one of the `compared` sites, or have the fingerprint `words` that a person heard by telephone:
    Refused otherwise. DataError where the file is none or of another study, VerificationError where it was changed;
    Refused where it names another key for a site than the roster does: somebody changed a key in between.
    """
    not_this = DataError("this is not a file that vouches for sites", _ASK)
    document = read_signed(data, KIND, not_this)
    try:
        by = public_from_hex(document.text("by"))
    except DataError:
        raise not_this from None
    document.check_signed(by, "the file that vouches was changed after it was signed", _ASK)
    document.check_schema(SCHEMA, "the file that vouches")
    keys = document.content.get("keys")
    if document.text("study") != roster.study_id or not isinstance(keys, dict):
        raise DataError("the file vouches for the sites of another study", _ASK)
    known = {public_hex(roster.sites[site]) for site in compared}
    if public_hex(by) not in known and " ".join(words.lower().split()) != fingerprint_words(by):
        message = f"the file is signed by the key {fingerprint_words(by)!r}, which nobody here has compared"
        hint = "give its owner's site with --compared, or the six words you heard from its owner with --voucher"
        raise Refused("approval", message, hint)
    return tuple(_checked(site, key, roster) for site, key in keys.items() if site in roster.sites)


def _checked(site: str, key: object, roster: Roster) -> str:
    if key != public_hex(roster.sites[site]):
        message = f"the file vouches for another key of {site} than the one in the roster"
        raise Refused("approval", message, f"telephone {site}: a key was changed, or somebody stands between you")
    return site


def known_others(names: Iterable[str], site: str, roster: Roster) -> tuple[str, ...]:
    """Returns the names if they are other sites of the roster, each once; DataError otherwise."""
    others = [name for name in roster.sites if name != site]
    for name in names:
        if name not in others:
            hint = did_you_mean(name, others) or f"the others are {', '.join(others) or 'none'}"
            raise DataError(f"{name!r} is no other site of the roster", hint)
    return tuple(dict.fromkeys(names))
