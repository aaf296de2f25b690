"""What a run leaves when it is broken off, and what two of them do to each other: real processes, signals and tables.

The fast ones run on Sail. `make test-faults` does the same more often, and on Spark too.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.oracle import cases
from tests.support import Command, spark_home_in, write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.io import run
from zorgstat.io.engine import Engine

TABLES, RAW = cases.generate(7, claims=300)
YEAR, VERSION = RAW["report"]["year"], RAW["report"]["version"]
PHASES = ["check settings", "pin inputs", "check inputs", "build", "write", "verify", "check", "publish", "report"]
PROGRESS = re.compile(r"behandelindex \d{4}-\d \[ *\d+\.\d s\] (.+)")
SECONDS = {"sail": 2.0, "spark": 40.0}  # about what a run takes: random moments lie in it


@dataclass(frozen=True)
class Country:
    """Inputs, settings, and outputs in which an earlier run of the version is published."""

    inputs: Path
    settings: Path
    other_version: Path
    earlier: Path
    earlier_run: str
    command: Command

    def start(self, output: Path, settings: Path | None = None, engine: str = "sail") -> subprocess.Popen[str]:
        return self.command.start(
            "behandelindex", "run", settings or self.settings, "--input", self.inputs, "--output", output,
            "--engine", engine, "--json",
        )  # fmt: skip

    def run(self, output: Path, settings: Path | None = None, engine: str = "sail") -> tuple[int, str, str]:
        process = self.start(output, settings, engine)
        stdout, stderr = process.communicate(timeout=600)
        return process.returncode, stdout, stderr


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    folder = tmp_path_factory.mktemp("faults")
    inputs = write_inputs(folder / "in", TABLES)
    settings, other_version, before = folder / "now.toml", folder / "other.toml", folder / "before.toml"
    settings.write_text(f"report = {{ year = {YEAR}, version = {VERSION} }}\n")
    other_version.write_text(f"report = {{ year = {YEAR}, version = {VERSION % 3 + 1} }}\n")
    before.write_text(settings.read_text() + '[correction_factor]\nmethod = "table"\n')
    country = Country(inputs, settings, other_version, folder / "earlier", "", Command(folder))
    code, stdout, stderr = country.run(country.earlier, before)
    assert code == 0, stderr
    return Country(inputs, settings, other_version, country.earlier, json.loads(stdout)["run_id"], country.command)


@pytest.fixture(scope="module")
def undisturbed(country: Country, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The checksums of a run that nobody stopped."""
    code, stdout, stderr = country.run(tmp_path_factory.mktemp("undisturbed") / "out")
    assert code == 0, stderr
    checksums: dict[str, str] = json.loads(stdout)["checksums"]
    return checksums


def kill_at(process: subprocess.Popen[str], phase: str, delay: float) -> None:
    """SIGKILL so long after the phase began; without a phase, after the start."""
    assert process.stderr is not None
    for line in process.stderr if phase else []:
        progress = PROGRESS.match(line)
        if progress and progress[1] == phase:
            break
    time.sleep(delay)
    process.kill()
    process.communicate()


def rows(output: Path, table: str) -> list[dict[str, object]]:
    folder = output / table
    return DeltaTable(str(folder)).to_pyarrow_table().to_pylist() if (folder / "_delta_log").exists() else []


def current(output: Path) -> str:
    published = [row for row in rows(output, "runs") if row["report_version"] == VERSION]
    return str(max(published, key=lambda row: int(str(row["sequence"])))["run_id"])


def is_whole(output: Path, run_id: str) -> bool:
    """Does every table hold as many rows of the run as `runs` says?"""
    [row] = [row for row in rows(output, "runs") if row["run_id"] == run_id]
    counts = json.loads(str(row["row_counts"]))
    return all(
        sum(found["run_id"] == run_id for found in rows(output, table.name)) == counts[table.name] > 0
        for table in OUTPUTS
    )


