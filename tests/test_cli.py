"""The command as a person or a scheduler meets it: processes of its own, exit codes, screens and logs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake

from tests import support
from tests.support import citizens
from zorgstat import __version__
from zorgstat.behandelindex.tables import INPUTS, OUTPUTS
from zorgstat.io import locks
from zorgstat.io.attempt import EXIT_CODES
from zorgstat.io.job import LAYOUT_EXIT_CODES

CONF = Path(__file__).parents[1] / "conf" / "behandelindex"
SCRIPT = str(Path(sys.executable).with_name("zorgstat"))
PHASES = ["check settings", "pin inputs", "check inputs", "build", "write", "verify", "check", "publish", "report"]
PROGRESS = re.compile(r"behandelindex 2023-(\d) \[ *\d+\.\d s\] (.+)")
NO_JAVA = {"JAVA_HOME": "/nonexistent", "PATH": "/nonexistent"}


def environment(logs: Path, **changes: str) -> dict[str, str]:
    """Logs go to a folder of the test."""
    return support.environment(**{"TMPDIR": str(logs), **changes})


def zorgstat(*arguments: object, logs: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [SCRIPT, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(logs, **changes), capture_output=True, text=True, timeout=300, check=False
    )


def run_on_sail(settings: Path, inputs: Path, output: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return zorgstat(
        "behandelindex", "run", settings, "--input", inputs, "--output", output, "--engine", "sail", *more,
        logs=inputs.parent,
    )  # fmt: skip


def rows_of(root: Path, table: str) -> list[dict[str, Any]]:
    return DeltaTable(str(root / table)).to_pyarrow_table().to_pylist() if (root / table).exists() else []


def logs_in(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in folder.glob("zorgstat-*/*.log"))


@dataclass(frozen=True)
class Delivery:
    """A made-up delivery, and what became of it on Sail."""

    inputs: Path
    output: Path
    result: Mapping[str, Any]
    screen: str

    @property
    def citizens(self) -> set[str]:
        tables = ("claims", "enrolments", "av_packages", "av_classes")
        return citizens({name: DeltaTable(str(self.inputs / name)).to_pyarrow_table() for name in tables})


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    folder = tmp_path_factory.mktemp("cli")
    inputs, output = folder / "in", folder / "out"
    made = zorgstat("synth", "behandelindex", "--claims", 2000, "--engine", "sail", "--output", inputs, logs=folder)
    assert (made.returncode, made.stdout.split()[0]) == (0, str(len(INPUTS) + 1)), made.stderr
    ran = run_on_sail(CONF / "2023-3.toml", inputs, output, "--json")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\n") == 1
    return Delivery(inputs, output, json.loads(ran.stdout), ran.stderr)


def test_made_up_tables_do_not_take_the_place_of_delivered_ones(delivery: Delivery, tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    shutil.copytree(delivery.inputs, inputs)

    def synth() -> subprocess.CompletedProcess[str]:
        words = ("synth", "behandelindex", "--claims", 1000, "--engine", "sail", "--output", inputs)
        return zorgstat(*words, logs=tmp_path)

    assert synth().returncode == 0
    folder = str(inputs / "insurers")
    write_deltalake(folder, DeltaTable(folder).to_pyarrow_table(), mode="append")
    refused = synth()
    assert refused.returncode == 2
    assert "holds tables that are not as synth made them (insurers); name another folder." in refused.stderr
    (inputs / "_synthetic-behandelindex.json").unlink()
    assert "(claims, enrolments, insurers, " in synth().stderr
    assert [DeltaTable(str(inputs / name)).version() for name in ("claims", "insurers")] == [1, 2]


@pytest.mark.parametrize(
    "command",
    ["", "behandelindex run", "wlz run", "wlz calendar", "synth behandelindex", "synth wlz", "tables optimize"],
)
def test_help_shows_examples(command: str, tmp_path: Path) -> None:
    """And how the command ends, where that tells something."""
    helped = zorgstat(*command.split(), "--help", logs=tmp_path, **NO_JAVA)
    assert helped.returncode == 0
    assert re.search(r"Examples:\n +zorgstat ", helped.stdout)
    if not command.startswith(("synth", "wlz calendar")):
        codes = LAYOUT_EXIT_CODES if command.startswith("tables") else EXIT_CODES
        for code, meaning in codes.items():
            assert re.search(rf"^ +{code} +{re.escape(meaning)}$", helped.stdout, re.MULTILINE)


def test_the_module_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zorgstat", "--version"]
    told = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stdout) == (0, f"zorgstat, version {__version__}\n")


def test_two_settings_files_of_one_version_are_refused(tmp_path: Path) -> None:
    """Which of them is published in the end would depend on their order."""
    (tmp_path / "one.toml").write_text("report = { year = 2023, version = 1 }\n")
    (tmp_path / "two.toml").write_text('report = { year = 2023, version = 1 }\nparticipating = ["CZ"]\n')
    files = [tmp_path / f"{name}.toml" for name in ("one", "one", "two")]
    ran = zorgstat("behandelindex", "run", *files, "--input", "in", "--output", tmp_path / "out", logs=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"two.toml: of the same report as {files[0]}; run one of them." in ran.stderr
    assert not list(tmp_path.glob("zorgstat-*"))


def test_every_fault_of_every_settings_file_is_told_before_java_starts(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('netting = { CZ = "referense" }\nparticipatin = ["CZ"]\n')
    (tmp_path / "two.toml").write_text('report = { year = "2023", version = 4 }\n[correction_factor]\nmethod = "guess"')
    (tmp_path / "three.toml").write_text("report = {")
    files = [tmp_path / f"{name}.toml" for name in ("one", "two", "three", "four")]
    ran = zorgstat("behandelindex", "run", *files, "--input", "in", "--output", tmp_path / "out", logs=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    expected = [
        ("one.toml", "netting.CZ"),
        ("one.toml", "participatin "),
        ("two.toml", "report.year"),
        ("two.toml", "report.version"),
        ("two.toml", "correction_factor.method"),
        ("three.toml", "not valid TOML"),
        ("four.toml", "no such file"),
    ]
    for file, fault in expected:
        assert any(file in line and fault in line for line in ran.stderr.splitlines()), (file, fault, ran.stderr)
    assert not list(tmp_path.glob("zorgstat-*"))  # no log: nothing was started
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--forse"], "--forse"),
        (["--conf", "spark.driver.memory"], "KEY=VALUE"),
        (["--engine", "duckdb"], "duckdb"),
        (["--input"], "--input"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str], told: str, tmp_path: Path) -> None:
    ran = zorgstat(
        "behandelindex", "run", CONF / "2023-3.toml", "--input", "in", "--output", "out", *arguments, logs=tmp_path
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_java_one_line_says_so(tmp_path: Path) -> None:
    """Exit code 70, and the log that is named is there."""
    command = ("behandelindex", "run", CONF / "2023-3.toml", "--input", tmp_path, "--output", tmp_path / "out")
    ran = zorgstat(*command, logs=tmp_path, **NO_JAVA)
    assert (ran.returncode, ran.stdout) == (70, "")
    assert "Is Java 17 or 21 installed?" in ran.stderr
    assert "Traceback" not in ran.stderr
    named = re.search(r"See (\S+\.log)", ran.stderr)
    assert named is not None
    assert Path(named[1]).exists()


def test_a_missing_delivery_ends_with_3(tmp_path: Path) -> None:
    """All tables named, and nothing written."""
    ran = run_on_sail(CONF / "2023-3.toml", tmp_path / "in", tmp_path / "out", "--json")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert "7 faults; nothing was computed" in ran.stderr
    assert all(f"  {table.name}: the table is missing" in ran.stderr for table in INPUTS)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name not in ("_locks", "_logs")]


def test_json_is_all_there_is_on_standard_output(delivery: Delivery) -> None:
    """One object that a program can use; progress goes to standard error, a line a phase, nothing else."""
    result = delivery.result
    assert result["run_id"] == rows_of(delivery.output, "runs")[0]["run_id"]
    assert (result["status"], result["report_year"], result["report_version"]) == ("published", 2023, 3)
    assert sum(result["records"].values()) == len(rows_of(delivery.inputs, "claims"))
    assert result["records"]["counted"] == result["treatments"]
    assert result["practices"] == result["row_counts"]["practice_index"]
    assert result["row_counts"].keys() == result["checksums"].keys() == {table.name for table in OUTPUTS}
    assert len(result["correction_factors"]) == 8
    assert {finding["count"] for finding in result["findings"]} == {0}
    phases = [PROGRESS.fullmatch(line) for line in delivery.screen.splitlines()]
    assert [phase and phase[2] for phase in phases] == PHASES


def test_the_summary_adds_up_to_the_delivery(delivery: Delivery) -> None:
    """Once more for a person, with two versions: the first was published already, and is told all the same."""
    ran = zorgstat(
        "behandelindex", "run", CONF / "2023-3.toml", CONF / "2023-1.toml", "--engine", "sail",
        "--input", delivery.inputs, "--output", delivery.output, logs=delivery.inputs.parent,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    year, half_year = ran.stdout.split("Behandelindex 2023, ")[1:]
    assert re.search(rf"already published +{delivery.result['run_id']}\n", year)
    assert re.search(r"published +behandelindex-2023-1-001-", half_year)
    for summary in (year, half_year):
        total, outcomes = re.findall(r"records read +([\d,]+)\n((?:    \w+ .+\n)+)", summary)[0]
        counts = [int(line.split()[1].replace(",", "")) for line in outcomes.splitlines()]
        assert sum(counts) == int(total.replace(",", "")) == sum(delivery.result["records"].values())
    assert f"in                         {delivery.output} (tables " in year
    assert "\x1b" not in ran.stdout + ran.stderr


def test_figures_that_do_not_hold_are_not_published(delivery: Delivery, tmp_path: Path) -> None:
    """With no concern taking part nothing is counted: exit code 4, no row in `runs`."""
    (tmp_path / "nobody.toml").write_text('participating = ["Nobody"]\n')
    ran = run_on_sail(tmp_path / "nobody.toml", delivery.inputs, tmp_path / "out", "--json")
    assert (ran.returncode, ran.stdout) == (4, "")
    assert "checks failed" in ran.stderr
    assert "This version was not published." in ran.stderr
    assert "something_counted" in ran.stderr
    assert rows_of(tmp_path / "out", "runs") == []


def test_what_was_published_before_another_version_failed_is_told(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / "nobody.toml").write_text('report = { year = 2023, version = 1 }\nparticipating = ["Nobody"]\n')
    ran = zorgstat(
        "behandelindex", "run", CONF / "2023-3.toml", tmp_path / "nobody.toml", "--engine", "sail", "--json",
        "--input", delivery.inputs, "--output", tmp_path / "out", logs=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 4
    assert [run["checksums"] for run in json.loads(ran.stdout)["runs"]] == [delivery.result["checksums"]]
    assert [row["report_version"] for row in rows_of(tmp_path / "out", "runs")] == [3]


def test_one_run_of_a_version_at_a_time(delivery: Delivery, tmp_path: Path) -> None:
    """Exit code 5; the message names the process that is at work, and since when."""
    with locks.hold(str(tmp_path / "out"), "behandelindex-2023-3", wait=False):
        ran = run_on_sail(CONF / "2023-3.toml", delivery.inputs, tmp_path / "out")
    assert (ran.returncode, ran.stdout) == (5, "")
    assert re.search(rf"process {os.getpid()} on \S+, since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d", ran.stderr)
    assert "This version was not published." in ran.stderr
    assert rows_of(tmp_path / "out", "runs") == []


def test_a_failing_run_shows_no_citizen(delivery: Delivery, tmp_path: Path) -> None:
    """Neither on the screen nor in the log, with faults in the rows of a table that is about people."""
    for table in INPUTS:
        rows = DeltaTable(str(delivery.inputs / table.name)).to_pyarrow_table()
        write_deltalake(str(tmp_path / "in" / table.name), rows)
        if table.name in ("claims", "av_classes"):
            write_deltalake(str(tmp_path / "in" / table.name), rows.slice(0, 20), mode="append")
    ran = run_on_sail(CONF / "2023-3.toml", tmp_path / "in", tmp_path / "out")
    assert ran.returncode == 3
    assert "the tables have 2 faults; nothing was computed" in ran.stderr
    shown = ran.stdout + ran.stderr + logs_in(tmp_path)
    assert len(delivery.citizens) > 100
    assert not any(bsn in shown for bsn in delivery.citizens)


def test_what_java_was_telling_when_it_ended_is_not_on_the_screen(tmp_path: Path) -> None:
    program = """
