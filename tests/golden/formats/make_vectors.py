"""Makes vectors.json, from docs/formats.md alone. Imports nothing of riskset.

    python make_vectors.py > vectors.json

Needs rfc8785 and cryptography, which have nothing to do with what is tested.
"""

import base64
import hashlib
import json
import re
from fractions import Fraction

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
HASH = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("study", "roster", "history")}
RUN = "0f9a3c5e7b1d2468"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def framed(parts):
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def head(payload, **changed):
    content = {
        "type": "contribution",
        "study": HASH["study"],
        "roster": HASH["roster"],
        "run": RUN,
        "round": 3,
        "sender": "asan",
        "history": HASH["history"],
        "payload": sha256(payload),
    }
    return rfc8785.dumps({**content, **changed})


def messages():
    payload = framed([b"vector", b"cosignature", b"01"])
    right = head(payload)
    whole = framed([right, payload, KEY.sign(right)])
    yield {"holds": True, "raw": whole.hex(), "id": sha256(right), "payload": payload.hex()}
    spaced = right.replace(b":", b": ", 1)
    upside = bytes(reversed(KEY.sign(right)))
    wrong = {
        "a byte behind the last part": whole + b"\0",
        "a part is missing": framed([right, payload]),
        "a part too many": framed([right, payload, KEY.sign(right), b""]),
        "the last length is too long": whole[:-1],
        "lengths are big-endian": b"".join(len(p).to_bytes(4, "big") + p for p in (right, payload, KEY.sign(right))),
        "another payload": framed([right, payload + b"!", KEY.sign(right)]),
        "another signature": framed([right, payload, upside]),
        "signed over the payload": framed([right, payload, KEY.sign(payload)]),
        "a head with a space": framed([spaced, payload, KEY.sign(spaced)]),
        "another sender": _signed(payload, sender="osaka"),
        "a further key in the head": _signed(payload, more="1"),
        "a round that is text": _signed(payload, round="3"),
        "a round below 0": _signed(payload, round=-1),
    }
    for why, raw in wrong.items():
        yield {"holds": False, "why": why, "raw": raw.hex()}


def _signed(payload, **changed):
    changed_head = head(payload, **changed)
    return framed([changed_head, payload, KEY.sign(changed_head)])


def histories():
    before = sha256("\n".join(["riskset run", HASH["study"], HASH["roster"], RUN]).encode())
    ids = [sha256(site.encode()) for site in ("asan", "kurume", "osaka")]
    after = sha256("\n".join([before, *sorted(ids)]).encode())
    yield {"study": HASH["study"], "roster": HASH["roster"], "run": RUN, "opening": before, "ids": ids, "after": after}


def integer(x):
    whole = int(abs(Fraction(x)) * 2**64)  # rounded towards 0
    return (whole if x >= 0 else -whole) % 2**128


def to_bytes(integers):
    low = [(i % 2**64).to_bytes(8, "little") for i in integers]
    high = [(i >> 64).to_bytes(8, "little") for i in integers]
    return b"".join(low + high)


def vectors():
    for numbers in ([], [0.0], [1.0, -1.0, 0.5], [2.0**-64, -(2.0**-65), 1 / 3], [-123456.789, 1e15, -(2.0**60)]):
        yield {"numbers": numbers, "bytes": to_bytes([*map(integer, numbers)]).hex() if numbers else ""}


def totals():
    for parts in ([[1.5, -2.0], [2.5, 1.0]], [[1 / 3], [1 / 3], [1 / 3]], [[2.0**60], [-(2.0**60)], [1e-9]]):
        columns = list(zip(*([integer(x) for x in part] for part in parts), strict=True))
        sums = [sum(column) % 2**128 for column in columns]
        reals = [(total - 2**128 if total >= 2**127 else total) / 2**64 for total in sums]
        sent = [to_bytes([integer(x) for x in part]).hex() for part in parts]
        yield {"sent": sent, "bytes": to_bytes(sums).hex(), "numbers": reals}