def assert_killed_without_harm(
    country: Country, undisturbed: dict[str, str], output: Path, phase: str, delay: float, engine: str = "sail"
) -> None:
    """Old or new, never a mixture; the next run needs no repair; what was left is found and removed."""
    shutil.copytree(country.earlier, output)
    kill_at(country.start(output, engine=engine), phase, delay)
    seen = current(output)
    assert is_whole(output, seen)
    published = seen != country.earlier_run

    code, stdout, stderr = country.run(output)
    assert code == 0, stderr
    result = json.loads(stdout)
    seen_now = current(output)
    assert result["run_id"] == seen_now
    assert result["status"] == ("already published" if published else "published")
    assert result["checksums"] == undisturbed
    sequences = [row["sequence"] for row in rows(output, "runs")]
    assert sorted(map(int, map(str, sequences))) == [1, 2]

    left = {str(row["run_id"]) for table in OUTPUTS for row in rows(output, table.name)}
    left -= {country.earlier_run, seen_now}
    cleaned = country.command.run("runs", "clean", "--output", output, "--engine", "sail", "--yes")
    assert cleaned.returncode == 0, cleaned.stderr
    assert all(run_id in cleaned.stdout for run_id in left)
    assert ("Nothing to remove." in cleaned.stdout) == (not left)
    for run_id in (country.earlier_run, seen_now):
        assert is_whole(output, run_id)
    assert {str(row["run_id"]) for table in OUTPUTS for row in rows(output, table.name)} == {
        country.earlier_run,
        seen_now,
    }


@pytest.mark.parametrize("phase", ["build", "write", "verify", "publish"])
def test_a_run_that_is_killed_leaves_the_old_state_or_the_new(
    phase: str, country: Country, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    assert_killed_without_harm(country, undisturbed, tmp_path / "out", phase, delay=0.02)


@pytest.mark.slow
def test_kills_in_every_phase_and_at_random_moments(
    country: Country, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    """36 on Sail."""
    chance = random.Random(11)
    moments = [(phase, chance.uniform(0, 0.15)) for phase in PHASES for _ in range(2)]
    moments += [("", chance.uniform(0.8, 0.8 + SECONDS["sail"])) for _ in range(18)]
    for place, (phase, delay) in enumerate(moments):
        assert_killed_without_harm(country, undisturbed, tmp_path / f"out{place}", phase, delay)


@pytest.mark.slow
def test_kills_on_spark(country: Country, undisturbed: dict[str, str], tmp_path: Path) -> None:
    """Python is killed; Java may go on for a moment, and the next run waits for it."""
    chance = random.Random(12)
    moments = [(phase, chance.uniform(0, 1.5)) for phase in ("check inputs", "build", "write", "write", "publish")]
    moments.append(("publish", 0.0))
    for place, (phase, delay) in enumerate(moments):
        assert_killed_without_harm(country, undisturbed, tmp_path / f"out{place}", phase, delay, engine="spark")


def test_one_of_two_runs_of_a_version_publishes(country: Country, tmp_path: Path) -> None:
    """The other stops and says who is at work since when, or finds the version published."""
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda _: country.run(tmp_path / "out"), range(2)))
    assert sorted(code for code, _, _ in ended)[0] == 0
    for code, stdout, stderr in ended:
        assert code in (0, 5), stderr
        if code == 5:
            assert re.search(r"process \d+ on \S+, since \d{4}-\d\d-\d\dT|a process that started just now", stderr)
        else:
            assert json.loads(stdout)["status"] in ("published", "already published")
    assert len(rows(tmp_path / "out", "runs")) == 1


def both_versions_at_once(country: Country, output: Path, force: bool = False) -> None:
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda file: country.run(output, file), (country.settings, country.other_version)))
    assert [code for code, _, _ in ended] == [0, 0], [stderr for _, _, stderr in ended]
    published = rows(output, "runs")
    assert len(published) == 2
    assert all(is_whole(output, str(row["run_id"])) for row in published)


def test_two_versions_at_once_both_publish(country: Country, tmp_path: Path) -> None:
    both_versions_at_once(country, tmp_path / "out")


@pytest.mark.slow
def test_no_commit_is_lost_in_fifty_rounds(country: Country, tmp_path: Path) -> None:
    for place in range(50):
        both_versions_at_once(country, tmp_path / f"out{place}")
        shutil.rmtree(tmp_path / f"out{place}")


