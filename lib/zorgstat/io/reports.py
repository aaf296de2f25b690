"""From the published tables of a Wlz statement to a report per organisation, which its documents are made of.

Where delta-rs can read the tables this takes no engine.
"""

from __future__ import annotations

import json
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pyspark.sql import functions as F

from zorgstat.checks import Finding
from zorgstat.errors import CheckError, SettingsError, TableError
from zorgstat.io import delta_rs, publication
from zorgstat.io.attempt import Attempt
from zorgstat.io.paths import table_path
from zorgstat.io.place import Place
from zorgstat.io.store import Store, is_same_table, why_unreadable
from zorgstat.tables import RUN_FINDINGS, RUNS, Table
from zorgstat.wlz import findings
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.documents import content, names
from zorgstat.wlz.documents.content import Earlier, Figures, MissingProvider, Performance, Provenance, Report
from zorgstat.wlz.tables import (
    INPUTS,
    MISSING_ESTIMATES,
    MISSING_PROVIDERS,
    ORGANISATIONS,
    OUTPUTS,
    PROVIDERS,
    STATEMENT_LINES,
    WLZ_FINDINGS,
    WLZ_PRODUCTION,
)

PIPELINE = "wlz"
LEFT_OUT = "..."
LONGEST_NAME, LONGEST_WORD = 200, 60  # letters, of what a page can show
Rows = list[dict[str, Any]]
Of = TypeVar("Of")


@dataclass(frozen=True)
class Register:
    """What the inputs of a run say of the codes in its outputs; empty where nobody looked."""

    organisations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by code
    providers: Mapping[str, str | None] = field(default_factory=dict)  # AGB -> name
    rows: Mapping[str, int | None] = field(default_factory=dict)  # input table -> rows


def read(
    place: Place, attempt: Attempt, statement: Statement, codes: Sequence[str] = (), input_root: str = ""
) -> list[Report]:
    """The current run of a statement, one report per organisation; of all when no code is given.

    In: input_root (of the tables that the run read: they have the names).
    Raises SettingsError when there is no such run or organisation, TableError when the inputs are others than the run
    read, CheckError when the published rows do not make whole documents.
    """
    runs, checks = place.rows(attempt, [RUNS, RUN_FINDINGS])
    by_statement = _current_runs(runs)
    run = by_statement.get(_key(statement))
    if run is None:
        there = ", ".join(f"{year} quarter {quarter}" for year, quarter in sorted(by_statement)) or "none"
        raise SettingsError(
            f"{place.root} has no published Wlz statement of {statement.year}, quarter {statement.quarter}; "
            f"it has {there}."
        )
    earlier = [by_statement[_key(other)] for other in statement.to_compare if _key(other) in by_statement]
    shown = [run["run_id"], *[row["run_id"] for row in earlier]]
    wanted = dict.fromkeys(OUTPUTS, shown) | {
        MISSING_PROVIDERS: [row["run_id"] for row in by_statement.values()],
        WLZ_FINDINGS: shown[:1],
        MISSING_ESTIMATES: shown[:1],
    }
    found = _rows_of_runs(place, attempt, wanted)
    _refuse_lost_rows(found, wanted, [run, *earlier])
    register = read_register(place, attempt, run, input_root) if input_root else Register()
    reports = _assemble(statement, run, earlier, by_statement, found, register, checks)
    if not reports:
        raise CheckError(f"{STATEMENT_LINES.name}: the rows of {run['run_id']} are not there any more.")
    unknown = [code for code in codes if code not in {report.code for report in reports}]
    if unknown:
        known = ", ".join(report.code for report in reports)
        raise SettingsError(f"{', '.join(unknown)}: not in {run['run_id']}; it has {known}.")
    chosen = [report for report in reports if not codes or report.code in codes]
    odd = [report.code for report in chosen if not names.CODE.fullmatch(report.code)]
    faults = [f"{len(odd)} organisations have a code that cannot name a folder."] if odd else []
    faults += [fault for report in chosen for fault in content.faults(report)]
    if faults:
        raise CheckError("\n".join(faults))
    return chosen


def _current_runs(runs: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], Mapping[str, Any]]:
    """(year, quarter) -> the row that published its current run."""
    of_wlz = [row for row in runs if row["pipeline"] == PIPELINE]
    keys = {(row["report_year"], row["report_version"]) for row in of_wlz}
    current = {key: publication.current(publication.of_version(of_wlz, PIPELINE, *key)) for key in keys}
    return {key: row for key, row in current.items() if row is not None}


def _key(statement: Statement) -> tuple[int, int]:
    return statement.year, statement.quarter


