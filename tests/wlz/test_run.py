"""A statement from tables on disk to a published run: as a call on either engine, and as a person meets it on Sail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from tests.oracle import wlz_cases
from tests.oracle.wlz_duckdb import compute
from tests.support import Command, citizens
from tests.wlz.support import write_inputs
from zorgstat.io import publication, run
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store
from zorgstat.wlz.documents import texts
from zorgstat.wlz.pipeline import WLZ
from zorgstat.wlz.settings import resolve
from zorgstat.wlz.tables import OUTPUTS

TABLES, RAW = wlz_cases.generate(20)
YEAR, QUARTER = RAW["statement"]["year"], RAW["statement"]["quarter"]
SETTINGS = f"statement = {{ year = {YEAR}, quarter = {QUARTER} }}\n"


def rows(root: Path, table: str) -> list[dict[str, Any]]:
    folder = root / table
    return DeltaTable(str(folder)).to_pyarrow_table().to_pylist() if (folder / "_delta_log").exists() else []


def test_a_published_statement_is_what_the_witness_says(engine: Engine, tmp_path: Path) -> None:
    """Read back by delta-rs, with the columns of the run; without a person in them."""
    inputs, output = write_inputs(tmp_path / "in", TABLES), tmp_path / "out"
    result = run.execute(WLZ, engine, resolve(RAW), str(inputs), str(output), report=lambda phase: None)
    assert (result.status, result.report_year, result.report_version) == ("published", YEAR, QUARTER)
    [row] = rows(output, "runs")
    assert (row["pipeline"], row["report_year"], row["report_version"]) == ("wlz", YEAR, QUARTER)
    assert resolve(json.loads(row["settings"])) == resolve(RAW)

    expected = compute(TABLES, RAW)
    stored = {table.name: rows(output, table.name) for table in OUTPUTS}
    for table in OUTPUTS:
        names = [name for name in table.names if name not in ("run_id", "detail")]
        assert Counter(tuple(row[name] for name in names) for row in stored[table.name]) == Counter(
            tuple(row[name] for name in names) for row in expected[table.name]
        ), table.name
        assert {row["run_id"] for row in stored[table.name]} <= {result.run_id}
        read = publication.published(Store(engine, str(output)), table, YEAR, QUARTER)
        assert read.count() == len(expected[table.name])
    people = citizens(TABLES)
    assert people
    assert not [1 for row in stored["wlz_findings"] if any(bsn in row["detail"] for bsn in people)]

    told = result.figures
    organisations = {row["code"] for row in TABLES["wlz_organisations"].to_pylist()}
    errors = {row["organisation"] for row in stored["wlz_findings"] if row["severity"] == "error"}
    final = set() if None in errors else organisations - errors
    assert told["known_at"] == resolve(RAW).known_at.isoformat()
    assert told["statements"] == {
        "organisations": len(organisations),
        "final": len(final),
        "concept": len(organisations) - len(final),
    }
    assert told["production"]["amount_euro"] == sum(row["amount_euro"] for row in stored["wlz_production"])
    assert told["missing_providers"] == len(stored["wlz_missing_providers"])
    by_rule = Counter({row["rule"]: row["count"] for row in told["statement_findings"]})
    assert by_rule.total() == sum(row["count"] for row in stored["wlz_findings"])
    assert len(by_rule) == len(told["statement_findings"])

    checks = {found.rule: found.severity for found in result.findings}
    assert checks.keys() == texts.CHECKS.keys()
    assert {rule for rule, severity in checks.items() if severity == "warning"} == texts.REMARKS.keys()


def test_what_a_table_tells_of_its_columns_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """Sail fails at a union of columns that have a comment and others that have none."""
    commented = {
        name: rows.cast(pa.schema([field.with_metadata({"comment": f"the {field.name}"}) for field in rows.schema]))
        for name, rows in TABLES.items()
    }
    plain, told = (
        run.execute(
            WLZ, engine, resolve(RAW), str(write_inputs(tmp_path / name, tables)), str(tmp_path / f"{name}-out")
        )
        for name, tables in (("plain", TABLES), ("commented", commented))
    )
    assert told.checksums == plain.checksums


@dataclass(frozen=True)
class Office:
    """Tables and settings of one quarter, and the command."""

    folder: Path
    inputs: Path
    settings: Path
    command: Command

    def arguments(self, output: Path, inputs: Path | None = None) -> tuple[object, ...]:
        return (
            *("wlz", "run", self.settings, "--input", inputs or self.inputs),
            *("--output", output, "--engine", "sail", "--json"),
        )

    def run(self, output: Path, inputs: Path | None = None) -> tuple[int, str, str]:
        ran = self.command.run(*self.arguments(output, inputs))
        return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("wlz")
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS)
    return Office(folder, write_inputs(folder / "in", TABLES), settings, Command(folder))


def test_commands_on_a_run(office: Office, tmp_path: Path) -> None:
    """Run, repeated, verified, killed while it writes, and withdrawn."""
    output = tmp_path / "out"
    code, stdout, stderr = office.run(output)
    assert code == 0, stderr
    first = json.loads(stdout)
    assert first["run_id"].startswith(f"wlz-{YEAR}-{QUARTER}-001-")
    assert json.loads(office.run(output)[1])["status"] == "already published"

    def runs(verb: str, *words: object) -> str:
        ran = office.command.run("runs", verb, *words, "--output", output, "--engine", "sail")
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert "the same rows" in runs("verify", first["run_id"], "--recompute", "--input", office.inputs)
    assert "wlz_claims" in runs("show", first["run_id"])

    process = office.command.start(*office.arguments(output), "--force")
    assert process.stderr is not None
    for line in process.stderr:
        if line.rstrip().endswith("] write"):
            break
    process.kill()
    process.communicate()
    assert [row["run_id"] for row in rows(output, "runs")] == [first["run_id"]]
    assert runs("list").count("current") == 1
    code, stdout, stderr = office.run(output)
    assert (code, json.loads(stdout)["run_id"]) == (0, first["run_id"]), stderr
    runs("clean", "--yes")
    assert {row["run_id"] for table in OUTPUTS for row in rows(output, table.name)} == {first["run_id"]}

    runs("withdraw", first["run_id"], "--reason", "costs came twice")
    assert [row["status"] for row in rows(output, "runs")].count("withdrawn") == 1


def changed(table: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> pa.Table:
    return pa.Table.from_pylist(change(TABLES[table].to_pylist()), schema=TABLES[table].schema)


def test_every_fault_of_the_inputs_is_told_at_once(office: Office, tmp_path: Path) -> None:
    """Closed lists, nulls, keys that occur twice; no row of them is shown."""
    spoilt = {
        **TABLES,
        "wlz_organisations": changed("wlz_organisations", lambda rows: [{**rows[0], "kind": "bank"}, *rows]),
        "wlz_claims": changed("wlz_claims", lambda rows: [{**rows[0], "debit_credit": "d"}, *rows]),
        "wlz_providers": changed("wlz_providers", lambda rows: [rows[0], *rows]),
        "wlz_insured": changed("wlz_insured", lambda rows: [{**rows[0], "bsn": None}, {**rows[0], "sex": None}, *rows]),
        "wlz_pgb_grants": TABLES["wlz_pgb_grants"].drop_columns(["recorded_on"]),
    }
    code, stdout, stderr = office.run(tmp_path / "out", write_inputs(tmp_path / "in", spoilt))
    assert (code, stdout) == (3, "")
    for told in (
        "wlz_organisations: column kind must be one of zorgkantoor, uitvoerder; 1 rows hold something else",
        "wlz_organisations: 2 rows share their key (code)",
        "wlz_claims: column debit_credit must be one of D, C; 1 rows hold something else",
        "wlz_providers: 2 rows share their key (provider_agb)",
        "wlz_insured: column bsn is null in 1 rows",
        "wlz_pgb_grants: column recorded_on is missing",
    ):
        assert told in stderr
    assert "sex" not in stderr
    assert not [bsn for bsn in citizens(TABLES) if bsn in stderr]
    assert rows(tmp_path / "out", "runs") == []


def test_one_key_alone_twice_and_amounts_beyond_a_bigint(office: Office, tmp_path: Path) -> None:
    """Sail knows from the file that the key has one value, and adds up beyond its range without a word."""
    spoilt = {
        **TABLES,
        "wlz_organisations": changed("wlz_organisations", lambda rows: [rows[0], rows[0]]),
        "wlz_claims": changed("wlz_claims", lambda rows: [{**row, "amount_cents": 2**62} for row in rows]),
        "wlz_admin_costs": changed("wlz_admin_costs", lambda rows: [{**rows[0], "amount_cents": -(2**63)}, *rows]),
    }
    code, stdout, stderr = office.run(tmp_path / "out", write_inputs(tmp_path / "in", spoilt))
    assert (code, stdout) == (3, "")
    assert "wlz_organisations: 2 rows share their key (code)" in stderr
    for table in ("wlz_claims", "wlz_admin_costs"):
        assert f"{table}: column amount_cents cannot be added up" in stderr
    assert "column quantity" not in stderr
    assert rows(tmp_path / "out", "runs") == []


def test_without_claims_every_zorgkantoor_hears_of_it(office: Office, tmp_path: Path) -> None:
    """That is a statement too: published, and final for nobody who owes claims."""
    nothing = {**TABLES, "wlz_claims": TABLES["wlz_claims"].slice(0, 0)}
    code, stdout, stderr = office.run(tmp_path / "out", write_inputs(tmp_path / "in", nothing))
    assert code == 0, stderr
    told = json.loads(stdout)
    assert told["production"] == {"zorgkantoren": 0, "amount_euro": 0}
    kinds = Counter(row["kind"] for row in TABLES["wlz_organisations"].to_pylist())
    missing = [row for row in told["statement_findings"] if row["rule"] == "claims_missing"]
    assert [row["organisations"] for row in missing] == [kinds["zorgkantoor"]]


def test_without_organisations_there_is_nothing_to_publish(office: Office, tmp_path: Path) -> None:
    nobody = {**TABLES, "wlz_organisations": TABLES["wlz_organisations"].slice(0, 0)}
    code, stdout, stderr = office.run(tmp_path / "out", write_inputs(tmp_path / "in", nobody))
    assert (code, stdout) == (4, "")
    assert "somebody_owes_a_statement" in stderr
    assert rows(tmp_path / "out", "runs") == []


def test_a_late_run_is_a_correction(engine: Engine, tmp_path: Path) -> None:
    """Of the same statement, with what is known now; and as it was known then, once more."""
    inputs, output = write_inputs(tmp_path / "in", TABLES), tmp_path / "out"
    ran = [
        run.execute(WLZ, engine, resolve({**RAW, "known_at": day}), str(inputs), str(output), report=lambda phase: None)
        for day in (date(YEAR, 8, 14), date(YEAR + 1, 12, 31), date(YEAR, 8, 14))
    ]
    assert [result.run_id.split("-")[3] for result in ran] == ["001", "002", "003"]
    assert ran[0].checksums == ran[2].checksums
    assert ran[0].checksums != ran[1].checksums
