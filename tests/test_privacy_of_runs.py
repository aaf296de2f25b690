"""No bsn in anything that a run leaves, or has on disk while it works: every byte is looked at.

Inputs are not looked at, except to show that the search would find a bsn.
"""

from __future__ import annotations

import json
import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from tests.oracle import cases, wlz_cases
from tests.support import Command, citizens, write_inputs
from tests.wlz import support as wlz
from zorgstat.io.attempt import Attempt, guard
from zorgstat.io.engine import Engine

TABLES, RAW = cases.generate(7, claims=300)
WLZ_TABLES, WLZ_RAW = wlz_cases.generate(20, size=100)
CITIZENS = citizens(TABLES) | citizens(WLZ_TABLES)
# Nothing packed and nothing encrypted: what cannot be read cannot be searched.
OPEN = {
    "spark.io.encryption.enabled": "false",
    "spark.shuffle.compress": "false",
    "spark.shuffle.spill.compress": "false",
    "spark.broadcast.compress": "false",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
}


def found_in_bytes(data: bytes) -> Iterator[str]:
    """As nine digits in a row, or as a number in eight bytes: so Spark keeps a field of a row on disk."""
    for match in re.finditer(rb"(?=([0-9]{9}))", data):
        if match[1].decode() in CITIZENS:
            yield f"text {match[1].decode()}"
    for bsn in CITIZENS:
        for packed in (struct.pack("<q", int(bsn)), struct.pack(">q", int(bsn))):
            if packed in data:
                yield f"number {bsn}"


def found_in_parquet(file: Path) -> Iterator[str]:
    """In the values of every column, however they are encoded."""
    for name, column in zip((table := pq.read_table(file)).column_names, table.columns, strict=True):
        for leaf in leaves(column):
            for value in leaf.to_pylist():
                text = f"{value:09d}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
                if CITIZENS & set(re.findall(r"(?=([0-9]{9}))", text)):
                    yield f"column {name}"


def leaves(column: pa.ChunkedArray) -> Iterator[pa.ChunkedArray]:
    if not pa.types.is_nested(column.type):
        yield column
        return
    yield pa.chunked_array([pa.array([str(value) for value in column.to_pylist()], pa.string())])


def search(folder: Path) -> dict[str, set[str]]:
    """By file what was found in it; and how much was looked at, in bytes, under ''."""
    found: dict[str, set[str]] = {}
    size = 0
    for file in folder.rglob("*"):
        if not file.is_file() or file.is_relative_to(folder / "in"):
            continue
        data = file.read_bytes()
        size += len(data)
        hits = set(found_in_bytes(data)) | set(found_in_bytes(file.name.encode()))
        if data[:4] == b"PAR1" == data[-4:]:
            hits |= set(found_in_parquet(file))
        if hits:
            found[str(file.relative_to(folder))] = hits
    assert size > 10_000
    return found


def test_the_search_finds_a_bsn(tmp_path: Path) -> None:
    """In a table as it is delivered, in a row as Spark shuffles it, in a log."""
    write_inputs(tmp_path / "delivered", TABLES)
    assert any("claims" in file for file in search(tmp_path))
    bsn = min(CITIZENS)
    assert list(found_in_bytes(b"\x00" * 3 + struct.pack("<q", int(bsn)) + b"x")) == [f"number {bsn}"]
    assert list(found_in_bytes(f"job for 1{bsn}2".encode())) == [f"text {bsn}"]


@pytest.mark.parametrize(
    ("engine", "conf"),
    [
        ("sail", {}),
        # Delta's own log of a delivery may hold the lowest and the highest bsn of a file. Spark shuffles what it reads
        # of that log; encrypted, as the command has it. The rules themselves need no encryption.
        ("spark", OPEN),
        pytest.param("spark", {"spark.shuffle.compress": "false"}, marks=pytest.mark.slow),
    ],
    ids=["sail", "spark unencrypted", "spark"],
)
def test_a_run_leaves_no_bsn_behind(engine: str, conf: dict[str, str], tmp_path: Path) -> None:
    """Nor has it one on disk meanwhile: its processes are stopped when the figures are written, and all is searched."""
    inputs = write_inputs(tmp_path / "in", TABLES, bsn_in_log=conf != OPEN)
    settings = tmp_path / "settings.toml"
    settings.write_text("report = {{ year = {year}, version = {version} }}\n".format(**RAW["report"]))
    watch_a_run(("behandelindex", "run", settings, "--input", inputs), engine, conf, tmp_path)


