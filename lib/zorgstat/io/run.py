"""The life of one run: pin, check inputs, build, write, verify, check, publish.

Each phase is one function call below, and one line on the user's screen. Nothing that fails before `publish` leaves
anything that a reader sees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

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
from zorgstat.io.session import Engine
from zorgstat.io.store import Store

PIPELINE = "behandelindex"
Report = Callable[[str], None]


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
    engine: Engine, settings: Settings, input_root: str, output_root: str, *, force: bool = False, report: Report = print
) -> Result:
    """Computes and publishes one reporting version.

    Raises TableError (inputs are not as declared), CheckError (the figures do not hold together) or LockedError; nothing
    is published then. With the same inputs, settings and software as the current run nothing is done, unless forced.
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
    pins = inputs.pin(INPUTS)
    fingerprint = publication.fingerprint(pins, settings.as_json())
    rows = publication.of_version(outputs.runs(), PIPELINE, year, version)
    current = publication.current(rows)
    if current is not None and publication.repeats(current, fingerprint) and not force:
        return _summarise(outputs, current["run_id"], "already published", settings, inputs, phases)
    run = publication.next_run(rows, PIPELINE, year, version)

    phases.begin("check inputs")
    frames = inputs.read_pinned(INPUTS, pins)
    input_records = check_inputs(frames)

    phases.begin("build")
    built = pipeline.build(frames, settings, engine.keep)

    phases.begin("write")
    for table in OUTPUTS:
        outputs.append(run.stamp(built[table.name]), table)

    phases.begin("verify")
    stored = _rows_of(outputs, run.run_id)
    row_counts = verify(stored)
    checksums = _checksums(stored)

    phases.begin("check")
    measured = figure_checks.measure(stored).collect()[0].asDict()
    findings = [*figure_checks.judge(measured, input_records), *_settings_findings(settings)]
    failed = [finding for finding in findings if finding.is_error]
    if failed:
        raise CheckError("\n".join(f"{finding.rule}: {finding.detail}" for finding in failed))

    phases.begin("publish")
    publication.publish(outputs, run, fingerprint, row_counts, checksums)
    result = _summarise(outputs, run.run_id, "published", settings, inputs, phases)
    result.findings, result.row_counts, result.checksums = findings, row_counts, checksums
    return result


def check_inputs(frames: Mapping[str, DataFrame]) -> int:
    """The number of claims. Raises TableError with every fault in the contents of every table."""
    counts = checks.count_all_faults((frames[table.name], table) for table in INPUTS).collect()
    tables = {table.name: table for table in INPUTS}
    faults = []
    for row in counts:
        table, kind, count = tables[row["table"]], row["kind"], row["count"]
        if kind == "duplicate" and count:  # two keys may share a hash, once in many thousand runs
            count = checks.find_duplicates(frames[table.name], table)
        if kind != "rows" and count:
            faults.append(checks.describe_fault(table, row["column"], kind, count))
    if faults:
        raise TableError(sorted(faults))
    return next(int(row["count"]) for row in counts if (row["table"], row["kind"]) == (CLAIMS.name, "rows"))


def verify(stored: Mapping[str, DataFrame]) -> dict[str, int]:
    """Rows by table, as they can be read back. Raises CheckError when they are not as their table declares."""
    counts = checks.count_all_faults((stored[table.name], table) for table in OUTPUTS).collect()
    tables = {table.name: table for table in OUTPUTS}
    faults = [
        checks.describe_fault(tables[row["table"]], row["column"], row["kind"], row["count"])
        for row in counts
        if row["kind"] != "rows" and row["count"]
    ]
    if faults:
        raise CheckError("\n".join(sorted(faults)))
    return {row["table"]: int(row["count"]) for row in counts if row["kind"] == "rows"}


def _rows_of(outputs: Store, run_id: str) -> dict[str, DataFrame]:
    return {table.name: outputs.read(table).where(F.col("run_id") == run_id) for table in OUTPUTS}


def _checksums(stored: Mapping[str, DataFrame]) -> dict[str, str]:
    sums = [
        checks.checksum(stored[table.name], table).select(F.lit(table.name).alias("table"), "checksum")
        for table in OUTPUTS
    ]
    together = sums[0]
    for one in sums[1:]:
        together = together.unionByName(one)
    return {row["table"]: row["checksum"] for row in together.collect()}


def _settings_findings(settings: Settings) -> list[Finding]:
    return [
        Finding("setting_without_effect", "warning", 1, f"{key}: this concern does not take part")
        for key in settings.without_effect
    ]


def _summarise(
    outputs: Store, run_id: str, status: str, settings: Settings, inputs: Store, phases: Phases
) -> Result:
    """The published figures in a few numbers, read back from the tables."""
    phases.begin("report")
    stored = _rows_of(outputs, run_id)
    counts = {row["outcome"]: row["records"] for row in _by_outcome(stored["outcomes"]).collect()}
    index = stored["practice_index"]
    total = index.agg(
        F.count(F.lit(1)).alias("practices"),
        F.sum("combinations").alias("combinations"),
        F.sum("treatments").alias("treatments"),
    ).collect()[0]
    bands = stored["correction_factors"].orderBy("lower").collect()
    phases.end()
    return Result(
        run_id=run_id,
        status=status,
        report_year=settings.report.year,
        report_version=settings.report.version,
        input=inputs.root,
        output=outputs.root,
        records={name: int(counts[name]) for name in OUTCOME_NAMES if name in counts},
        practices=int(total["practices"]),
        combinations=int(total["combinations"]),
        treatments=int(total["treatments"]),
        sd=float(bands[0]["sd"]),
        correction_factors=[{name: band[name] for name in ("lower", "upper", "factor")} for band in bands],
        seconds=phases.seconds,
    )


def _by_outcome(outcomes: DataFrame) -> DataFrame:
    return outcomes.groupBy("outcome").agg(F.sum("records").alias("records"))