def test_an_input_that_changes_meanwhile_is_read_as_it_was(engine: Engine, tmp_path: Path) -> None:
    """From the first look on; the next run reads the new version."""
    inputs, output = write_inputs(tmp_path / "in", TABLES), tmp_path / "out"
    undisturbed = run.execute(BEHANDELINDEX, engine, resolve(RAW), str(inputs), str(tmp_path / "quiet"))

    def deliver_more(phase: str) -> None:
        if phase == "check inputs":
            more = TABLES["claims"].slice(0, 50)
            more = more.set_column(2, "claim_reference", pa.array([f"late {n}" for n in range(50)]))
            write_deltalake(str(inputs / "claims"), more, mode="append")

    result = run.execute(BEHANDELINDEX, engine, resolve(RAW), str(inputs), str(output), report=deliver_more)
    assert result.checksums == undisturbed.checksums
    assert json.loads(str(rows(output, "runs")[0]["inputs"]))["claims"] == 0
    assert DeltaTable(str(inputs / "claims")).version() == 1
    again = run.execute(BEHANDELINDEX, engine, resolve(RAW), str(inputs), str(output), report=lambda phase: None)
    assert (again.status, sum(again.figures["records"].values())) == ("published", len(TABLES["claims"]) + 50)


ALONE = ["unshare", "--user", "--map-root-user", "--mount"]
HAS_OWN_MOUNTS = (
    sys.platform == "linux" and subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
)