@pytest.mark.parametrize("engine", ["sail", pytest.param("spark", marks=pytest.mark.slow)])
def test_a_statement_leaves_no_bsn_behind(engine: str, tmp_path: Path) -> None:
    """Nor do the findings on it, which are about few people."""
    inputs, settings = wlz.write_inputs(tmp_path / "in", WLZ_TABLES), tmp_path / "settings.toml"
    settings.write_text("statement = {{ year = {year}, quarter = {quarter} }}\n".format(**WLZ_RAW["statement"]))
    conf = {"spark.shuffle.compress": "false"} if engine == "spark" else {}
    watch_a_run(("wlz", "run", settings, "--input", inputs), engine, conf, tmp_path)


def watch_a_run(words: tuple[object, ...], engine: str, conf: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    given = {**conf, "spark.eventLog.dir": str(tmp_path / "events")} if conf else {}
    options = [word for key, value in given.items() for word in ("--conf", f"{key}={value}")]
    command = Command(tmp_path)
    process = command.start(*words, "--output", tmp_path / "out", "--json", "--engine", engine, *options)
    assert process.stderr is not None
    screen = ""
    for line in process.stderr:
        screen += line
        if "] verify" in line:
            break
    stopped = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in stopped:
        one.send_signal(signal.SIGSTOP)
    on_disk = [file for file in tmp_path.glob("zorgstat-*/work-*/**/*") if file.is_file()]
    assert search(tmp_path) == {}
    assert on_disk  # shuffles on Spark, kept frames on Sail
    for one in stopped:
        one.send_signal(signal.SIGCONT)
    stdout, rest = process.communicate(timeout=300)
    assert process.returncode == 0, rest
    assert json.loads(stdout)["status"] == "published"
    assert search(tmp_path) == {}
    assert not list(found_in_bytes((stdout + screen + rest).encode()))
    assert not list(tmp_path.glob("zorgstat-*/work-*"))


@pytest.mark.parametrize("engine", ["sail", pytest.param("spark", marks=pytest.mark.slow)])
def test_a_run_that_fails_leaves_no_bsn_behind(engine: str, tmp_path: Path) -> None:
    """With keys that recur in a table whose key has a bsn in it: every row of it is compared."""
    classes = TABLES["av_classes"]
    inputs = write_inputs(tmp_path / "in", {**TABLES, "av_classes": pa.concat_tables([classes, classes.slice(0, 9)])})
    settings = tmp_path / "settings.toml"
    settings.write_text("report = {{ year = {year}, version = {version} }}\n".format(**RAW["report"]))
    ran: subprocess.CompletedProcess[str] = Command(tmp_path).run(
        "behandelindex", "run", settings, "--input", inputs, "--output", tmp_path / "out", "--engine", engine
    )
    assert ran.returncode == 3
    assert "av_classes" in ran.stderr
    (tmp_path / "screen").write_text(ran.stdout + ran.stderr + "x" * 10_000)
    assert search(tmp_path) == {}


def test_an_exception_of_the_engine_tells_no_value(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither on the screen nor in the engine's log: its class, its condition and its place only."""
    bsn = min(CITIZENS)

    def work(attempt: Attempt) -> None:
        attempt.engine = engine
        rows = engine.spark.createDataFrame([(f"{bsn}x",)], "bsn string")
        rows.select(F.col("bsn").cast("int")).collect()

    assert guard(work) == 70
    assert bsn not in capsys.readouterr().err
    assert engine.log is not None
    log = engine.log.read_text(encoding="utf-8", errors="replace")
    assert not any(bsn in log for bsn in CITIZENS)