def _rows_of_runs(place: Place, attempt: Attempt, wanted: Mapping[Table, Sequence[str]]) -> dict[Table, Rows]:
    """Rows of published tables; without an engine where that can be."""
    found: dict[Table, Rows] = {}
    for table, run_ids in wanted.items():
        path = table_path(place.root, table.name)
        known = delta_rs.is_table(path)
        try:
            rows = delta_rs.rows_of_runs(path, run_ids) if known else [] if known is False else None
        except Exception as error:
            raise TableError([f"output {why_unreadable(place.root, table, error)}"]) from None
        if rows is not None:
            found[table] = rows
    if len(found) < len(wanted):
        store = place.open(attempt)
        for table, run_ids in wanted.items():
            rows_of_table = store.read(table).where(F.col("run_id").isin(list(run_ids))).collect()
            found[table] = [row.asDict() for row in rows_of_table]
    return found


def _refuse_lost_rows(
    found: Mapping[Table, Rows], wanted: Mapping[Table, Sequence[str]], runs: Iterable[Mapping[str, Any]]
) -> None:
    """Raises CheckError where a published run has not as many rows as it says: its documents would look final."""
    lost = []
    for run in runs:
        tables = [table for table, run_ids in wanted.items() if run["run_id"] in run_ids]
        stored = {table.name: sum(row["run_id"] == run["run_id"] for row in found[table]) for table in tables}
        lost += publication.lost_rows(run, stored)
    if lost:
        raise CheckError("\n".join(lost))


def read_register(place: Place, attempt: Attempt, run: Mapping[str, Any], input_root: str) -> Register:
    """Names, and the size of every input, in the versions that the run read. Raises TableError for other tables."""
    versions: dict[str, int] = json.loads(run["inputs"])
    identities: dict[str, str] = json.loads(run.get("input_identities") or "{}")
    paths = {table: table_path(input_root, table.name) for table in INPUTS}
    others: list[str] = []
    unreadable: list[str] = []

    def ask(question: Callable[[str, int], Of], table: Table) -> Of | None:
        """None where delta-rs cannot tell, or there is a fault."""
        try:
            state = delta_rs.state(paths[table])
            if state is not None and not is_same_table(state.id, identities.get(table.name, state.id)):
                others.append(f"{table.name}: the table in {input_root} is another one than {run['run_id']} read.")
                return None
            return question(paths[table], versions[table.name])
        except Exception as error:  # delta-rs has its own, and they may quote what it read
            unreadable.append(f"{table.name} (version {versions.get(table.name)}: {type(error).__name__})")
            return None

    sizes = {table.name: ask(delta_rs.count_of_version, table) for table in INPUTS}
    tables = [ask(delta_rs.rows_of_version, table) for table in (ORGANISATIONS, PROVIDERS) if not others + unreadable]
    if unreadable:
        others.append(
            f"{input_root}: what {run['run_id']} read cannot be read: {', '.join(unreadable)}. "
            "Without --input documents are made without names."
        )
    if others:
        raise TableError(others)
    if None in tables:
        engine = place.open(attempt).engine
        frames, faults = Store(engine, input_root).read_pinned([ORGANISATIONS, PROVIDERS], versions)
        if faults:
            raise TableError(faults)
        tables = [[row.asDict() for row in frames[table.name].collect()] for table in (ORGANISATIONS, PROVIDERS)]
    organisations, providers = tables
    return Register(
        {row["code"]: row | {"name": _as_shown(row["name"])} for row in organisations or []},
        {row["provider_agb"]: _as_shown(row["name"]) for row in providers or []},
        sizes,
    )


def _as_shown(name: str | None) -> str | None:
    """A name on one line, of a length that a page can hold; None for none. What looks like a bsn is left out."""
    visible = [letter for letter in name or "" if unicodedata.category(letter) != "Cf"]  # marks without width
    printable = "".join(letter if letter.isprintable() else " " for letter in visible)
    words = content.LIKE_A_CITIZEN.sub(LEFT_OUT, printable).split()
    shown = [word if len(word) <= LONGEST_WORD else word[:LONGEST_WORD] + LEFT_OUT for word in words]
    return textwrap.shorten(" ".join(shown), LONGEST_NAME, placeholder=LEFT_OUT) or None