def masks():
    sites = ("asan", "kurume", "osaka")
    secrets = {site: hashlib.sha256(f"secret of {site}".encode()).digest() for site in sites}
    private = {site: X25519PrivateKey.from_private_bytes(secret) for site, secret in secrets.items()}
    public = {site: key.public_key().public_bytes_raw() for site, key in private.items()}
    salt = hashlib.sha256(rfc8785.dumps([[site, public[site].hex()] for site in sorted(sites)])).digest()
    context = {"study": HASH["study"], "roster": HASH["roster"], "run": RUN}
    numbers = {"asan": [1.0, -2.5], "kurume": [10.0, 0.25], "osaka": [100.0, 0.0]}
    sent = {}
    for site in sites:
        masked = [integer(x) for x in numbers[site]]
        for other in sites:
            if other == site:
                continue
            lower, higher = sorted((site, other))
            info = rfc8785.dumps(["riskset pairwise masks 1", context, 3, HASH["history"], lower, higher])
            shared = private[site].exchange(X25519PublicKey.from_public_bytes(public[other]))
            key = HKDF(hashes.SHA256(), 32, salt, info).derive(shared)
            stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(bytes(16 * len(masked)))
            n = len(masked)
            halves = [int.from_bytes(stream[8 * i : 8 * i + 8], "little") for i in range(2 * n)]
            mask = [high << 64 | low for low, high in zip(halves[:n], halves[n:], strict=True)]
            sign = 1 if site == lower else -1
            masked = [(x + sign * m) % 2**128 for x, m in zip(masked, mask, strict=True)]
        sent[site] = to_bytes(masked).hex()
    yield {
        "secrets": {site: secret.hex() for site, secret in secrets.items()},
        "public": {site: key.hex() for site, key in public.items()},
        "context": context,
        "round": 3,
        "history": HASH["history"],
        "numbers": numbers,
        "sent": sent,
    }


def sealed():
    """The private part of a log's entry, and the key that opens it."""
    key = hashlib.sha256(b"key of an entry").digest()
    content = {"numbers": [["admission/cohorts", ["patients of os"], ["31.0"]]], "verdicts": []}
    nonce, plain = bytes(range(12)), json.dumps(content, separators=(",", ":")).encode()
    whole = nonce + AESGCM(key).encrypt(nonce, plain, None)
    yield {"holds": True, "key": key.hex(), "private": whole.hex(), "content": content}
    changed = bytearray(whole)
    changed[-1] ^= 1
    wrong = {
        "a byte changed": (key, bytes(changed)),
        "another key": (hashlib.sha256(b"another").digest(), whole),
        "the nonce behind the ciphertext": (key, whole[12:] + nonce),
        "no nonce": (key, whole[12:]),
        "nothing": (key, b""),
    }
    for why, (of, private) in wrong.items():
        yield {"holds": False, "why": why, "key": of.hex(), "private": private.hex()}


def files():
    """What is signed of a file of each kind."""
    content = {"schema": 1, "run": RUN, "name": "Gangnam 강남"}
    for kind in ("roster", "approval", "bundle", "opening", "notice", "login"):
        signed = rfc8785.dumps({f"riskset {kind}": content})
        yield {"kind": kind, "content": content, "signed": signed.hex(), "signature": KEY.sign(signed).hex()}


def login(**changed):
    content = {"schema": 1, "desk": "review.example.org:8443", "study": HASH["study"], "bundle": sha256(b"bundle")}
    return content | {"issued": "61250", "nonce": sha256(b"nonce"), "key": hex_of(KEY)} | changed


def challenge(content):
    """The word in which a desk asks; it is not signed."""
    asked = {key: value for key, value in content.items() if key != "key"}
    return base64.urlsafe_b64encode(rfc8785.dumps({"riskset challenge": asked})).decode().rstrip("=")


def logins():
    """Challenges, and answers to them."""
    right = login()
    yield {
        "holds": True,
        "why": "as it is written",
        "word": challenge(right),
        "text": written(document("login", right)),
    }
    for why, content in {
        "a schema of a later version": login(schema=2),
        "an address with its scheme": login(desk="https://review.example.org:8443"),
        "an address in capitals": login(desk="Review.example.org:8443"),
        "no address": login(desk=""),
        "a moment that is no number": login(issued="now"),
        "a moment with a zero before it": login(issued="061250"),
        "a moment as a number": login(issued=61250),
        "a hash in capitals": login(bundle=sha256(b"bundle").upper()),
        "no study": {key: value for key, value in right.items() if key != "study"},
        "a further key": login(output="table-1"),
    }.items():
        yield {"holds": False, "why": why, "word": challenge(content), "text": written(document("login", content))}
    word = challenge(right)
    for why, text, asked in (
        ("signed as a vote", written(document("login", right, signed_as="vote")), f"{word}="),
        ("signed by somebody else", written(document("login", right, IDENTITIES["kurume"])), word[:-1]),
        ("a key under which anybody signs", written(document("login", login(key=NEUTRAL))), word + "AAAA"),
        ("a remark beside it", written(document("login", right, remark="checked")), word.replace("e", "E", 1)),
    ):
        yield {"holds": False, "why": why, "word": asked, "text": text}


