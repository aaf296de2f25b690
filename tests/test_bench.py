"""The bench measures what was really run, after the figures were compared."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import duckdb
import psutil  # type: ignore[import-untyped]
import pytest
from deltalake import write_deltalake

from bench import compare, eventlog, meter, picture, run, stored, wlz_duckdb
from tests.oracle import wlz_cases
from tests.oracle.wlz_duckdb import compute
from tests.wlz.support import write_inputs
from zorgstat.io import config
from zorgstat.wlz.pipeline import WLZ
from zorgstat.wlz.settings import resolve

SAIL_AND_DUCKDB = ["--claims", "1000", "--rounds", "1", "--engines", "duckdb", "sail"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand claims of each pipeline, made once for all tests of this file."""
    folder = tmp_path_factory.mktemp("data")
    for pipeline in run.CASES:
        run.make_claims(pipeline, 1_000, folder, "sail")
    return folder


@pytest.mark.parametrize(("pipeline", "name"), [("behandelindex", "1000"), ("wlz", "wlz-1000")])
def test_a_bench_from_claims_to_results(
    pipeline: str, name: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--pipeline", pipeline, "--bar", "sail=1000", "--data", str(data), "--results", str(tmp_path)]
    assert run.main([*SAIL_AND_DUCKDB, *asked]) == 0
    [file] = tmp_path.iterdir()
    result = json.loads(file.read_text(encoding="utf-8"))
    assert file.name == f"{result['made'][:10]}-{name}.json"
    assert [(one["engine"], one["round"]) for one in result["measurements"]] == [("duckdb", 1), ("sail", 1)]
    for one in result["measurements"]:
        assert one["wall_seconds"] > 0.1
        assert one["cpu_seconds"] > 0.1
        assert one["peak_mb"] > 50
        assert sum(one["phases"].values()) == pytest.approx(one["wall_seconds"], abs=0.2)
    assert {"start", "check inputs", "publish", "stop"} <= result["engines"]["sail"]["phases"].keys()
    assert result["engines"]["duckdb"]["ratio"] == 1
    assert result["bars"] == {"sail": {"at_most": 1000, "held": True}}
    assert "times DuckDB" in capsys.readouterr().out
    assert {folder.name for folder in data.iterdir()} == {"1000", "wlz-1000"}  # outputs are gone


def test_no_time_is_told_when_figures_differ(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compare, "differences", lambda pipeline, a, b: ["outcomes: records differs in 3 rows"])
    assert run.main([*SAIL_AND_DUCKDB, "--data", str(data), "--results", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "outcomes: records differs in 3 rows" in said.err
    assert not said.out
    assert not list(tmp_path.iterdir())


def test_without_java_spark_is_left_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(SystemExit, match="2"):
        run.main(["--engines", "spark"])
    assert "Spark is left out" in capsys.readouterr().err


def test_the_yardstick_of_the_wlz_agrees_with_the_witness(tmp_path: Path) -> None:
    """Over cases dense in ties, dirt and borders. The witness has other words for what is found."""
    for seed in range(20):
        tables, raw = wlz_cases.generate(seed)
        inputs, output = write_inputs(tmp_path / f"{seed}", tables), tmp_path / f"{seed}-output"
        wlz_duckdb.YARDSTICK.run(resolve(raw), inputs, output)
        expected = compute(tables, raw)
        for table in WLZ.outputs:
            columns = [name for name in table.names if name not in ("run_id", "detail")]
            found = Counter(duckdb.sql(f"SELECT {', '.join(columns)} FROM {stored.rows(output, table)}").fetchall())
            assert found == Counter(tuple(row[name] for name in columns) for row in expected[table.name]), (seed, table)


def test_the_yardstick_of_the_wlz_agrees_with_sail(tmp_path: Path) -> None:
    """In every quarter, and as known before the quarter was over; to the last word."""
    early = tmp_path / "early.toml"
    early.write_text("statement = { year = 2023, quarter = 2 }\nknown_at = 2023-05-20\n")
    claims = run.make_claims("wlz", 50_000, tmp_path, "sail")  # so many have every finding
    roots = ["--input", str(claims), "--output", str(tmp_path / "sail"), "--engine", "sail"]
    for reports in [[f"conf/wlz/2023-{quarter}.toml" for quarter in (1, 2, 3, 4)], [str(early)]]:
        meter.run([run.COMMAND, "wlz", "run", *reports, *roots])
        for report in reports:
            settings = config.load(WLZ, report)
            wlz_duckdb.YARDSTICK.run(settings, claims, tmp_path / "duckdb")
            asked = (WLZ, tmp_path / "sail", tmp_path / "duckdb", (settings.year, settings.number))
            assert compare.differences(*asked) == [], report


def test_the_yardstick_of_the_wlz_writes_counts_as_findings_do() -> None:
    """Of 50,000 claims no finding has a thousand of anything."""
    counts = ((999, "999"), (1000, "1.000"), (1_234_567, "1.234.567"))
    for count, written in counts:
        assert duckdb.sql(f"SELECT {wlz_duckdb.dotted(str(count))}").fetchall() == [(written,)]


def test_what_differs_is_told(tmp_path: Path) -> None:
    """Rows that are missing, and words."""
    tables, raw = wlz_cases.generate(0)
    inputs, one, other = write_inputs(tmp_path / "inputs", tables), tmp_path / "one", tmp_path / "other"
    for root in (one, other):
        wlz_duckdb.YARDSTICK.run(resolve(raw), inputs, root)
    assert compare.differences(WLZ, one, other) == []
    production, *_, findings = WLZ.outputs
    changes = {production: "SELECT * FROM {} OFFSET 1", findings: "SELECT * REPLACE (upper(detail) AS detail) FROM {}"}
    for table, change in changes.items():
        changed = duckdb.sql(change.format(stored.rows(one, table)))
        write_deltalake(other / table.name, changed, mode="overwrite")
    lost, words = compare.differences(WLZ, one, other)
    assert lost == "wlz_production: 1 of a's rows are not in the other"
    assert re.fullmatch(r"wlz_findings: detail differs in \d+ rows", words)


def test_all_processes_of_a_command_count() -> None:
    child = "import time; block = b'x' * 60_000_000; stop = time.time() + 1\nwhile time.time() < stop: pass"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait(); print('done')"
    ran = meter.run([sys.executable, "-c", parent])
    assert ran.output[-1].text == "done"
    assert ran.wall_seconds > 1
    assert ran.cpu_seconds > 0.3
    assert ran.peak_mb > 60


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(meter.CommandError, match=r"exit code 3\.\nno claims"):
        meter.run([sys.executable, "-c", "import sys; print('no claims', file=sys.stderr); sys.exit(3)"])


def test_ctrl_c_ends_all_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(meter, "PATIENCE", 0.5)
    pid = tmp_path / "pid"
    deaf = f"""
        import os, pathlib, signal, time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))
        time.sleep(60)
    """
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {dedent(deaf)!r}]).wait()"
    ctrl_c = (threading.main_thread().ident, signal.SIGINT)
    threading.Timer(1.5, signal.pthread_kill, ctrl_c).start()
    with pytest.raises(KeyboardInterrupt):
        meter.run([sys.executable, "-c", parent])
    time.sleep(0.2)
    left = [one for one in psutil.process_iter() if one.pid == int(pid.read_text())]
    assert all(one.status() == psutil.STATUS_ZOMBIE for one in left)  # nobody may be there to bury it


def test_work_of_spark_belongs_to_the_phase_in_which_it_began() -> None:
    def task(launched: float, rows: int) -> str:
        metrics = {
            "Input Metrics": {"Records Read": rows},
            "Shuffle Write Metrics": {"Shuffle Bytes Written": 2_000_000},
            "Disk Bytes Spilled": 1_000_000,
        }
        event = {"Event": "SparkListenerTaskEnd", "Task Info": {"Launch Time": launched * 1e3}, "Task Metrics": metrics}
        return json.dumps(event)

    failed = json.dumps({"Event": "SparkListenerTaskEnd", "Task Info": {"Launch Time": 12_000}})
    log = ['{"Event":"SparkListenerLogStart"}', task(12, 5), task(20, 7), task(21, 8), failed]
    assert eventlog.by_phase(log, [("start", 10), ("build", 20), ("stop", 30)]) == {
        "start": eventlog.Work(5, 2.0, 1.0),
        "build": eventlog.Work(15, 4.0, 2.0),
        "stop": eventlog.Work(),
    }


def test_the_picture_has_every_size_and_engine() -> None:
    def result(claims: int, made: str, **seconds: float) -> dict[str, object]:
        engines = {
            engine: {"wall_seconds": wall, "wall_min": wall, "wall_max": wall} for engine, wall in seconds.items()
        }
        machine = {"cores": 2, "cpu": "A & B", "memory_mb": 24_000}
        settings = "conf/behandelindex/2023-3.toml"
        about = {"claims": claims, "is_start": False, "made": made, "settings": settings}
        return {**about, "machine": machine, "engines": engines}

    results = [
        result(20_000_000, "2026-11-22", spark=50.0, sail=12.0, duckdb=11.0),
        result(20_000_000, "2026-11-21", spark=99.0, sail=99.0, duckdb=99.0),  # an older bench of the same size
        result(5_000_000, "2026-11-20", spark=20.0, duckdb=3.0),
        {**result(20_000_000, "2026-11-23", spark=99.0), "settings": "conf/wlz/2023-2.toml"},
        {**result(1_000, "2026-11-23"), "is_start": True},
    ]
    drawn = ElementTree.fromstring(picture.draw(results))
    texts = ["".join(element.itertext()) for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"0", "5", "20", "Spark50 s", "Sail12 s", "DuckDB11 s", "2 cores, A & B"} <= {
        part for text in texts for part in (text, text.removeprefix("seconds; ").removesuffix(", 24 GB of memory"))
    }
    lines = [element.get("points", "").count(",") for element in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert lines == [2, 1, 2]