def _assemble(
    statement: Statement,
    run: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    by_statement: Mapping[tuple[int, int], Mapping[str, Any]],
    found: Mapping[Table, Rows],
    register: Register,
    checks: Rows,
) -> list[Report]:
    """A report for every organisation of a run, by code: in every quarter each has lines of administration costs."""
    run_id = run["run_id"]
    lines, production = _lines(found[STATEMENT_LINES]), _production(found[WLZ_PRODUCTION])
    settings = json.loads(run["settings"])
    provenance = Provenance(
        run_id=run_id,
        published_at=run["at"],
        software=run["software"],
        engine=run.get("engine") or "",
        settings=settings,
        inputs=tuple(
            content.Input(name, version, register.rows.get(name)) for name, version in json.loads(run["inputs"]).items()
        ),
        outputs=tuple(
            content.Output(name, rows, json.loads(run["checksums"]).get(name, ""))
            for name, rows in json.loads(run["row_counts"]).items()
        ),
        checks=_findings(row for row in checks if row["run_id"] == run_id),
        unknown_rows=sum(
            int(row["count"]) for row in found[WLZ_FINDINGS] if row["rule"] == findings.UNKNOWN_ORGANISATION.name
        ),
    )
    known_at = {row["known_at"] for row in found[STATEMENT_LINES] if row["run_id"] == run_id}
    missing = _missing(statement, by_statement, found, register)
    reports = []
    for code in sorted(code for of_run, code in lines if of_run == run_id):
        figures = Figures(lines[run_id, code], production.get((run_id, code), ()))
        concerned = _findings(row for row in found[WLZ_FINDINGS] if row["organisation"] in (code, None))
        known = register.organisations.get(code, {})
        reports.append(
            Report(
                code=code,
                kind=known.get("kind") or content.kind_of(figures, concerned),
                statement=statement,
                known_at=next(iter(known_at)),
                figures=figures,
                provenance=provenance,
                name=known.get("name"),
                findings=concerned,
                missing=missing.get(code, ()),
                earlier=tuple(
                    Earlier(
                        row["run_id"],
                        Statement(row["report_year"], row["report_version"]),
                        Figures(lines[row["run_id"], code], production.get((row["run_id"], code), ())),
                    )
                    for row in earlier
                    if (row["run_id"], code) in lines
                ),
            )
        )
    return reports


def _lines(rows: Rows) -> dict[tuple[str, str], dict[str, dict[str, int]]]:
    """(run, organisation) -> part -> line -> value."""
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for row in rows:
        of_part = found.setdefault((row["run_id"], row["organisation"]), {}).setdefault(row["part"], {})
        of_part[row["line"]] = int(row["value"])
    return found


def _production(rows: Rows) -> dict[tuple[str, str], tuple[Performance, ...]]:
    """(run, zorgkantoor) -> performances, by code."""
    found: dict[tuple[str, str], list[Performance]] = {}
    for row in sorted(rows, key=lambda row: row["performance_code"]):
        found.setdefault((row["run_id"], row["zorgkantoor"]), []).append(_performance(row))
    return {key: tuple(performances) for key, performances in found.items()}


def _performance(row: Mapping[str, Any]) -> Performance:
    return Performance(row["performance_code"], int(row["quantity"]), int(row["amount_euro"]))


def _findings(rows: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Errors first. A detail may hold codes as somebody wrote them: what looks like a bsn is left out."""
    found = [
        Finding(row["rule"], row["severity"], int(row["count"]), content.LIKE_A_CITIZEN.sub(LEFT_OUT, row["detail"]))
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (one.severity != "error", one.count == 0, one.rule)))


def _missing(
    statement: Statement,
    by_statement: Mapping[tuple[int, int], Mapping[str, Any]],
    found: Mapping[Table, Rows],
    register: Register,
) -> dict[str, tuple[MissingProvider, ...]]:
    """Zorgkantoor -> its missing providers, by AGB."""
    run_id = by_statement[_key(statement)]["run_id"]
    missing_in = {(row["run_id"], row["zorgkantoor"], row["provider_agb"]) for row in found[MISSING_PROVIDERS]}
    estimates: dict[tuple[str, str], list[Performance]] = {}
    for row in sorted(found[MISSING_ESTIMATES], key=lambda row: row["performance_code"]):
        estimates.setdefault((row["zorgkantoor"], row["provider_agb"]), []).append(_performance(row))

    def told_since(zorgkantoor: str, agb: str) -> Statement:
        """The first of the published statements in a row that tell it missing; its lines may have come since."""
        first = statement
        while True:
            earlier = first.quarter_before
            before = by_statement.get(_key(earlier))
            if before is None or (before["run_id"], zorgkantoor, agb) not in missing_in:
                return first
            first = earlier

    by_zorgkantoor: dict[str, list[MissingProvider]] = {}
    for row in sorted(found[MISSING_PROVIDERS], key=lambda row: row["provider_agb"]):
        if row["run_id"] == run_id:
            zorgkantoor, agb = row["zorgkantoor"], row["provider_agb"]
            provider = MissingProvider(
                agb,
                int(row["prior_year_amount_cents"]),
                told_since(zorgkantoor, agb),
                tuple(estimates.get((zorgkantoor, agb), ())),
                register.providers.get(agb),
            )
            by_zorgkantoor.setdefault(zorgkantoor, []).append(provider)
    return {zorgkantoor: tuple(providers) for zorgkantoor, providers in by_zorgkantoor.items()}
