"""The one way in which JSON from outside is read: bounded, each key once, and where it was hashed in one spelling only.

Python's own reader takes the last of two equal keys, while another program may take the first: one signature would then
hold for two texts. It also takes NaN, infinities, UTF-16, and numbers and brackets without end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

import rfc8785

MOST_BYTES: Final = 32 * 2**20
"""A message on the network is shorter."""
DEEPEST: Final = 32
"""Objects and lists inside each other; no document of ours has ten."""
MOST_DIGITS: Final = 40
"""Of a number as it is written: a double has at most 17 significant ones."""
LARGEST: Final = 2**53 - 1
"""The largest integer that every reader of JSON reads as the same number (RFC 8785 refuses larger ones)."""
_WITHOUT_SPACES: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_TEXT_OR_SPACE: Final = re.compile(r'("(?:\\.|[^"\\])*")|[ \t\r\n]+')


class NotStrictJson(ValueError):
    """The bytes are not JSON as it is read here; the text says why, without any value."""


def read_json(data: bytes | str, most_bytes: int = MOST_BYTES) -> Any:  # noqa: ANN401 - any JSON value
    """Returns the value of a JSON text in UTF-8, whatever its spaces and spellings.

    Raises NotStrictJson where it is longer than `most_bytes`, deeper than `DEEPEST`, gives one key twice, or holds a
    number that is too long or not finite, or a text that cannot be written in UTF-8.
    """
    return _read(data, most_bytes, _finite)


def _read(data: bytes | str, most_bytes: int, parse_float: Callable[[str], float]) -> Any:  # noqa: ANN401
    if len(data) > most_bytes:
        raise NotStrictJson(f"more than {most_bytes} bytes")
    try:
        text = data if isinstance(data, str) else data.decode()
        text.encode()
        value = json.loads(
            text,
            object_pairs_hook=_each_key_once,
            parse_int=_integer,
            parse_float=parse_float,
            parse_constant=_no_constant,
        )
    except NotStrictJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotStrictJson(f"not JSON in UTF-8: {type(error).__name__}") from None
    _check_depth(value)
    return value


def read_canonical(data: bytes, most_bytes: int = MOST_BYTES) -> Any:  # noqa: ANN401 - any JSON value
    """Returns the value of a canonical JSON text (RFC 8785). Raises NotStrictJson for every other spelling of it, too:
    what is hashed must not have two."""
    floats: list[str] = []
    value = _read(data, most_bytes, lambda text: floats.append(text) or _finite(text))  # type: ignore[func-returns-value]
    if (canonical(value) if floats else canonical_without_floats(value)) != data:
        raise NotStrictJson("not in canonical form")
    return value


def read_exact(data: bytes, most_bytes: int = MOST_BYTES) -> Any:  # noqa: ANN401 - any JSON value but a float
    """Returns the value of a JSON file that people send each other: spaces outside texts, which mail may change, are
    free, and nothing else. Raises NotStrictJson also for a number with a point or exponent: 2.0 would pass for 2."""
    value = read_json(data, most_bytes)
    canonical(value)  # a text that has no bytes to sign
    bare = _TEXT_OR_SPACE.sub(r"\1", data.decode())
    if bare != json.dumps(value, separators=(",", ":"), ensure_ascii=False) or _has_float(value):
        raise NotStrictJson("not in the form in which it was written")
    return value


def canonical_without_floats(value: Any) -> bytes:  # noqa: ANN401 - any JSON value but a float
    """Returns the same as `canonical`, several times as fast, of a value without floats and without integers beyond
    `LARGEST`: Python's own writer spells numbers otherwise. In ASCII the two agree, also on the order of keys."""
    try:
        text = _WITHOUT_SPACES.encode(value)
    except (TypeError, ValueError, RecursionError):
        return canonical(value)
    return text.encode() if text.isascii() else canonical(value)


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Returns RFC 8785 JSON. Raises NotStrictJson where the value has none: a lone surrogate, NaN, 2^80."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise NotStrictJson(f"without a canonical form: {type(error).__name__}") from None


def _each_key_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise NotStrictJson("a key given twice")
    return content


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS or abs(int(text)) > LARGEST:
        raise NotStrictJson("an integer beyond 2^53")
    return int(text)


def _finite(text: str) -> float:
    number = float(text) if len(text) <= MOST_DIGITS else float("inf")
    if number in (float("inf"), float("-inf")):
        raise NotStrictJson("a number that is too long or not finite")
    return number


def _no_constant(_: str) -> NoReturn:
    raise NotStrictJson("a number that is not finite")


def _check_depth(value: object) -> None:
    """Level by level: the reader itself is stopped by Python, at a depth that differs between versions."""
    level: list[object] = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise NotStrictJson(f"more than {DEEPEST} levels of brackets")


def _inside(value: object) -> Sequence[object]:
    """An empty one holds nothing, but is a level too."""
    if isinstance(value, dict):
        return list(value.values()) or [None]
    return (value or [None]) if isinstance(value, list) else ()


def _has_float(value: object) -> bool:
    return isinstance(value, float) or any(map(_has_float, _inside(value)))
