"""What computes: reports, synthetic tables, layout; for the shell, for spark-submit and for Databricks.

Needs pyspark and delta and nothing else: a cluster has no terminal to please.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import NoReturn

from zorgstat.errors import SettingsError, TableError
from zorgstat.io import comet, config, delta_rs, layout, run, size
from zorgstat.io.attempt import ENDED_FROM_OUTSIDE, UNEXPECTED, Attempt, guard
from zorgstat.io.paths import local_path, table_path
from zorgstat.io.progress import Watch, plain_lines
from zorgstat.io.store import Store
from zorgstat.io.summary import describe_change, describe_layout, summarise
from zorgstat.pipelines import Pipeline, Settings

# Of `tables optimize`, where these codes mean something else.
LAYOUT_EXIT_CODES = {
    0: "laid out, or laid out already",
    2: "the command line",
    3: "a table is missing or not as declared",
    70: UNEXPECTED,
    130: "stopped with Ctrl-C; the rows of the table at work lie as they did",
    **ENDED_FROM_OUTSIDE,
}


def reports(
    pipeline: Pipeline,
    settings_files: Sequence[str],
    input_root: str,
    output_root: str,
    *,
    engine: str = "spark",
    conf: Mapping[str, str] | None = None,
    force: bool = False,
    as_json: bool = False,
    watch: Watch = plain_lines,
) -> int:
    """Runs the reports of a pipeline, a settings file each, one after the other; stops at the first that fails.

    The result goes to standard output (as one JSON object if asked for), everything else to standard error.
    """

    def work(attempt: Attempt) -> None:
        wanted = _load_all(pipeline, settings_files)
        results = []
        running = attempt.start(engine, conf, size.of_tables(input_root, [table.name for table in pipeline.inputs]))
        try:
            for settings in wanted:
                with watch(f"{pipeline.name} {settings.year}-{settings.number}", running) as report:
                    told = attempt.follow(report)
                    result = run.execute(pipeline, running, settings, input_root, output_root, force=force, report=told)
                results.append(result)
                if not as_json:
                    print(summarise(pipeline, settings, result) + "\n", flush=True)
        finally:  # reports before one that fails are published, and told
            if as_json and results:
                found = [result.as_json() for result in results]
                print(json.dumps(found[0] if len(wanted) == 1 else {"runs": found}), flush=True)

    return guard(work)


def submitted(pipeline: Pipeline, about: str | None) -> NoReturn:
    """The whole of a file in jobs/: the reports that its command line asks for, on the session of spark-submit.

    In: about (its docstring). The command zorgstat would need click, which a cluster may not have.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="+", metavar="SETTINGS.toml", help="one file per report")
    parser.add_argument("--input", required=True, metavar="ROOT", help="folder or address of the input tables")
    parser.add_argument("--output", required=True, metavar="ROOT", help="folder or address of the output tables")
    parser.add_argument("--force", action="store_true", help="run also when the same figures are published already")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    asked = parser.parse_args()
    raise SystemExit(
        reports(pipeline, asked.settings, asked.input, asked.output, force=asked.force, as_json=asked.json)
    )


def _load_all(pipeline: Pipeline, settings_files: Sequence[str]) -> list[Settings]:
    loaded, faults = [], []
    for path in settings_files:
        try:
            loaded.append(config.load(pipeline, path))
        except SettingsError as error:
            faults.append(str(error))
    faults = faults or _one_version_twice(settings_files, loaded)
    if faults:
        raise SettingsError("\n".join(faults))
    return loaded


def _one_version_twice(settings_files: Sequence[str], loaded: Sequence[Settings]) -> list[str]:
    """Files that ask for other figures of one version: which are published would depend on their order."""
    first: dict[tuple[int, int], tuple[str, Settings]] = {}
    faults = []
    for file, settings in zip(settings_files, loaded, strict=True):
        earlier, other = first.setdefault((settings.year, settings.number), (file, settings))
        if other.as_json() != settings.as_json():
            faults.append(f"{file}: of the same report as {earlier}; run one of them.")
    return faults


def synth(
    pipeline: Pipeline,
    output_root: str,
    claims: int,
    seed: int,
    year: int,
    *,
    engine: str = "spark",
    conf: Mapping[str, str] | None = None,
    watch: Watch = plain_lines,
) -> int:
    """Writes synthetic input tables of a pipeline, each in its folder under the root."""

    def work(attempt: Attempt) -> None:
        folder = local_path(output_root)
        mark = folder / f"_synthetic-{pipeline.name}.json" if folder else None
        made = json.loads(mark.read_text(encoding="utf-8")) if mark and mark.exists() else {}
        _refuse_others(pipeline, output_root, made)
        running = attempt.start(engine, {**comet.OFF, **(conf or {})}, size.of_claims(claims))
        tables = pipeline.synth(running.spark, claims, seed, year)
        attempt.outcome = "Tables named above are whole, but perhaps the last of them, which then is as it was before."
        with watch(f"synth {pipeline.name}", running) as report:
            store = Store(running, output_root)
            with store.writing():
                for name, frame in tables.items():
                    report(name)
                    store.replace(frame, name)
                    state = delta_rs.state(table_path(output_root, name))
                    if mark and state:
                        made[name] = state.version
                        mark.write_text(json.dumps(made), encoding="utf-8")
        print(f"{len(tables)} tables in {output_root}: {', '.join(tables)}")

    return guard(work)


def _refuse_others(pipeline: Pipeline, root: str, made: Mapping[str, int]) -> None:
    """Raises SettingsError for tables of somebody else: made-up people would take the place of real ones.

    In: made (by table the version that `synth` made).
    """
    paths = {table.name: table_path(root, table.name) for table in pipeline.inputs}
    states = {name: delta_rs.state(path) for name, path in paths.items() if delta_rs.is_table(path)}
    others = [name for name, state in states.items() if state and state.version != made.get(name)]
    if others:
        raise SettingsError(
            f"{root} holds tables that are not as synth made them ({', '.join(others)}); name another folder."
        )


def optimize(
    root: str,
    tables: Sequence[str] = ("claims",),
    *,
    engine: str = "spark",
    conf: Mapping[str, str] | None = None,
    dry_run: bool = False,
    watch: Watch = plain_lines,
) -> int:
    """Lays tables out by person, or tells how they lie now; the readers of earlier versions go on reading."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Each table is as it was, or laid out as a whole; --dry-run tells which."
        if engine == "sail":
            raise SettingsError("the engine sail has no OPTIMIZE; use --engine spark.")
        running = attempt.start(engine, conf, size.of_tables(root, set(tables)))
        store = Store(running, root)
        wanted = [layout.TABLES[name] for name in dict.fromkeys(tables)]
        _, missing = store.pin(wanted)
        if missing:
            raise TableError(missing)
        for table in wanted:
            with watch("tables optimize", running) as report:
                report(table.name)
                if dry_run:
                    told = describe_layout(table.name, layout.look(store, table))
                else:
                    with store.writing():
                        told = describe_change(layout.lay_out(store, table))
            print(told, flush=True)

    return guard(work)
