"""A file in which one party vouches for the keys it has compared, so that not every hospital must telephone every
other.

Without such checks a coordinator could invent hospitals: a key is trusted only where a person here has heard its words
from its owner, or where a party whose own key was compared vouches for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError, Refused, did_you_mean
from riskset.joining.signed import read_signed, write_signed
from riskset.protocol.roster import Roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_hex

KIND, SCHEMA = "vouching", 1
_ASK = say("site.vouching.ask_hint")


def write_vouching(key: Ed25519PrivateKey, roster: Roster, compared: Iterable[str]) -> bytes:
    """Returns the text of the file: the sites whose keys the owner of this key has compared, with the keys in hex."""
    keys = {site: public_hex(roster.sites[site]) for site in compared}
    content = {"schema": SCHEMA, "study": roster.study_id, "by": public_hex(key), "keys": keys}
    return write_signed(KIND, content, signature=key)


def vouched_for(data: bytes, roster: Roster, compared: Collection[str], words: str = "") -> tuple[str, ...]:
    """Returns the sites of the roster that the file vouches for.

    Its signer must be one of the `compared` sites, or have the fingerprint `words` that a person heard by telephone:
    Refused otherwise. DataError where the data are not such a file or it is for a different study, VerificationError
    where it was changed. Refused also where it names a different key for a site than the roster: a key was replaced.
    """
    not_this = DataError(say("site.vouching.not_one"), _ASK)
    document = read_signed(data, KIND, not_this)
    by = document.key(document.text("by"))
    document.check_signed(by, say("site.vouching.changed"), _ASK)
    document.check_schema(SCHEMA, say("site.vouching.called"))
    keys = document.content.get("keys")
    if document.text("study") != roster.study_id or not isinstance(keys, dict):
        raise DataError(say("site.vouching.other_study"), _ASK)
    known = {public_hex(roster.sites[site]) for site in compared}
    if public_hex(by) not in known and " ".join(words.lower().split()) != fingerprint_words(by):
        message = say("site.vouching.unknown_signer", words=fingerprint_words(by))
        raise Refused("approval", message, say("site.vouching.unknown_signer_hint"))
    return tuple(_checked(site, key, roster) for site, key in keys.items() if site in roster.sites)


def _checked(site: str, key: object, roster: Roster) -> str:
    if key != public_hex(roster.sites[site]):
        message = say("site.vouching.other_key", site=site)
        raise Refused("approval", message, say("site.vouching.other_key_hint", site=site))
    return site


def known_others(names: Iterable[str], site: str, roster: Roster) -> tuple[str, ...]:
    """Returns the names if they are other sites of the roster, each once; DataError otherwise."""
    others = tuple(name for name in roster.sites if name != site)
    for name in names:
        if name not in others:
            hint = did_you_mean(name, others) or say("site.vouching.other_sites", sites=others)
            raise DataError(say("site.vouching.not_other_site", name=name), hint)
    return tuple(dict.fromkeys(names))
