"""What can be asked of the runs under a root, and done to them: list, show, verify, withdraw, clean, views.

Each is a command (docs/runs.md): roots and names in, exit code out. `list` and `show` of a root on this machine need no
engine, nor does `views`; the others start one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import Any

from zorgstat import __version__
from zorgstat.errors import CheckError, LockedError, SettingsError, TableError
from zorgstat.io import delta_rs, outputs, publication, run, trace
from zorgstat.io.attempt import ENDED_FROM_OUTSIDE, UNEXPECTED, Attempt, guard
from zorgstat.io.engine import Engine, is_unreadable_file, name_of
from zorgstat.io.inputs import with_person_key
from zorgstat.io.names import PIPELINES
from zorgstat.io.paths import local_path, table_path
from zorgstat.io.place import Place, refuse_absent
from zorgstat.io.publication import RUN_ID, Run
from zorgstat.io.size import Size
from zorgstat.io.store import RETENTION, Store, Sums, is_same_table
from zorgstat.io.summary import describe_run, describe_runs
from zorgstat.io.together import in_parallel
from zorgstat.pipelines import Pipeline
from zorgstat.tables import RUN_FINDINGS, RUN_METRICS, RUNS, Table

JSON = ("inputs", "input_identities", "settings", "row_counts", "checksums")


EXIT_CODES = {
    0: "done",
    2: "the command line, or a run that is not there",
    3: "a table cannot be read, or inputs are not there any more as the run read them",
    4: "rows are not those that were published, or a run that was published is not in the table runs",
    5: "a run of this version, or in this session, is at work",
    70: UNEXPECTED,
    130: "stopped with Ctrl-C",
    **ENDED_FROM_OUTSIDE,
}


def list_runs(place: Place, *, as_json: bool = False) -> int:
    """Every published run, and what has become of it."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was changed."
        told = _told_published(place.root)  # before the rows: a run may be published meanwhile
        [rows] = place.rows(attempt, [RUNS])
        listed = [with_standing(rows, row["run_id"]) for row in rows if row["status"] == "published"]
        listed.sort(key=lambda row: (row["pipeline"], row["report_year"], row["report_version"], row["sequence"]))
        print(to_json({"runs": listed}) if as_json else describe_runs(listed, place.root))
        for line in _describe_lost(place.root, told - _ids(rows)):
            print(f"zorgstat: {line}", file=sys.stderr)

    return guard(work)


