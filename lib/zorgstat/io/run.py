"""The life of one run: check settings, pin, check inputs, build, write, verify, check, publish, report.

Each phase begins with its name below, one line on the user's screen, one line in the run's log, and one row in
run_metrics. Nothing that fails before `publish` leaves anything that a reader sees (docs/runs.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from pyspark.sql import DataFrame, Row

from zorgstat.checks import Finding
from zorgstat.errors import CheckError, TableError, ZorgstatError
from zorgstat.io import inputs as input_checks
from zorgstat.io import locks, outputs, publication
from zorgstat.io.engine import Engine, is_full, is_out_of_reach
from zorgstat.io.progress import Reporter
from zorgstat.io.publication import Run
from zorgstat.io.store import Store
from zorgstat.io.together import by_name, in_parallel
from zorgstat.io.trace import Phases
from zorgstat.pipelines import Pipeline, Settings
from zorgstat.tables import OF_EVERY_PIPELINE, RUN_FINDINGS, RUN_METRICS, RUNS


@dataclass
class Result:
    """What a person wants to know after a run; `as_json` for programs."""

    run_id: str
    status: str  # published, or already published
    report_year: int
    report_version: int
    input: str
    output: str
    figures: dict[str, Any] = field(default_factory=dict)  # what the pipeline tells of itself
    findings: list[Finding] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # phase -> seconds

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        figures: dict[str, Any] = told.pop("figures")
        return told | figures


def execute(
    pipeline: Pipeline,
    engine: Engine,
    settings: Settings,
    input_root: str,
    output_root: str,
    *,
    force: bool = False,
    report: Reporter = print,
) -> Result:
    """Computes and publishes one report.

    Raises TableError (inputs are not as declared), CheckError (the figures do not hold together) or LockedError;
    nothing is published then. With the same inputs, settings and software as the current run nothing is done, unless
    forced.
    """
    inputs, stored = Store(engine, input_root), Store(engine, output_root)
    with hold_version(engine, pipeline.name, settings.year, settings.number, output_root):
        phases = Phases(report, engine, output_root)
        try:
            return _run(pipeline, settings, inputs, stored, force, phases)
        finally:
            phases.stop()
            engine.release()


def hold_version(
    engine: Engine, pipeline: str, year: int, version: int, output_root: str
) -> AbstractContextManager[None]:
    """One run of a version at a time."""
    return locks.hold(output_root, f"{pipeline}-{year}-{version}", wait=False, helper=engine.helper)


def _run(pipeline: Pipeline, settings: Settings, inputs: Store, stored: Store, force: bool, phases: Phases) -> Result:
    engine = inputs.engine

    phases.begin("check settings")
    findings = [_settings_finding(settings)]

    phases.begin("pin inputs")
    pins, faults = inputs.pin(pipeline.inputs)
    fingerprint = publication.fingerprint(pins, settings.as_json())
    outputs.check_types(stored, [*pipeline.outputs, *OF_EVERY_PIPELINE])
    rows = publication.of_version(stored.rows(RUNS), pipeline.name, settings.year, settings.number)
    current = publication.current(rows)
    repeated = current if current is not None and publication.repeats(current, fingerprint) else None
    if repeated is not None and not force:
        outputs.check_counts(stored, pipeline.outputs, repeated)
        phases.begin("report")
        run_id = repeated["run_id"]
        looked_up = by_name(DataFrame.collect, pipeline.queries(outputs.of_run(stored, pipeline.outputs, run_id)))
        return _result(pipeline, settings, inputs, stored, run_id, "already published", repeated, [], phases, looked_up)
    findings.append(publication.withdrawn_before(rows, fingerprint))
    run = publication.next_run(rows, pipeline.name, settings.year, settings.number, settings.stamps)
    phases.name(run.run_id)

    phases.begin("check inputs")
    frames, undeclared = inputs.read_pinned(pipeline.inputs, {name: pin.version for name, pin in pins.items()})
    checked = (inputs.root, fingerprint["input_identities"])
    if checked not in engine.checked:  # reports of one year, run one after the other, read the same tables
        engine.checked[checked] = input_checks.check(inputs, pipeline.inputs, frames, [*faults, *undeclared])
    input_rows = engine.checked[checked]
    findings.append(input_checks.retention(pins))

    with _inputs_that_fail(inputs, pipeline, frames):
        phases.begin("build")
        built = pipeline.build(input_checks.with_person_key(engine, frames), settings, engine.keep)

        phases.begin("write")
        computed = outputs.write(stored, pipeline.outputs, built, run)

    phases.begin("verify")
    rows_of_run = outputs.of_run(stored, pipeline.outputs, run.run_id)
    looked = by_name(DataFrame.collect, outputs.looks(pipeline, rows_of_run))
    seen = {name: row.asDict() for name, (row,) in looked.items()}
    sums, verified = outputs.verify(pipeline.outputs, seen, computed)
    findings += verified
    if repeated is not None:
        findings.append(outputs.same_as(repeated, sums))
    _stop_at_errors(stored, run, findings, phases)

    phases.begin("check")
    queries = {
        "measures": {str(place): frame for place, frame in enumerate(pipeline.more_measures(rows_of_run))},
        "queries": pipeline.queries(rows_of_run),
        "remarks": {"remarks": pipeline.remarks(frames, settings)},
    }
    with _inputs_that_fail(inputs, pipeline, frames):
        answers = _collect(queries)  # at once: what the report tells too
    findings += [Finding(**row.asDict()) for row in answers["remarks"]["remarks"]]
    measured = {name: value for row in seen.values() for name, value in row.items()}
    measured |= {name: value for (row,) in answers["measures"].values() for name, value in row.asDict().items()}
    findings += pipeline.judge(measured, input_rows[pipeline.main_input.name])
    _stop_at_errors(stored, run, findings, phases)

    phases.begin("publish")
    row_counts = {table: of_table.rows for table, of_table in sums.items()}
    checksums = {table: of_table.checksum for table, of_table in sums.items()}
    with stored.writing():
        _keep_traces(stored, run, findings, phases)
        publication.publish(stored, run, fingerprint, row_counts, checksums)

    row = {"row_counts": json.dumps(row_counts), "checksums": json.dumps(checksums)}
    phases.begin("report")
    return _result(
        pipeline, settings, inputs, stored, run.run_id, "published", row, findings, phases, answers["queries"]
    )


@contextmanager
def _inputs_that_fail(inputs: Store, pipeline: Pipeline, frames: Mapping[str, DataFrame]) -> Iterator[None]:
    """Raises TableError in place of an error that comes of an input that cannot be read to its end, or any more."""
    try:
        yield
    except ZorgstatError:
        raise
    except Exception as error:
        if is_full(error) or is_out_of_reach(error):
            raise
        unreadable = input_checks.unreadable(inputs, pipeline.inputs, frames)
        if unreadable:
            raise TableError(unreadable) from None
        raise


def _collect(queries: Mapping[str, Mapping[str, DataFrame]]) -> dict[str, dict[str, list[Row]]]:
    """The rows of every query, by its kind and its name."""
    frames = {(kind, name): frame for kind, of_kind in queries.items() for name, frame in of_kind.items()}
    rows = by_name(DataFrame.collect, frames)
    return {kind: {name: rows[kind, name] for name in of_kind} for kind, of_kind in queries.items()}


def _stop_at_errors(stored: Store, run: Run, findings: list[Finding], phases: Phases) -> None:
    failed = [finding for finding in findings if finding.is_error]
    if failed:
        with stored.writing():
            _keep_traces(stored, run, findings, phases)
        raise CheckError("\n".join(f"{finding.rule}: {finding.detail}" for finding in failed))


def _keep_traces(stored: Store, run: Run, findings: list[Finding], phases: Phases) -> None:
    """What was found, and what the phases took so far; of a run that fails too."""
    rows = {
        RUN_FINDINGS: [(run.run_id, *asdict(finding).values()) for finding in findings],
        RUN_METRICS: [
            (run.run_id, phase, place, phases.seconds[phase], *asdict(work).values())
            for place, (phase, work) in enumerate(phases.work.items(), start=1)
        ],
    }

    in_parallel(lambda table: stored.add_rows(rows[table], table, run.run_id), list(rows))


def _settings_finding(settings: Settings) -> Finding:
    idle = settings.without_effect
    detail = f"choices for what does not take part: {', '.join(idle) or 'none'}"
    return Finding.warning("setting_without_effect", len(idle), detail)


def _result(
    pipeline: Pipeline,
    settings: Settings,
    inputs: Store,
    stored: Store,
    run_id: str,
    status: str,
    row: Mapping[str, Any],
    findings: list[Finding],
    phases: Phases,
    looked_up: Mapping[str, list[Row]],
) -> Result:
    """The published figures in a few numbers, as they were read back from the tables."""
    phases.end()
    return Result(
        run_id=run_id,
        status=status,
        report_year=settings.year,
        report_version=settings.number,
        input=inputs.root,
        output=stored.root,
        figures=pipeline.figures(looked_up),
        findings=findings,
        row_counts=json.loads(row["row_counts"]),
        checksums=json.loads(row["checksums"]),
        seconds=phases.seconds,
    )