SITES = ("asan", "kurume", "osaka")
IDENTITIES = {site: Ed25519PrivateKey.from_private_bytes(hashlib.sha256(site.encode()).digest()) for site in SITES}
NEUTRAL = "01" + 31 * "00"
"""The point of order 1, under which anybody signs anything with itself and a zero."""
OF_ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"


def hex_of(key):
    return key.public_key().public_bytes_raw().hex()


def node_of(site):
    number = int.from_bytes(hashlib.sha256(f"node of {site}".encode()).digest(), "big")
    public = ec.derive_private_key(number, ec.SECP384R1()).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def roster(**changed):
    told = {"telephone": "+82 2 1234", "irb": "2026-1", "irb_until": ""}
    members = {site: {"identity": hex_of(key), "node": node_of(site), **told} for site, key in IDENTITIES.items()}
    content = {"schema": 3, "study": "trial", "study_sha256": HASH["study"], "coordinator": hex_of(KEY)}
    return content | {"sites": members, "renewals": {}} | changed


def approval(**changed):
    content = {
        "schema": 2,
        "site": "asan",
        "study": HASH["study"],
        "roster": HASH["roster"],
        "policy": {},
        "exceptions": [{"limit": "R4.leverage", "value": "1/3", "reason": "강남: three sites only"}],
        "snapshot": sha256(b"snapshot"),
        "code": "0.2.0",
        "by": "Kim",
        "irb": "2026-1",
        "until": "2027-01-31",
        "signed_at": "2026-11-01T09:00:00Z",
        "compared": ["kurume", "osaka"],
        "may_be_subtracted": False,
        "methods": {"km": "riskset 0.2.0"},
    }
    return content | changed


def document(kind, content, key=KEY, signed_as=None, **more):
    """The text of a signed file; an approval also has its hash."""
    signed = rfc8785.dumps({f"riskset {signed_as or kind}": content})
    of_approval = {"sha256": sha256(rfc8785.dumps({"riskset approval": content}))} if kind == "approval" else {}
    return {kind: content, "signature": key.sign(signed).hex(), **of_approval, **more}


def written(content):
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def reversed_order(value):
    if isinstance(value, dict):
        return {key: reversed_order(inner) for key, inner in reversed(value.items())}
    return value


def spellings(kind, right):
    """Yields texts of the same file: some that mail could have made of it, and some that nobody writes."""
    text = written(right)
    yield True, "as it is written", text
    yield True, "without spaces", json.dumps(right, separators=(",", ":"), ensure_ascii=False)
    yield True, "with other ends of lines", text.replace("\n", "\r\n")
    yield True, "its keys in another order", written(reversed_order(right))
    yield False, "a key given twice", text.replace('"study":', '"study": "other",\n    "study":', 1)
    yield False, "the same key twice with one value", text.replace('"schema":', '"schema": 9,\n    "schema":', 1)
    yield False, "a letter written as its number", text.replace('"study"', '"\\u0073tudy"', 1)
    yield False, "a schema with a fraction of zero", re.sub(r'("schema": \d)', r"\1.0", text)
    yield False, "a schema with an exponent", re.sub(r'("schema": \d)', r"\1e0", text)
    yield False, "a byte order mark", "\ufeff" + text
    yield False, "more text behind it", text + "{}"
    yield False, "cut short", text[:-3]
    yield False, "a comment", text.replace("{", "{ // signed", 1)
    yield False, "a comma behind the last key", re.sub(r"\n\}\n$", ",\n}\n", text)
    yield False, "half of a character", text.replace('"trial"' if kind == "roster" else '"Kim"', '"\\ud800"')


def signatures(kind, content):
    """Yields files whose content is right."""
    right = document(kind, content)
    signature = right["signature"]
    yield "another signature", right | {"signature": bytes(reversed(bytes.fromhex(signature))).hex()}
    yield "signed by somebody else", document(kind, content, IDENTITIES["kurume"])
    yield "the signature in capitals", right | {"signature": signature.upper()}
    yield "half a signature", right | {"signature": signature[:64]}
    yield "no signature", {key: value for key, value in right.items() if key != "signature"}
    yield "a signature that is no text", right | {"signature": 0}
    yield "a remark beside what is signed", right | {"remark": "checked"}
    for other in ("roster", "approval", "bundle", "request", ""):
        if other != kind:
            yield f"signed as {other or 'nothing'}", document(kind, content, signed_as=other or " ")
    bare = rfc8785.dumps(content)
    yield "signed without its kind", right | {"signature": KEY.sign(bare).hex()}
    yield "under another name", {f"riskset {kind}": content, **{k: v for k, v in right.items() if k != kind}}


