"""What reading an export costs a site: `riskset site check` of made-up patients in 12 columns, of several kinds.

`python -m benchmarks.exports` alone prints its table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.audit import cost_of
from benchmarks.tables import exports as table

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
kurume = { name = "Site B, Kurume" }
asan = { name = "Site A, Seoul" }
[variables]
arm = { type = "category", levels = ["sorafenib", "lenvatinib"] }
age = { type = "number", unit = "year", range = [18, 100] }
sex = { type = "boolean" }
mvi = { type = "boolean" }
afp = { type = "number", unit = "ng/mL", range = [0, 1e6], transform = "log10p1" }
albumin = { type = "number", range = [0, 10] }
bilirubin = { type = "number", range = [0, 100] }
stage = { type = "category", levels = ["A", "B", "C", "D"] }
start = { type = "date" }
death = { type = "date", required = false }
last = { type = "date" }
[comparison]
arm = "arm"
reference = "sorafenib"
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
origin = "start"
event = ["death"]
censor = "last"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["arm", "age", "sex", "mvi", "afp", "albumin", "stage"] }
"""
SITE = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\n{kind} = "{name}"\nkey = "id"\n'
_CHUNK = 500_000
_FIRST_DAY, _LAST_DAY = 16_436, 18_627
"""2015 to 2020, counted from 1970."""

Case = tuple[str, int]
CASES: tuple[Case, ...] = (("excel", 20_000), ("csv", 1_000_000), ("parquet", 1_000_000), ("parquet", 10_000_000))


def run(kind: str, n: int) -> dict[str, Any]:
    """Returns what the check of an export of n patients takes: seconds of CPU, and the peak of memory in MB."""
    with TemporaryDirectory(prefix="riskset-bench-") as name:
        folder = Path(name)
        file = folder / f"export.{kind}"
        _WRITERS[kind](file, n)
        (folder / "study.toml").write_text(STUDY, encoding="utf-8")
        (folder / "site.toml").write_text(SITE.format(kind=kind, name=file.name), encoding="utf-8")
        cost = cost_of(["site", "check", str(folder / "site.toml"), "--study", str(folder / "study.toml")])
        return {"kind": kind, "n": n, "bytes": file.stat().st_size, **cost}


def patients(n: int) -> Iterator[Any]:
    """Yields tables of Arrow with n patients in all; laboratory values hardly repeat."""
    import pyarrow as pa

    rng = np.random.default_rng(14)
    for first in range(0, n, _CHUNK):
        m = min(_CHUNK, n - first)
        start = rng.integers(_FIRST_DAY, _LAST_DAY, m)
        end, is_dead = start + rng.integers(1, 2_000, m), rng.random(m) < 0.5
        yield pa.table(
            {
                "id": np.arange(first, first + m),
                "arm": _words(rng, m, "sorafenib", "lenvatinib"),
                "age": rng.integers(18, 100, m).astype(np.int16),
                "sex": rng.integers(0, 2, m).astype(bool),
                "mvi": rng.integers(0, 2, m).astype(bool),
                "afp": np.round(rng.lognormal(3, 2, m) % 1e5, 1),
                "albumin": rng.normal(3.8, 0.5, m).clip(1, 6),
                "bilirubin": rng.lognormal(0, 0.5, m).clip(0.1, 50).astype(np.float32),
                "stage": _words(rng, m, *"ABCD"),
                "start": _days(start),
                "death": _days(end, ~is_dead),
                "last": _days(end),
            }
        )


def _words(rng: np.random.Generator, m: int, *words: str) -> Any:
    import pyarrow as pa

    return pa.array(np.array(words)[rng.integers(0, len(words), m)]).dictionary_encode()


def _days(days: Any, none: Any = None) -> Any:
    import pyarrow as pa

    return pa.array(days.astype(np.int32), mask=none).cast(pa.date32())


def _parquet(file: Path, n: int) -> None:
    import pyarrow.parquet as pq

    writer = None
    for part in patients(n):
        writer = writer or pq.ParquetWriter(file, part.schema)
        writer.write_table(part)
    if writer:
        writer.close()


def _csv(file: Path, n: int) -> None:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    whole = pa.concat_tables(patients(n))
    plain = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in whole.schema]
    pacsv.write_csv(whole.cast(pa.schema(zip(whole.column_names, plain, strict=True))), file)


def _excel(file: Path, n: int) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for part in patients(n):
        sheet.append(part.column_names)
        for row in zip(*(column.to_pylist() for column in part.columns), strict=True):
            sheet.append(row)
    book.save(file)


_WRITERS: dict[str, Callable[[Path, int], None]] = {"csv": _csv, "excel": _excel, "parquet": _parquet}


if __name__ == "__main__":
    say = partial(print, file=sys.stderr, flush=True)
    found = []
    for case in CASES:
        found.append(run(*case))
        say(found[-1])
    print(table(found))