import socket, time
from zorgstat.io import session, size
with session.start("spark", {}, size.Size.DEMO) as engine:
    with socket.create_connection(engine.spark.sparkContext._accumulatorServer.server_address):
        pass
    time.sleep(1)
    assert "broke off" in engine.log.read_text()
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("pressed", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_ctrl_c_ends_a_run_on_spark_and_leaves_the_version_before_it(
    pressed: signal.Signals, code: int, delivery: Delivery, tmp_path: Path
) -> None:
    """Spark publishes what Sail published. Stopped in the next version it ends at once, in words, with nothing more."""
    command = [sys.executable, "-m", "zorgstat", "behandelindex", "run", CONF / "2023-3.toml", CONF / "2023-2.toml"]
    roots = ["--input", delivery.inputs, "--output", tmp_path / "out"]
    process = subprocess.Popen(
        [*map(str, command), *map(str, roots)],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches all processes of a terminal, Java too
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        progress = PROGRESS.match(line)
        if progress and progress[1] == "2" and progress[2] == "build":
            break
    time.sleep(1)
    os.killpg(process.pid, pressed)
    since = time.monotonic()
    stdout, rest = process.communicate(timeout=120)
    stderr = "".join(lines) + rest
    assert process.returncode == code, stderr
    assert time.monotonic() - since < 30
    assert "This version was not published." in rest
    assert "Traceback" not in stderr
    assert "Exception" not in stderr
    assert stdout.count("Behandelindex 2023, version") == 1
    [published] = rows_of(tmp_path / "out", "runs")
    assert (published["report_version"], published["status"]) == (3, "published")
    assert json.loads(published["checksums"]) == delivery.result["checksums"]
    shown = stdout + stderr + logs_in(tmp_path)
    assert not any(bsn in shown for bsn in delivery.citizens)


@pytest.mark.parametrize("words", [("runs", "list", "--output", "."), ("wlz", "calendar", "2023")])
def test_a_reader_that_has_gone_is_no_fault(tmp_path: Path, words: tuple[str, ...]) -> None:
    """As with `| head`: no message, and the code that a shell gives for it."""
    ours, theirs = os.pipe()
    os.close(ours)
    ran = subprocess.run(
        [SCRIPT, *words],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_without_a_place_for_its_output(tmp_path: Path) -> None:
    """Some schedulers close it."""
    words = [SCRIPT, "runs", "list", "--output", str(tmp_path)]
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_letter_that_the_screen_has_no_sign_for_is_spelt_out(tmp_path: Path) -> None:
    root = tmp_path / "één"
    root.mkdir()
    ran = zorgstat("runs", "list", "--output", root, logs=tmp_path, PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert r"\xe9\xe9n" in ran.stdout


def test_ctrl_c_before_anything_is_loaded(tmp_path: Path) -> None:
    script = """
import sys

class Interrupting:
    def find_spec(self, name, *others):
        if name == "zorgstat.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from zorgstat.__main__ import main
main()
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (130, "zorgstat: stopped:\n  Ctrl-C. Nothing was done.\n")