def rosters():
    right = roster()
    for holds, why, text in spellings("roster", document("roster", right)):
        yield holds, why, text
    for why, content in signatures("roster", right):
        yield False, why, written(content)
    members = right["sites"]
    with_site = lambda **changed: roster(sites=members | {"asan": members["asan"] | changed})  # noqa: E731
    anybodys = roster(coordinator=NEUTRAL)
    yield (
        False,
        "a coordinator's key under which anybody signs",
        written({"roster": anybodys, "signature": NEUTRAL + 32 * "00"}),
    )
    for why, content in {
        "a site's key under which anybody signs": with_site(identity=NEUTRAL),
        "a site's key of small order": with_site(identity=OF_ORDER_8),
        "a key in its second spelling": with_site(identity=(2**255 - 19 + 1).to_bytes(32, "little").hex()),
        "a site's key in capitals": with_site(identity=members["asan"]["identity"].upper()),
        "the coordinator's key in capitals": roster(coordinator=hex_of(KEY).upper()),
        "one key for two sites": with_site(identity=members["osaka"]["identity"]),
        "a member without a node key": roster(sites=members | {"asan": {"identity": hex_of(IDENTITIES["asan"])}}),
        "a member with a further key": with_site(remark="trusted"),
        "a name that no site can have": roster(sites=members | {"a site": members["asan"]}),
        "sites as a list": roster(sites=[*members.values()]),
        "renewals of a site that is not listed": roster(renewals={"seoul": []}),
        "a renewal that nobody signed": roster(renewals={"asan": [{"request": {}, "signature": ""}]}),
        "a schema of a later version": roster(schema=4),
        "a schema that is text": roster(schema="3"),
        "a schema that is true": roster(schema=True),
        "no schema": {key: value for key, value in right.items() if key != "schema"},
        "a further key": roster(remark="trusted"),
    }.items():
        yield False, why, written(document("roster", content))


def approvals():
    right = approval()
    for holds, why, text in spellings("approval", document("approval", right)):
        yield holds, why, text, hex_of(KEY)
    yield (
        True,
        "of a site that lets its own estimates be told",
        written(document("approval", approval(may_be_told_alone=True))),
        hex_of(KEY),
    )
    for why, content in signatures("approval", right):
        yield False, why, written(content), hex_of(KEY)
    anybodys = document("approval", right) | {"signature": NEUTRAL + 32 * "00"}
    yield False, "a key under which anybody signs", written(anybodys), NEUTRAL
    yield False, "another site's key", written(document("approval", right)), hex_of(IDENTITIES["osaka"])
    yield (
        False,
        "the hash of another approval",
        written(document("approval", right) | {"sha256": sha256(b"another")}),
        hex_of(KEY),
    )
    for why, content in {
        "a schema of a later version": approval(schema=3),
        "a schema that is text": approval(schema="2"),
        "methods in the schema that has none": approval(schema=1),
        "no methods in the schema that has them": {k: v for k, v in right.items() if k != "methods"},
        "a further key": approval(remark="checked"),
        "no name of who signed": {k: v for k, v in right.items() if k != "by"},
        "a day in another spelling": approval(until="20270131"),
        "a day that does not exist": approval(until="2027-02-30"),
        "a number for yes or no": approval(may_be_subtracted=0),
        "estimates that are not told, said so": approval(may_be_told_alone=False),
        "an exception without its reason": approval(exceptions=[{"limit": "R4.leverage", "value": "1/3"}]),
        "an exception as a number": approval(exceptions=[{"limit": "R1", "value": 3, "reason": "few"}]),
        "a text for a list": approval(compared="kurume"),
    }.items():
        yield False, why, written(document("approval", content)), hex_of(KEY)


def documents():
    for holds, why, text in rosters():
        yield {"kind": "roster", "holds": holds, "why": why, "text": text, "key": hex_of(KEY)}
    for holds, why, text, key in approvals():
        yield {"kind": "approval", "holds": holds, "why": why, "text": text, "key": key}


def main():
    content = {
        "about": "Made by make_vectors.py. `holds` false: to be refused, and `why` says what is wrong with it.",
        "seed": SEED.hex(),
        "sender": "asan",
        "messages": list(messages()),
        "histories": list(histories()),
        "vectors": list(vectors()),
        "totals": list(totals()),
        "masks": list(masks()),
        "sealed": list(sealed()),
        "files": list(files()),
        "logins": list(logins()),
        "documents": list(documents()),
    }
    print(json.dumps(content, indent=1, ensure_ascii=False))


main()