def show(place: Place, run_id: str, *, as_json: bool = False) -> int:
    """One run: what it was made of, what its checks found, what its phases took. Of a run that failed, the last two."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was changed."
        rows, findings, metrics = place.rows(attempt, [RUNS, RUN_FINDINGS, RUN_METRICS])
        traces = {
            "findings": [_without_run(row) for row in findings if row["run_id"] == run_id],
            "metrics": sorted(
                (_without_run(row) for row in metrics if row["run_id"] == run_id), key=lambda row: row["place"]
            ),
        }
        if not any(row["run_id"] == run_id for row in rows) and any(traces.values()):
            told: dict[str, Any] = {"run_id": run_id, "standing": "not published", **traces}
        else:
            told = with_standing(rows, run_id) | traces
        print(to_json(told) if as_json else describe_run(told))

    return guard(work)


def verify(place: Place, run_id: str, *, recompute: bool = False, input_root: str = "") -> int:
    """Are the stored rows still those that were published; and do the pinned inputs still give them?"""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was changed."
        if recompute and not input_root:
            raise SettingsError("--recompute reads the inputs again: say where they are, with --input ROOT.")
        store = place.open(attempt, Size.NATIONAL if recompute else Size.LITTLE)
        row = publication.find(store.rows(RUNS), run_id)
        pipeline = pipeline_of(row)
        counts, checksums = json.loads(row["row_counts"]), json.loads(row["checksums"])
        published = {
            table.name: Sums(counts.get(table.name, 0), checksums.get(table.name, "")) for table in pipeline.outputs
        }
        stored, faults = _stored_sums(store, pipeline, run_id)
        faults += outputs.differences(published, stored, "published", "stored")
        engine = f"{store.engine.name} {store.engine.version}"
        if recompute:
            again = recomputed(store.engine, row, input_root)
            faults += outputs.differences(published, again, "published", "computed again")
        if faults:
            note = "" if row["software"] == __version__ else f"\nPublished by zorgstat {row['software']}."
            raise CheckError("\n".join(faults) + note)
        rows = sum(sums.rows for sums in stored.values())
        print(f"{run_id}: the {rows:,} rows of {len(stored)} tables are those that were published.")
        if recompute:
            print(f"Computed again by zorgstat {__version__} on {engine} from the same inputs: the same rows.")

    return guard(work)


def recomputed(engine: Engine, row: Mapping[str, Any], input_root: str) -> dict[str, Sums]:
    """The outputs of a published run, made again from the versions that it read. Raises TableError if one is gone."""
    pipeline, inputs = pipeline_of(row), Store(engine, input_root)
    settings = pipeline.resolve(json.loads(row["settings"]))
    versions = json.loads(row["inputs"])
    present, faults = inputs.pin(pipeline.inputs)
    identities = json.loads(row.get("input_identities") or "{}")  # other programs need not tell
    faults += [
        f"{name}: the table in {input_root} is another one than the run read."
        for name, pin in present.items()
        if not is_same_table(pin.identity, identities.get(name, pin.identity))
    ]
    gone = (
        "{}: version {} cannot be read any more, the present one is {}. Keep versions longer from now on: set "
        f"{' and '.join(RETENTION)}."
    )
    if not faults:
        frames, _ = inputs.read_pinned(pipeline.inputs, versions)
        faults += [
            gone.format(table.name, versions[table.name], present[table.name].version)
            for table in pipeline.inputs
            if table.name not in frames
        ]
    if faults:
        raise TableError(faults)
    made = Run(row["run_id"], pipeline.name, settings.year, settings.number, row["sequence"], settings.stamps)
    try:
        built = pipeline.build(with_person_key(engine, frames), settings, engine.keep)
        return outputs.sums(pipeline.outputs, {name: made.stamp(frame) for name, frame in built.items()})
    except Exception as error:
        if not is_unreadable_file(error):
            raise
        late = [name for name, pin in present.items() if pin.version != versions[name]] or list(present)
        raise TableError([gone.format(name, versions[name], present[name].version) for name in late]) from None


def _stored_sums(store: Store, pipeline: Pipeline, run_id: str) -> tuple[dict[str, Sums], list[str]]:
    """Of the tables that can be read; a line for every other one."""
    found: dict[str, Sums] = {}
    faults = []
    for table in pipeline.outputs:
        try:
            found |= outputs.sums([table], outputs.of_run(store, [table], run_id))
        except Exception as error:
            if not is_unreadable_file(error):
                raise
            faults.append(f"{table.name}: its stored rows cannot be read ({name_of(error)}).")
    return found, faults


def pipeline_of(row: Mapping[str, Any]) -> Pipeline:
    """Of a row of `runs`. Raises SettingsError for one that this version of zorgstat does not know."""
    if row["pipeline"] not in PIPELINES:
        raise SettingsError(
            f"{row['run_id']} is a run of {row['pipeline']}, which zorgstat {__version__} does not know."
        )
    return PIPELINES[row["pipeline"]]


def withdraw(place: Place, run_id: str, reason: str) -> int:
    """Readers leave the run alone from now on; its rows stay."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "`zorgstat runs list` tells whether the run was withdrawn."
        if not reason.strip() or not reason.isprintable():
            raise SettingsError("--reason must be a line of text; say why, for those who have read the figures.")
        store = place.open(attempt)
        row = publication.find(store.rows(RUNS), run_id)
        version = (row["pipeline"], row["report_year"], row["report_version"])
        with run.hold_version(store.engine, *version, store.root):
            rows = store.rows(RUNS)
            if publication.standing(rows, run_id) == "withdrawn":
                raise SettingsError(f"{run_id} was withdrawn before.")
            with store.writing():
                publication.withdraw(store, row, reason.strip())
        current = publication.current(publication.of_version(store.rows(RUNS), *version))
        print(f"{run_id} is withdrawn.")
        print(f"Readers see {current['run_id']} now." if current else "Readers see no run of this version now.")

    return guard(work)


@dataclass(frozen=True)
class Leftover:
    """Rows of a run that was never published."""

    run_id: str
    rows: Mapping[str, int]  # by table
    last_commit: datetime | None  # None: older than what the logs of the tables still tell


def clean(
    place: Place,
    *,
    older_than: timedelta | None = None,
    confirm: Callable[[], bool] = lambda: False,
) -> int:
    """Removes rows of runs that were never published and are not at work; tells first what it would remove.

    Runs that were published, as their logs tell, and are lost from the table `runs` are kept and named.
    """

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Rows of published runs are as they were."
        age = older_than
        if age is None:
            if local_path(place.root) is None:  # no locks there that would tell of a run at work
                raise SettingsError("on an object store say --older-than: longer than a run can take.")
            age = timedelta(0)
        store = place.open(attempt)
        with ExitStack() as held:
            found, busy = _apart(store, leftovers(store), held)
            lost = (trace.published(store.root) - _ids(store.rows(RUNS))) & {one.run_id for one in found}
            before = datetime.now(timezone.utc) - age
            old = [
                one
                for one in found
                if one.run_id not in lost and (one.last_commit is None or one.last_commit <= before)
            ]
            for one in old:
                print(f"{one.run_id}: " + ", ".join(f"{count:,} rows of {table}" for table, count in one.rows.items()))
            for run_id in busy:
                print(f"{run_id}: may be at work; left alone.")
            if not old:
                print("Nothing to remove.")
            elif confirm():
                run_ids = {one.run_id for one in old} - _ids(store.rows(RUNS))
                with store.writing():
                    for table in _output_tables() if run_ids else []:
                        if any(table.name in one.rows for one in old):
                            store.remove(table, run_ids)
                print("Removed. The files stay on disk until VACUUM; run_findings and _logs keep what they tell.")
            else:
                print("Nothing was removed.")
        if lost:
            raise CheckError("\n".join(_describe_lost(store.root, lost)))

    return guard(work)


