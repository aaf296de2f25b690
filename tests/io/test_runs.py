"""The commands on published runs, as an operator meets them: processes of their own over real tables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.oracle import cases
from tests.support import Command, write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS, OUTPUTS, PRACTICE_INDEX
from zorgstat.io import locks, publication, run, trace
from zorgstat.io.engine import Engine
from zorgstat.io.runs import EXIT_CODES
from zorgstat.io.store import RERUN_DAYS, RETENTION
from zorgstat.tables import RUN_FINDINGS, RUN_METRICS, RUNS

TABLES, RAW = cases.generate(7, claims=300)
YEAR, VERSION = RAW["report"]["year"], RAW["report"]["version"]
PHASES = ["check settings", "pin inputs", "check inputs", "build", "write", "verify", "check"]
LEFT_BEFORE, LEFT = (f"behandelindex-{YEAR}-{VERSION}-{sequence}-abcdef" for sequence in ("008", "009"))


@dataclass(frozen=True)
class Shelf:
    """A version, published and corrected."""

    command: Command
    inputs: Path
    output: Path
    first: dict[str, Any]
    second: dict[str, Any]

    def runs(self, verb: str, *words: object, output: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.command.run("runs", verb, *words, "--output", output or self.output, "--engine", "sail")

    def copy(self, folder: Path) -> Path:
        shutil.copytree(self.output, folder)
        return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("runs")
    inputs, command = write_inputs(folder / "in", TABLES), Command(folder)
    told = []
    for method in ("computed", "table"):
        settings = folder / f"{method}.toml"
        report = f"report = {{ year = {YEAR}, version = {VERSION} }}"
        settings.write_text(f'{report}\n[correction_factor]\nmethod = "{method}"\n')
        ran = command.run(
            "behandelindex",
            "run",
            settings,
            "--input",
            inputs,
            "--output",
            folder / "out",
            "--engine",
            "sail",
            "--json",
        )
        assert ran.returncode == 0, ran.stderr
        told.append(json.loads(ran.stdout))
    return Shelf(command, inputs, folder / "out", *told)


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DeltaTable(str(output / table)).to_pyarrow_table().to_pylist()
    return found


def add(output: Path, table: str, row: dict[str, Any]) -> None:
    folder = str(output / table)
    write_deltalake(folder, pa.Table.from_pylist([row], DeltaTable(folder).to_pyarrow_table().schema), mode="append")


def test_list_tells_what_became_of_every_run(shelf: Shelf) -> None:
    text = shelf.runs("list").stdout.splitlines()
    assert [line.split()[:2] for line in text[1:]] == [
        [shelf.first["run_id"], "superseded"],
        [shelf.second["run_id"], "current"],
    ]
    told = json.loads(shelf.runs("list", "--json").stdout)["runs"]
    assert [run["sequence"] for run in told] == [1, 2]
    assert told[0]["settings"]["correction_factor"] == {"method": "computed"}
    assert told[0]["inputs"] == {table.name: 0 for table in INPUTS}


def test_list_needs_no_java(shelf: Shelf) -> None:
    listed = shelf.command.run("runs", "list", "--output", shelf.output, JAVA_HOME="/nonexistent", PATH="/nonexistent")
    assert listed.returncode == 0
    assert shelf.first["run_id"] in listed.stdout


def test_show_tells_how_a_run_was_made_checked_and_timed(shelf: Shelf) -> None:
    told = json.loads(shelf.runs("show", shelf.second["run_id"], "--json").stdout)
    assert (told["standing"], told["checksums"]) == ("current", shelf.second["checksums"])
    assert [phase["phase"] for phase in told["metrics"]] == PHASES
    assert {finding["rule"]: finding["count"] for finding in told["findings"]} == {
        finding["rule"]: finding["count"] for finding in shelf.second["findings"]
    }
    text = shelf.runs("show", shelf.second["run_id"]).stdout
    for word in ("published at", "practice_index", "mean_index_is_100", "verify", "correction_factor"):
        assert word in text


def test_show_tells_why_a_run_was_not_published(shelf: Shelf, tmp_path: Path) -> None:
    """Findings and phases of a run that failed its checks are kept, and it is in no list."""
    settings = tmp_path / "nobody.toml"
    settings.write_text('participating = ["Nobody"]\n')
    roots = ("--input", shelf.inputs, "--output", tmp_path / "out", "--engine", "sail")
    assert shelf.command.run("behandelindex", "run", settings, *roots).returncode == 4
    found = {row["rule"]: row for row in rows(tmp_path / "out", "run_findings")}
    assert (found["something_counted"]["severity"], found["something_counted"]["count"]) == ("error", 1)
    assert "Nobody" in found["participant_without_label"]["detail"]
    assert found["participant_without_label"]["count"] == 1
    shown = shelf.runs("show", found["something_counted"]["run_id"], output=tmp_path / "out")
    assert shown.returncode == 0
    assert "not published" in shown.stdout
    assert "there is no result to publish" in shown.stdout
    assert "No run was published" in shelf.runs("list", output=tmp_path / "out").stdout


def test_verify_finds_the_rows_as_they_were_published(shelf: Shelf) -> None:
    stored = shelf.runs("verify", shelf.first["run_id"])
    assert (stored.returncode, stored.stdout.count("those that were published")) == (0, 1)


def test_verify_computes_a_run_again_from_the_versions_it_read(shelf: Shelf, tmp_path: Path) -> None:
    """Also when the inputs have later versions; on the other engine than the one that published: below."""
    inputs = tmp_path / "in"
    shutil.copytree(shelf.inputs, inputs)
    write_deltalake(str(inputs / "claims"), TABLES["claims"].slice(0, 10), mode="overwrite")
    again = shelf.runs("verify", shelf.second["run_id"], "--recompute", "--input", inputs)
    assert again.returncode == 0, again.stderr
    assert "Computed again by zorgstat" in again.stdout


def test_a_run_on_spark_is_verified_on_sail(shelf: Shelf, engine: Engine, tmp_path: Path) -> None:
    """Published by this engine; Sail computes the same rows."""
    output = tmp_path / "out"
    settings = resolve({"report": RAW["report"]})
    result = run.execute(BEHANDELINDEX, engine, settings, str(shelf.inputs), str(output), report=lambda phase: None)
    again = shelf.runs("verify", result.run_id, "--recompute", "--input", shelf.inputs, output=output)
    assert again.returncode == 0, again.stderr
    assert result.checksums == shelf.first["checksums"]


def test_verify_tells_rows_that_were_changed(shelf: Shelf, tmp_path: Path) -> None:
    output = shelf.copy(tmp_path / "out")
    row = next(row for row in rows(output, PRACTICE_INDEX.name) if row["run_id"] == shelf.first["run_id"])
    add(output, PRACTICE_INDEX.name, {**row, "practice_agb": "04999999"})
    changed = shelf.runs("verify", shelf.first["run_id"], output=output)
    assert changed.returncode == 4
    count = shelf.first["row_counts"][PRACTICE_INDEX.name]
    assert f"practice_index: {count:,} rows published, {count + 1:,} stored." in changed.stderr
    table = DeltaTable(str(output / "correction_factors"))
    table.update({"factor": "factor + 1"}, predicate=f"run_id = '{shelf.second['run_id']}' and lower = 30")
    changed = shelf.runs("verify", shelf.second["run_id"], output=output)
    assert changed.returncode == 4
    assert "correction_factors: as many rows published as stored, 8, but not the same ones." in changed.stderr


def test_verify_tells_a_table_whose_files_are_gone(shelf: Shelf, engine: Engine, tmp_path: Path) -> None:
    output = shelf.copy(tmp_path / "out")
    for file in (output / "outcomes").glob("*.parquet"):
        file.unlink()
    lost = shelf.command.run("runs", "verify", shelf.first["run_id"], "--output", output, "--engine", engine.name)
    assert lost.returncode == 4, lost.stderr
    assert "outcomes: its stored rows cannot be read (PATH_NOT_FOUND)." in lost.stderr


def test_verify_tells_rows_that_come_out_otherwise(shelf: Shelf, tmp_path: Path) -> None:
    """The stored rows are those that were published, and the inputs with these settings do not give them."""
    output = shelf.copy(tmp_path / "out")
    chosen = next(row["settings"] for row in rows(output, "runs") if row["run_id"] == shelf.first["run_id"])
    of_second = f"run_id = '{shelf.second['run_id']}'"
    DeltaTable(str(output / "runs")).update({"settings": f"'{chosen}'"}, predicate=of_second)
    again = shelf.runs("verify", shelf.second["run_id"], "--recompute", "--input", shelf.inputs, output=output)
    assert (again.returncode, again.stdout) == (4, "")
    assert "correction_factors: as many rows published as computed again, 8, but not the same ones." in again.stderr


def test_verify_says_when_the_inputs_are_gone(shelf: Shelf, tmp_path: Path) -> None:
    """Versions that were cleaned away, and tables that are others than those that were read."""
    inputs = tmp_path / "in"
    shutil.copytree(shelf.inputs, inputs)
    for name in ("claims", "ses_woa"):
        write_deltalake(str(inputs / name), TABLES[name].slice(0, 10), mode="overwrite")
        DeltaTable(str(inputs / name)).vacuum(0, enforce_retention_duration=False, dry_run=False)
    gone = shelf.runs("verify", shelf.first["run_id"], "--recompute", "--input", inputs)
    assert gone.returncode == 3, gone.stderr
    for name in ("claims", "ses_woa"):
        present = DeltaTable(str(inputs / name)).version()
        assert f"{name}: version 0 cannot be read any more, the present one is {present}." in gone.stderr
    assert all(name in gone.stderr for name in RETENTION)
    others = write_inputs(tmp_path / "other", TABLES)
    other = shelf.runs("verify", shelf.first["run_id"], "--recompute", "--input", others)
    assert other.returncode == 3
    assert other.stderr.count("is another one than the run read") == len(INPUTS)
    assert shelf.runs("verify", shelf.first["run_id"], "--recompute").returncode == 2


def test_verify_says_when_the_log_of_an_input_is_gone(shelf: Shelf, tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    shutil.copytree(shelf.inputs, inputs)
    write_deltalake(str(inputs / "agb_register"), TABLES["agb_register"], mode="overwrite")
    DeltaTable(str(inputs / "agb_register")).create_checkpoint()
    for log in (inputs / "agb_register" / "_delta_log").glob("*.json"):
        log.unlink()
    gone = shelf.runs("verify", shelf.first["run_id"], "--recompute", "--input", inputs)
    assert gone.returncode == 3, gone.stderr
    assert "agb_register: version 0 cannot be read any more, the present one is 1." in gone.stderr


def test_withdraw_makes_the_run_before_current(shelf: Shelf, tmp_path: Path) -> None:
    output = shelf.copy(tmp_path / "out")
    gone = shelf.runs("withdraw", shelf.second["run_id"], "--reason", "a label came twice", output=output)
    assert gone.returncode == 0, gone.stderr
    assert f"Readers see {shelf.first['run_id']} now." in gone.stdout
    told = {run["run_id"]: run for run in json.loads(shelf.runs("list", "--json", output=output).stdout)["runs"]}
    assert told[shelf.first["run_id"]]["standing"] == "current"
    assert told[shelf.second["run_id"]]["standing"] == "withdrawn"
    assert told[shelf.second["run_id"]]["reason"] == "a label came twice"
    assert len(rows(output, "runs")) == 3
    assert shelf.runs("withdraw", shelf.second["run_id"], "--reason", "again", output=output).returncode == 2
    assert shelf.runs("withdraw", shelf.first["run_id"], "--reason", " ", output=output).returncode == 2
    last = shelf.runs("withdraw", shelf.first["run_id"], "--reason", "all of it", output=output)
    assert "Readers see no run of this version now." in last.stdout


def test_clean_removes_what_was_never_published_and_nothing_else(shelf: Shelf, tmp_path: Path) -> None:
    """It shows, it asks, it leaves a run at work alone; rows of published and of withdrawn runs stay."""
    output = shelf.copy(tmp_path / "out")
    assert shelf.runs("withdraw", shelf.first["run_id"], "--reason", "x", output=output).returncode == 0
    for table in (PRACTICE_INDEX.name, "outcomes"):
        add(output, table, {**rows(output, table)[0], "run_id": LEFT})
    add(output, "outcomes", {**rows(output, "outcomes")[0], "run_id": LEFT_BEFORE})
    before = {table.name: len(rows(output, table.name)) for table in OUTPUTS}
    shown = shelf.runs("clean", output=output)
    assert shown.returncode == 0
    assert f"{LEFT_BEFORE}: 1 rows of outcomes\n{LEFT}: 1 rows of outcomes, 1 rows of practice_index" in shown.stdout
    assert "Nothing was removed." in shown.stdout
    young = shelf.runs("clean", "--older-than", "1d", "--yes", output=output)
    assert "Nothing to remove." not in young.stdout  # no commit tells of this run: nobody knows it to be young
    for run_id in (LEFT_BEFORE, LEFT):
        add(output, "outcomes", {**rows(output, "outcomes")[0], "run_id": run_id})
    with locks.hold(str(output), f"behandelindex-{YEAR}-{VERSION}", wait=False):
        busy = shelf.runs("clean", "--yes", output=output)
    for run_id in (LEFT_BEFORE, LEFT):
        assert f"{run_id}: may be at work; left alone." in busy.stdout
    assert shelf.runs("clean", "--yes", output=output).returncode == 0
    assert {table.name: len(rows(output, table.name)) for table in OUTPUTS} == {
        **before,
        PRACTICE_INDEX.name: before[PRACTICE_INDEX.name] - 1,
        "outcomes": before["outcomes"] - 2,
    }
    for one in (shelf.first, shelf.second):
        assert shelf.runs("verify", one["run_id"], output=output).returncode == 0
    assert DeltaTable(str(output / "outcomes")).protocol().min_reader_version == 1


def test_clean_leaves_rows_of_other_programs_alone(shelf: Shelf, tmp_path: Path) -> None:
    output = shelf.copy(tmp_path / "out")
    for name in (f"unheard-{YEAR}-{VERSION}-001-abcdef", f"{LEFT}-more", None):
        add(output, "outcomes", {**rows(output, "outcomes")[0], "run_id": name})
    assert "Nothing to remove." in shelf.runs("clean", "--yes", output=output).stdout


def test_a_run_that_wrote_lately_is_not_older_than_a_day(shelf: Shelf, tmp_path: Path) -> None:
    """The commit tells its run, so the age of what it left is known."""
    output = shelf.copy(tmp_path / "out")
    runs = DeltaTable(str(output / "runs"))
    runs.delete(f"run_id = '{shelf.second['run_id']}'")  # as if it had been killed before it published
    log = output / "_logs" / f"{shelf.second['run_id']}.jsonl"
    log.write_text(log.read_text().partition('"publish"')[0])
    young = shelf.runs("clean", "--older-than", "1d", "--yes", output=output)
    assert "Nothing to remove." in young.stdout
    old = shelf.runs("clean", "--older-than", "0h", "--yes", output=output)
    assert shelf.second["run_id"] in old.stdout
    assert {row["run_id"] for row in rows(output, "outcomes")} == {shelf.first["run_id"]}


def _empty_the_last_commit(runs: Path) -> None:
    """As a power cut leaves it."""
    max((runs / "_delta_log").glob("*.json")).write_bytes(b"")


def _restore(runs: Path) -> None:
    DeltaTable(str(runs)).restore(0)


@pytest.mark.parametrize(
    ("lose", "lost"),
    [(_empty_the_last_commit, ["second"]), (_restore, ["second"]), (shutil.rmtree, ["first", "second"])],
)
def test_clean_keeps_runs_that_the_table_runs_has_lost(
    lose: Callable[[Path], None], lost: list[str], shelf: Shelf, tmp_path: Path
) -> None:
    """Their logs tell that they were published; what was left by others goes as ever."""
    output = shelf.copy(tmp_path / "out")
    before = rows(output, "outcomes")
    add(output, "outcomes", {**before[0], "run_id": LEFT})
    lose(output / "runs")
    run_ids = [getattr(shelf, name)["run_id"] for name in lost]
    told = [f"{run_id}: its log says that it was published, and the table runs does not know it." for run_id in run_ids]
    cleaned = shelf.runs("clean", "--yes", output=output)
    assert cleaned.returncode == 4, cleaned.stderr
    assert cleaned.stdout.startswith(f"{LEFT}: 1 rows of outcomes\nRemoved.")
    assert all(f"  {line}\n" in cleaned.stderr for line in told)
    assert f"delete their logs, in {output / '_logs'}, and clean again." in cleaned.stderr
    assert len(rows(output, "outcomes")) == len(before)
    listed = shelf.runs("list", output=output)
    assert (listed.returncode, listed.stderr.splitlines()[:-1]) == (0, [f"zorgstat: {line}" for line in told])
    for run_id in run_ids:
        (output / "_logs" / f"{run_id}.jsonl").unlink()
    assert shelf.runs("clean", "--yes", output=output).returncode == 0
    assert {row["run_id"] for row in rows(output, "outcomes")}.isdisjoint(run_ids)
    assert shelf.runs("list", output=output).stderr == ""


def test_logs_of_another_machine_tell_nothing() -> None:
    assert trace.published("s3a://elsewhere/published") == set()


def test_there_are_no_views_of_a_folder_that_is_not_there(shelf: Shelf, tmp_path: Path) -> None:
    refused = shelf.command.run("runs", "views", "--output", tmp_path / "nowhere")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no such folder" in refused.stderr


def test_views_show_the_current_rows(shelf: Shelf, engine: Engine) -> None:
    """On either engine, from the SQL that the command prints."""
    printed = shelf.command.run("runs", "views", "--output", shelf.output).stdout
    for statement in printed.split(";"):
        if statement.strip():
            engine.spark.sql(statement)
    for table in OUTPUTS:
        seen = {row["run_id"] for row in engine.spark.table(f"{table.name}_current").select("run_id").collect()}
        assert seen == {shelf.second["run_id"]}
    assert [row["sequence"] for row in engine.spark.table("runs_current").collect()] == [2]


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_a_run_that_is_not_there_ends_with_2(verb: str, shelf: Shelf, tmp_path: Path) -> None:
    for run_id in ("behandelindex-2099-1-001-abcdef", "x'; --", "📈"):
        ran = shelf.runs(verb, run_id)
        assert ran.returncode == 2
        assert "no such run was published here" in ran.stderr
    assert shelf.runs(verb, shelf.first["run_id"], output=tmp_path / "nowhere").returncode == 2
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_root_has_no_runs(shelf: Shelf, tmp_path: Path) -> None:
    assert "No run was published" in shelf.runs("list", output=tmp_path).stdout
    assert json.loads(shelf.runs("list", "--json", output=tmp_path).stdout) == {"runs": []}
    assert "Nothing to remove." in shelf.runs("clean", output=tmp_path).stdout


def test_every_command_tells_how_it_ends(shelf: Shelf) -> None:
    for verb in ("list", "show", "verify", "withdraw", "clean", "compare"):
        helped = shelf.command.run("runs", verb, "--help", JAVA_HOME="/nonexistent").stdout
        assert re.search(r"Examples:\n +zorgstat runs ", helped)
        for code, meaning in EXIT_CODES.items():
            assert re.search(rf"^ +{code} +{re.escape(meaning)}$", helped, re.MULTILINE)


def test_the_log_of_a_run_is_json_lines(shelf: Shelf) -> None:
    """A line when a phase begins and one when it ends; the file bears the name of the run."""
    lines = (shelf.output / "_logs" / f"{shelf.first['run_id']}.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    phases = [*PHASES, "publish", "report"]
    assert [(event["event"], event["phase"]) for event in events] == [
        (what, phase) for phase in phases for what in ("begin", "end")
    ]
    assert all(event["seconds"] >= 0 for event in events if event["event"] == "end")
    assert all(datetime.fromisoformat(event["at"]).tzinfo == timezone.utc for event in events)


def test_metrics_of_phases_are_kept(engine: Engine, shelf: Shelf, tmp_path: Path) -> None:
    """Spark tells rows, bytes and tasks; Sail tells nothing, and nothing is made up."""
    output = tmp_path / "out"
    inputs = write_inputs(tmp_path / "in", TABLES)  # tables that were checked before would not be looked at again
    run.execute(BEHANDELINDEX, engine, resolve(RAW), str(inputs), str(output), report=lambda phase: None)
    metrics = {row["phase"]: row for row in rows(output, RUN_METRICS.name)}
    assert [phase for phase, _ in sorted(metrics.items(), key=lambda item: item[1]["place"])] == PHASES
    told = [metrics["build"][name] for name in ("rows_read", "bytes_read", "shuffle_bytes", "spill_bytes", "tasks")]
    if engine.name == "sail":
        assert told == [None] * 5
        return
    assert metrics["pin inputs"]["tasks"] == 0
    assert metrics["check inputs"]["rows_read"] >= len(TABLES["claims"])
    assert metrics["build"]["rows_read"] >= 4 * len(TABLES["claims"])
    assert min(told[0], told[1], told[2], told[4]) > 0
    assert metrics["build"]["spill_bytes"] == 0
    written = sum(len(rows(output, table.name)) for table in OUTPUTS)
    assert metrics["write"]["rows_written"] >= written


def test_short_retention_is_a_warning_that_names_the_property(shelf: Shelf, tmp_path: Path) -> None:
    warned = [finding for finding in shelf.first["findings"] if finding["rule"] == "retention_too_short"]
    assert [(finding["severity"], finding["count"]) for finding in warned] == [("warning", len(INPUTS))]
    assert all(name in warned[0]["detail"] for name in RETENTION)
    made = tmp_path / "in"
    kept = dict.fromkeys(RETENTION, f"interval {RERUN_DAYS} days")
    for table in INPUTS:
        write_deltalake(str(made / table.name), TABLES[table.name], configuration=kept)
    settings = tmp_path / "settings.toml"
    settings.write_text(f"report = {{ year = {YEAR}, version = {VERSION} }}\n")
    roots = ("--input", made, "--output", tmp_path / "out", "--engine", "sail", "--json")
    ran = shelf.command.run("behandelindex", "run", settings, *roots)
    found = {finding["rule"]: finding["count"] for finding in json.loads(ran.stdout)["findings"]}
    assert found["retention_too_short"] == 0


def test_who_holds_a_lock_after_a_kill_waits_for_java(tmp_path: Path) -> None:
    """A lock file that a killed process left names its Java; while that is there, nothing is written."""
    (tmp_path / "_locks").mkdir()
    ended = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True)
    java = tmp_path / "java"
    shutil.copy("/bin/sleep", java)  # what counts is the name of the process
    with subprocess.Popen([str(java), "2"]) as helper:
        holder = {"process": int(ended.stdout), "helper": helper.pid, "host": os.uname().nodename, "since": "before"}
        (tmp_path / "_locks" / "commit.lock").write_text(json.dumps(holder))
        with locks.hold(str(tmp_path), "commit", wait=True):
            assert helper.poll() is not None or not locks.is_running(helper.pid)
    (tmp_path / "_locks" / "commit.lock").write_text("no json")
    with locks.hold(str(tmp_path), "commit", wait=True):
        pass


def test_duckdb_reads_current_rows_without_an_engine(shelf: Shelf) -> None:
    """What a reader elsewhere must do is one anti join and one maximum."""
    with duckdb.connect() as connection:
        for table in (RUNS, RUN_FINDINGS, PRACTICE_INDEX):
            connection.register(table.name, DeltaTable(str(shelf.output / table.name)).to_pyarrow_table())
        current = connection.sql("""
            select run_id from runs where status = 'published'
            and run_id not in (select run_id from runs where status = 'withdrawn')
            qualify sequence = max(sequence) over (partition by pipeline, report_year, report_version)
        """).fetchall()
    assert current == [(shelf.second["run_id"],)]
    assert publication.RUN_ID.fullmatch(shelf.second["run_id"])


def test_forced_figures_must_be_those_that_were_published(shelf: Shelf, tmp_path: Path) -> None:
    """The same inputs, settings and software, and other checksums: something is wrong, and nothing is published."""
    output = shelf.copy(tmp_path / "out")
    table = DeltaTable(str(output / "runs"))
    checksums = json.dumps({**shelf.second["checksums"], "outcomes": "1:2:3"}, sort_keys=True)
    table.update({"checksums": f"'{checksums}'"}, predicate=f"run_id = '{shelf.second['run_id']}'")
    settings = output.parent / "table.toml"
    settings.write_text((shelf.inputs.parent / "table.toml").read_text())
    roots = ("--input", shelf.inputs, "--output", output, "--engine", "sail")
    forced = shelf.command.run("behandelindex", "run", settings, *roots, "--force")
    assert forced.returncode == 4
    assert f"same_as_before: outcomes: not as in {shelf.second['run_id']}" in forced.stderr
    assert len(rows(output, "runs")) == 2


def test_a_run_whose_rows_are_gone_is_not_taken_for_published(shelf: Shelf, tmp_path: Path) -> None:
    output = shelf.copy(tmp_path / "out")
    shutil.rmtree(output / PRACTICE_INDEX.name)
    roots = ("--input", shelf.inputs, "--output", output, "--engine", "sail")
    again = shelf.command.run("behandelindex", "run", shelf.inputs.parent / "table.toml", *roots)
    assert again.returncode == 4
    assert "practice_index: " in again.stderr
    assert "is not whole any more: --force publishes" in again.stderr
    assert shelf.runs("verify", shelf.second["run_id"], output=output).returncode == 4
    forced = shelf.command.run("behandelindex", "run", shelf.inputs.parent / "table.toml", *roots, "--force")
    assert forced.returncode == 0, forced.stderr


@pytest.mark.parametrize(
    ("changes", "verb", "code", "told"),
    [
        ({"checksums": "{}", "row_counts": "{}"}, "verify", 4, "practice_index: 0 rows published"),
        ({"settings": "{not json"}, "list", 0, "current"),
        ({"pipeline": "unheard"}, "verify", 2, "which zorgstat"),
    ],
)
def test_rows_of_other_programs_are_met_with_words(
    changes: dict[str, str], verb: str, code: int, told: str, shelf: Shelf, tmp_path: Path
) -> None:
    output = shelf.copy(tmp_path / "out")
    values = {name: f"'{value}'" for name, value in changes.items()}
    DeltaTable(str(output / "runs")).update(values, predicate=f"run_id = '{shelf.second['run_id']}'")
    ran = shelf.runs(verb, *([] if verb == "list" else [shelf.second["run_id"]]), output=output)
    assert ran.returncode == code, ran.stderr
    assert told in ran.stdout + ran.stderr


def test_runs_with_the_columns_of_the_contract_alone_will_do(shelf: Shelf, tmp_path: Path) -> None:
    """Another program wrote it: without identities of inputs, without an engine."""
    output = shelf.copy(tmp_path / "out")
    table = DeltaTable(str(output / "runs")).to_pyarrow_table().drop_columns(["input_identities", "engine"])
    shutil.rmtree(output / "runs")
    write_deltalake(str(output / "runs"), table)
    assert shelf.runs("list", output=output).returncode == 0
    again = shelf.runs("verify", shelf.first["run_id"], "--recompute", "--input", shelf.inputs, output=output)
    assert again.returncode == 0, again.stderr
    assert shelf.runs("withdraw", shelf.first["run_id"], "--reason", "x", output=output).returncode == 0


def test_outputs_of_another_type_are_told_before_anything_is_computed(shelf: Shelf, tmp_path: Path) -> None:
    output = shelf.copy(tmp_path / "out")
    table = DeltaTable(str(output / "runs")).to_pyarrow_table()
    place = table.schema.get_field_index("sequence")
    narrow = table.set_column(place, "sequence", table["sequence"].cast(pa.int32()))
    write_deltalake(str(output / "runs"), narrow, mode="overwrite", schema_mode="overwrite")
    roots = ("--input", shelf.inputs, "--output", output, "--engine", "sail")
    ran = shelf.command.run("behandelindex", "run", shelf.inputs.parent / "table.toml", *roots, "--force")
    assert ran.returncode == 3
    assert "output runs: column sequence is int, expected bigint." in ran.stderr
    assert "build" not in ran.stderr


@pytest.mark.parametrize(
    "left", ["null", "[1, 2]", '{"process": 1}', '{"process": "1", "host": "x", "since": "y"}', ""]
)
def test_what_stands_in_a_lock_file_stops_nobody(left: str, tmp_path: Path) -> None:
    (tmp_path / "_locks").mkdir()
    (tmp_path / "_locks" / "commit.lock").write_text(left)
    with locks.hold(str(tmp_path), "commit", wait=True):
        pass


@pytest.mark.parametrize("name", ["o p", "é", "o%20p", "o#2", "~15", "o?"])
def test_sail_refuses_folders_that_it_would_write_beside(name: str, shelf: Shelf, tmp_path: Path) -> None:
    roots = ("--input", shelf.inputs, "--output", tmp_path / name, "--engine", "sail")
    ran = shelf.command.run("behandelindex", "run", shelf.inputs.parent / "table.toml", *roots)
    assert ran.returncode == 2
    assert "the engine sail cannot work in" in ran.stderr
    assert not list(tmp_path.iterdir())