@pytest.mark.skipif(not HAS_OWN_MOUNTS, reason="this machine lets nobody mount a small disk of his own (unshare)")
@pytest.mark.parametrize("engine", ["sail", pytest.param("spark", marks=pytest.mark.slow)])
def test_a_full_disk_is_told_and_does_no_harm(engine: str, country: Country, tmp_path: Path) -> None:
    """Nothing is published; once there is room, the next run works."""
    output = tmp_path / "out"
    output.mkdir()
    script, roots = country.command.script, f"--input {country.inputs} --output {output}"
    zorgstat = f"{script} behandelindex run {country.settings} {roots} --engine {engine} --json"
    listing = f"{script} runs list --output {output} --engine {engine} --json"
    steps = [
        f"mount -t tmpfs -o size=40k tmpfs {output}",
        f"{zorgstat}; echo exit $?",
        listing,
        f"mount -o remount,size=40m {output}",
        f"{zorgstat}; echo exit $?",
    ]
    ran = subprocess.run(
        [*ALONE, "sh", "-c", "\n".join(steps)], env=country.command.environment, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    first, listed, result, last = ran.stdout.splitlines()
    assert (first, last) == ("exit 70", "exit 0"), ran.stderr
    assert "zorgstat: no room:\n  A disk is full" in ran.stderr
    assert "This version was not published." in ran.stderr
    assert "Traceback" not in ran.stderr
    assert json.loads(listed) == {"runs": []}
    assert json.loads(result)["status"] == "published"


def press_ctrl_c(
    country: Country, output: Path, phase: str, delay: float, pressed: signal.Signals = signal.SIGINT
) -> subprocess.CompletedProcess[str]:
    """So many seconds after a phase of a run on Sail began; the run ends within 15."""
    process = country.start(output)
    assert process.stderr is not None
    for line in process.stderr:
        progress = PROGRESS.match(line)
        if progress and progress[1] == phase:
            break
    time.sleep(delay)
    os.kill(process.pid, pressed)
    try:
        stdout, stderr = process.communicate(timeout=15)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.mark.parametrize(("phase", "delay"), [("check inputs", 0.0), ("build", 0.1), ("build", 0.4), ("write", 0.0)])
def test_ctrl_c_ends_a_run_on_sail(phase: str, delay: float, country: Country, tmp_path: Path) -> None:
    """Within seconds, in words, with nothing published. On Spark: tests/test_cli.py."""
    ended = press_ctrl_c(country, tmp_path / "out", phase, delay)
    assert ended.returncode == 130, ended.stderr
    assert "This version was not published." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert rows(tmp_path / "out", "runs") == []


@pytest.mark.parametrize(("phase", "delay"), [("check inputs", 0.0), ("build", 0.2)])
def test_sigterm_ends_a_run_as_ctrl_c_does(phase: str, delay: float, country: Country, tmp_path: Path) -> None:
    """It is what schedulers send."""
    ended = press_ctrl_c(country, tmp_path / "out", phase, delay, signal.SIGTERM)
    assert ended.returncode == 143, ended.stderr
    assert ended.stderr.endswith("zorgstat: stopped:\n  SIGTERM. This version was not published.\n")
    assert "Traceback" not in ended.stderr
    assert rows(tmp_path / "out", "runs") == []


@pytest.mark.slow
def test_ctrl_c_ends_a_run_on_sail_whenever_it_comes(country: Country, tmp_path: Path) -> None:
    """Of those that are raised while gRPC holds a lock one in seventy never ended."""
    chance = random.Random(13)
    for place in range(60):
        delay = chance.uniform(0, 0.7)
        ended = press_ctrl_c(country, tmp_path / str(place), "check inputs", delay)
        # -SIGINT: it came when all was done, and Python itself was ending.
        assert ended.returncode in (0, 130, -signal.SIGINT), (delay, ended.stderr)
        is_told = "This version was not published." not in ended.stderr
        assert len(rows(tmp_path / str(place), "runs")) == is_told, ended.stderr


@pytest.mark.parametrize("servers", [1, 2])
@pytest.mark.parametrize("asked", ["ask(LONG)", "in_parallel(ask, [LONG, LONG])", "ask(SHORT)", "guard(inner)"])
def test_ctrl_c_ends_whatever_is_at_work(servers: int, asked: str, tmp_path: Path) -> None:
    """The second server of a process is not told of it, and may go on, or come to its end as if nothing was."""
    program = f"""
import sys
from zorgstat.io import session
from zorgstat.io.attempt import guard
from zorgstat.io.size import Size
from zorgstat.io.together import in_parallel
LONG, SHORT = (f"SELECT count(*) FROM range({{rows}}) WHERE id % 7 = sqrt(id)" for rows in (3 * 10**10, 10**8))
def ask(question):
    return engine.spark.sql(question).collect()
def inner(attempt):
    attempt.start("sail", None, Size.DEMO).spark.sql(LONG).collect()
for _ in range({servers} - 1):
    with session.start("sail"):
        pass
try:
    with session.start("sail") as engine:
        print("ready", flush=True)
        if {asked} == 130:
            raise KeyboardInterrupt
except KeyboardInterrupt:
    sys.exit("heard")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.0 if "inner" in asked else 0.3)
    os.kill(process.pid, signal.SIGINT)
    try:
        _, stderr = process.communicate(timeout=15)
    finally:
        process.kill()
    assert (process.returncode, stderr.strip().splitlines()[-1]) == (1, "heard"), stderr


@pytest.mark.slow
def test_an_executor_that_is_killed_changes_nothing(
    country: Country, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    """One of two, in the middle of the build: its work is done again by another."""
    home = spark_home_in(tmp_path / "spark")
    process = country.command.start(
        "behandelindex", "run", country.settings, "--input", country.inputs, "--output", tmp_path / "out",
        "--conf", "spark.master=local-cluster[2,1,1024]", "--engine", "spark", "--json", SPARK_HOME=str(home),
    )  # fmt: skip
    assert process.stderr is not None
    killed = False
    for line in process.stderr:
        progress = PROGRESS.match(line)
        if progress and progress[1] == "build":
            executors = [
                child
                for child in psutil.Process(process.pid).children(recursive=True)
                if child.status() != psutil.STATUS_ZOMBIE
                and "CoarseGrainedExecutorBackend" in " ".join(child.cmdline())
            ]
            assert len(executors) == 2
            time.sleep(2)
            executors[0].kill()
            killed = True
            break
    stdout, stderr = process.communicate(timeout=600)
    assert killed
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["checksums"] == undisturbed
    shutil.rmtree(home / "work", ignore_errors=True)