def leftovers(store: Store) -> list[Leftover]:
    """Rows of runs without a row in `runs`, whose names are those of runs."""
    published = _ids(store.rows(RUNS))
    tables = [table for table in _output_tables() if store.has(table)]
    counted = in_parallel(lambda table: store.read(table).groupBy("run_id").count().collect(), tables)
    rows: dict[str, dict[str, int]] = {}
    for table, found in zip(tables, counted, strict=True):
        for row in found:
            named = RUN_ID.fullmatch(row["run_id"] or "")
            if row["run_id"] not in published and named and named["pipeline"] in PIPELINES:
                rows.setdefault(row["run_id"], {})[table.name] = int(row["count"])
    commits = _last_commits(store, tables) if rows else {}
    return [Leftover(run_id, rows[run_id], commits.get(run_id)) for run_id in sorted(rows)]


def views(root: str) -> int:
    """SQL on standard output: a view of the current rows for every table that is there."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was changed."
        refuse_absent(root)
        tables = [table for table in _output_tables() if delta_rs.is_table(table_path(root, table.name)) is not False]
        print(";\n\n".join(publication.views(root, tables)) + ";")

    return guard(work)


def _output_tables() -> list[Table]:
    return [table for pipeline in PIPELINES.values() for table in pipeline.outputs]


def _apart(store: Store, leftovers: Sequence[Leftover], held: ExitStack) -> tuple[list[Leftover], list[str]]:
    """Those of versions that nobody is at work on, which are held from now on; and the runs of the others.

    In: leftovers in the order of their names, so those of a version follow each other.
    """
    found: list[Leftover] = []
    busy: list[str] = []
    for version, following in groupby(leftovers, lambda leftover: _version(leftover.run_id)):
        of_version = list(following)
        try:
            held.enter_context(run.hold_version(store.engine, *version, store.root))
        except LockedError:
            busy += [leftover.run_id for leftover in of_version]
        else:
            found += of_version
    return found, busy


def _version(run_id: str) -> tuple[str, int, int]:
    found = RUN_ID.fullmatch(run_id)
    assert found is not None  # leftovers have no other names
    return found["pipeline"], int(found["year"]), int(found["version"])


def _told_published(root: str) -> set[str]:
    """Who lists runs needs no logs."""
    try:
        return trace.published(root)
    except SettingsError as error:
        print(f"zorgstat: {error}", file=sys.stderr)
        return set()


def _ids(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    return {row["run_id"] for row in rows}


def _describe_lost(root: str, run_ids: Collection[str]) -> list[str]:
    """A line for each of these runs, and what to do; none without runs."""
    lines = [
        f"{run_id}: its log says that it was published, and the table runs does not know it."
        for run_id in sorted(run_ids)
    ]
    remedy = f"Restore the table runs; or delete their logs, in {table_path(root, '_logs')}, and clean again."
    return [*lines, remedy] if lines else []


def _last_commits(store: Store, tables: Sequence[Table]) -> dict[str, datetime]:
    """When a run last wrote, as far as the logs still tell."""
    last: dict[str, datetime] = {}
    for table in tables:
        for run_id, at in store.commits(table):
            if run_id is not None:
                last[run_id] = max(at, last.get(run_id, at))
    return last


def with_standing(rows: Sequence[Mapping[str, Any]], run_id: str) -> dict[str, Any]:
    """The row that published a run, its JSON read, with what has become of it: standing, and when it was withdrawn."""
    published = publication.find(rows, run_id)
    row = {name: _from_json(value) if name in JSON and value else value for name, value in published.items()}
    row["standing"] = publication.standing(rows, run_id)
    gone = next((other for other in rows if other["run_id"] == run_id and other["status"] == "withdrawn"), None)
    if gone is not None:
        row |= {"withdrawn_at": gone["at"], "reason": gone["reason"]}
    return row


def _without_run(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "run_id"}


def to_json(value: object) -> str:
    return json.dumps(value, default=lambda moment: moment.isoformat())


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # one odd row must not keep the others from being shown
        return text
