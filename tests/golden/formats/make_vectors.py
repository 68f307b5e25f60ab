"""Makes vectors.json, from docs/formats.md alone. Imports nothing of riskset.

    python make_vectors.py > vectors.json

Needs rfc8785 and cryptography, which have nothing to do with what is tested.
"""

import hashlib
import json
from fractions import Fraction

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

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
    for kind in ("roster", "approval", "bundle", "opening", "notice"):
        signed = rfc8785.dumps({f"riskset {kind}": content})
        yield {"kind": kind, "content": content, "signed": signed.hex(), "signature": KEY.sign(signed).hex()}


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
    }
    print(json.dumps(content, indent=1, ensure_ascii=False))


main()
