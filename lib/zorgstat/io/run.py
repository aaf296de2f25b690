"""The life of one run: pin, check inputs, build, write, verify, check, publish.

Each phase is one function call below, and one line on the user's screen. Nothing that fails before `publish` leaves
anything that a reader sees.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import checks
from zorgstat.behandelindex import checks as figure_checks
from zorgstat.behandelindex import pipeline
from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import CLAIMS, INPUTS, OUTPUTS
from zorgstat.checks import Finding
from zorgstat.errors import CheckError, TableError
from zorgstat.io import locks, publication
from zorgstat.io.session import Engine, is_unreadable_file
from zorgstat.io.store import Store
from zorgstat.tables import Table

PIPELINE = "behandelindex"
Report = Callable[[str], None]
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass
class Result:
    """What a person wants to know after a run; `as_json` for programs."""

    run_id: str
    status: str  # published, or already published
    report_year: int
    report_version: int
    input: str
    output: str
    records: dict[str, int] = field(default_factory=dict)  # outcome -> records, in the order of the rules
    practices: int = 0
    combinations: int = 0
    treatments: int = 0
    sd: float = 0.0
    correction_factors: list[dict[str, int | None]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # phase -> seconds

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Phases:
    """Tells each phase as it begins, and keeps how long it took."""

    def __init__(self, report: Report) -> None:
        self.seconds: dict[str, float] = {}
        self._report = report
        self._since = time.monotonic()
        self._phase = ""

    def begin(self, phase: str) -> None:
        self.end()
        self._phase = phase
        self._report(phase)

    def end(self) -> None:
        now = time.monotonic()
        if self._phase:
            self.seconds[self._phase] = round(now - self._since, 2)
        self._since, self._phase = now, ""


def behandelindex(
    engine: Engine,
    settings: Settings,
    input_root: str,
    output_root: str,
    *,
    force: bool = False,
    report: Report = print,
) -> Result:
    """Computes and publishes one reporting version.

    Raises TableError (inputs are not as declared), CheckError (the figures do not hold together) or LockedError;
    nothing is published then. With the same inputs, settings and software as the current run nothing is done, unless
    forced.
    """
    year, version = settings.report.year, settings.report.version
    with locks.hold(output_root, f"{PIPELINE}-{year}-{version}", wait=False):
        try:
            return _run(engine, settings, Store(engine, input_root), Store(engine, output_root), force, Phases(report))
        finally:
            engine.release()


def _run(engine: Engine, settings: Settings, inputs: Store, outputs: Store, force: bool, phases: Phases) -> Result:
    year, version = settings.report.year, settings.report.version

    phases.begin("pin inputs")
    pins, unreadable = inputs.pin(INPUTS)
    fingerprint = publication.fingerprint(pins, settings.as_json())
    rows = publication.of_version(outputs.runs(), PIPELINE, year, version)
    current = publication.current(rows)
    if current is not None and publication.repeats(current, fingerprint) and not force:
        result = _summarise(outputs, current["run_id"], "already published", settings, inputs, phases)
        result.row_counts, result.checksums = json.loads(current["row_counts"]), json.loads(current["checksums"])
        return result
    run = publication.next_run(rows, PIPELINE, year, version)

    phases.begin("check inputs")
    frames, undeclared = inputs.read_pinned(INPUTS, pins)
    checked = (inputs.root, fingerprint["input_identities"])
    if checked not in engine.checked:  # versions of one year, run one after the other, read the same tables
        engine.checked[checked] = check_inputs(inputs, frames, [*unreadable, *undeclared])
    input_records = engine.checked[checked]

    phases.begin("build")
    built = pipeline.build(frames, settings, engine.keep)

    phases.begin("write")
    with outputs.writing():
        in_parallel(lambda table: outputs.append(run.stamp(built[table.name]), table), OUTPUTS)

    phases.begin("verify")
    stored = _rows_of(outputs, run.run_id)
    read_back = verify(stored)

    phases.begin("check")
    measured = {name: value for row in read_back.values() for name, value in row.items()}
    measured |= _only_row(figure_checks.weights(stored["practice_baskets"]))
    findings = [*figure_checks.judge(measured, input_records), *_settings_findings(settings)]
    failed = [finding for finding in findings if finding.is_error]
    if failed:
        raise CheckError("\n".join(f"{finding.rule}: {finding.detail}" for finding in failed))

    phases.begin("publish")
    row_counts = {table: int(row["rows"]) for table, row in read_back.items()}
    checksums = {table: row["checksum"] for table, row in read_back.items()}
    with outputs.writing():
        publication.publish(outputs, run, fingerprint, row_counts, checksums)
    result = _summarise(outputs, run.run_id, "published", settings, inputs, phases)
    result.findings, result.row_counts, result.checksums = findings, row_counts, checksums
    return result


def check_inputs(inputs: Store, frames: Mapping[str, DataFrame], faults: Sequence[str]) -> int:
    """The number of claims. Raises TableError with the faults known so far and every fault in the contents of a table.

    In: frames (by table, the columns that are as declared); faults (of whole tables and of their other columns).
    """

    def inspect(table: Table) -> tuple[int, list[str]]:
        frame = frames[table.name]
        sound = _with_columns(table, frame.columns)
        try:
            counts = _only_row(checks.count_faults(frame, sound))
            rows = counts.pop("rows")
            if sound.key and any(counts.values()):  # hashes may agree by chance, and a faulty row hides its twin
                counts[f"duplicate:{', '.join(sound.key)}"] = checks.find_duplicates(frame, sound)
        except Exception as error:
            if not is_unreadable_file(error):
                raise
            return 0, [inputs.why_unreadable(table, error)]
        return rows, [checks.describe_fault(sound, fault, count) for fault, count in counts.items() if count]

    readable = [table for table in INPUTS if table.name in frames]
    found = dict(zip(readable, in_parallel(inspect, readable), strict=True))
    faults = [*faults, *(fault for _, table_faults in found.values() for fault in table_faults)]
    if faults:
        raise TableError(faults)
    return found[CLAIMS][0]


def _with_columns(table: Table, names: Sequence[str]) -> Table:
    """The part of a declaration that these columns can be held against."""
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns, key=table.key if set(table.key) <= set(names) else ())


def verify(stored: Mapping[str, DataFrame]) -> dict[str, dict[str, Any]]:
    """By table, as it can be read back: rows, checksum and what the checks of the figures need, in one look.

    Raises CheckError when a column that must have a value has none.
    """
    measures = figure_checks.measures()

    def inspect(table: Table) -> dict[str, Any]:
        rows = F.count(F.lit(1)).alias("rows")
        aggregates = [rows, checks.checksum(table), *checks.null_counts(table), *measures[table.name]]
        return _only_row(stored[table.name].agg(*aggregates))

    found = dict(zip(OUTPUTS, in_parallel(inspect, OUTPUTS), strict=True))
    faults = [
        checks.describe_fault(table, name, count)
        for table, row in found.items()
        for name, count in row.items()
        if name.startswith("null:") and count
    ]
    if faults:
        raise CheckError("\n".join(faults))
    return {table.name: row for table, row in found.items()}


def in_parallel(work: Callable[[In], Out], items: Sequence[In]) -> list[Out]:
    """The results in the order of the items. Small jobs leave most cores idle, so several go to Spark at once."""
    with ThreadPoolExecutor(max_workers=max(1, len(items))) as pool:
        return list(pool.map(work, items))


def _only_row(frame: DataFrame) -> dict[str, Any]:
    return frame.collect()[0].asDict()


def _rows_of(outputs: Store, run_id: str) -> dict[str, DataFrame]:
    return {table.name: outputs.read(table).where(F.col("run_id") == run_id) for table in OUTPUTS}


def _settings_findings(settings: Settings) -> list[Finding]:
    return [
        Finding("setting_without_effect", "warning", 1, f"{key}: this concern does not take part")
        for key in settings.without_effect
    ]


def _summarise(outputs: Store, run_id: str, status: str, settings: Settings, inputs: Store, phases: Phases) -> Result:
    """The published figures in a few numbers, read back from the tables."""
    phases.begin("report")
    stored = _rows_of(outputs, run_id)
    total = stored["practice_index"].agg(
        F.count(F.lit(1)).alias("practices"),
        F.sum("combinations").alias("combinations"),
        F.sum("treatments").alias("treatments"),
    )
    by_outcome = stored["outcomes"].groupBy("outcome").agg(F.sum("records").alias("records"))
    bands = stored["correction_factors"].orderBy("lower")
    [total_row], outcome_rows, band_rows = in_parallel(DataFrame.collect, [total, by_outcome, bands])
    counts = {row["outcome"]: int(row["records"]) for row in outcome_rows}
    phases.end()
    return Result(
        run_id=run_id,
        status=status,
        report_year=settings.report.year,
        report_version=settings.report.version,
        input=inputs.root,
        output=outputs.root,
        records={name: counts[name] for name in OUTCOME_NAMES if name in counts},
        practices=int(total_row["practices"]),
        combinations=int(total_row["combinations"]),
        treatments=int(total_row["treatments"]),
        sd=float(band_rows[0]["sd"]),
        correction_factors=[{name: band[name] for name in ("lower", "upper", "factor")} for band in band_rows],
        seconds=phases.seconds,
    )
