"""One command for the shell, for spark-submit and for Databricks: settings files in, exit code out.

Needs pyspark and delta and nothing else: a cluster has no terminal to please.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from zorgstat.behandelindex import synth as synthetic
from zorgstat.behandelindex.settings import Settings
from zorgstat.errors import SettingsError, TableError, ZorgstatError
from zorgstat.io import config, layout, run, session
from zorgstat.io.paths import local_path, table_path
from zorgstat.io.session import Engine
from zorgstat.io.store import Store
from zorgstat.io.summary import describe_change, describe_layout, summarise

EXIT_CODES = {
    0: "published, or published already with the same inputs, settings and software",
    2: "the command line or a settings file",
    3: "input tables are not as declared",
    4: "a check failed; nothing was published",
    5: "another run of this version is at work",
    70: "something unexpected; the message names the log",
    130: "stopped with Ctrl-C; nothing was published",
}

# Of `tables optimize`, where these codes mean something else.
LAYOUT_EXIT_CODES = {
    0: "laid out, or laid out already",
    2: "the command line",
    3: "a table is missing or not as declared",
    70: EXIT_CODES[70],
    130: "stopped with Ctrl-C; the table at work is as it was",
}

LITTLE_BYTES, LITTLE_CLAIMS = 32_000_000, 2_000_000

Watch = Callable[[str, Engine], AbstractContextManager[run.Report]]


@dataclass
class Attempt:
    """How far a command came: what can be said of it when it fails."""

    engine: Engine | None = None
    phase: str = ""
    told: str = ""  # what became of work that publishes no version

    def follow(self, report: run.Report) -> run.Report:
        def begin(phase: str) -> None:
            self.phase = phase
            report(phase)

        return begin

    @property
    def fate(self) -> str:
        if self.told:
            return self.told
        if self.phase == "publish":
            return "The table runs tells whether this version was published."
        return "This version was published." if self.phase == "report" else "This version was not published."


@contextmanager
def plain_lines(title: str, engine: Engine) -> Iterator[run.Report]:
    """Progress where there is no terminal: a line for each phase as it begins."""
    since = time.monotonic()
    yield lambda phase: print(f"{title} [{time.monotonic() - since:5.1f} s] {phase}", file=sys.stderr, flush=True)


def behandelindex(
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
    """Runs the reporting versions one after the other in one session; stops at the first that fails.

    The result goes to standard output (as one JSON object if asked for), everything else to standard error.
    """

    def work(attempt: Attempt) -> None:
        versions = _load_all(settings_files)
        results = []
        with session.start(engine, conf, light=is_little(input_root)) as running:
            attempt.engine = running
            for settings in versions:
                title = f"behandelindex {settings.report.year}-{settings.report.version}"
                with watch(title, running) as report:
                    result = run.behandelindex(
                        running, settings, input_root, output_root, force=force, report=attempt.follow(report)
                    )
                results.append(result)
                if not as_json:
                    print(summarise(result) + "\n", flush=True)
        if as_json:
            found = [result.as_json() for result in results]
            print(json.dumps(found[0] if len(found) == 1 else {"runs": found}, ensure_ascii=False))

    return guard(work)


def guard(work: Callable[[Attempt], None]) -> int:
    """Does the work and returns the exit code; what fails is told in words, without the values that Spark may quote."""
    attempt = Attempt()
    try:
        work(attempt)
        return 0
    except ZorgstatError as error:
        _say(_headline(error), str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _say("stopped", f"Ctrl-C. {attempt.fate}")
        return 130
    except Exception as error:  # a message of Spark may hold a record, so only its name goes on
        place = traceback.extract_tb(error.__traceback__)
        log = attempt.engine.log if attempt.engine else None
        where = next(
            (f"{frame.name}, line {frame.lineno}" for frame in reversed(place) if "zorgstat" in frame.filename), ""
        )
        _say(
            "unexpected",
            f"{session.name_of(error)} in {where}. {attempt.fate}" + (f" Spark's log: {log}" if log else ""),
        )
        return 70


def is_little(root: str) -> bool:
    """Is this a demo or a test rather than a national year? Some two million claims are 32 MB."""
    claims = local_path(table_path(root, "claims"))
    return claims is not None and sum(file.stat().st_size for file in claims.rglob("*.parquet")) < LITTLE_BYTES


def _load_all(settings_files: Sequence[str]) -> list[Settings]:
    loaded, faults = [], []
    for path in settings_files:
        try:
            loaded.append(config.load(path))
        except SettingsError as error:
            faults.append(str(error))
    if faults:
        raise SettingsError("\n".join(faults))
    return loaded


def _headline(error: ZorgstatError) -> str:
    if isinstance(error, TableError):
        count = len(error.faults)
        return f"the input tables have {count} fault{'s' if count > 1 else ''}; nothing was computed"
    return {2: "the settings", 4: "checks failed; nothing was published", 5: "locked"}.get(
        error.exit_code, "unexpected"
    )


def _say(headline: str, text: str) -> None:
    lines = "\n".join(f"  {line}" for line in text.splitlines())
    print(f"zorgstat: {headline}:\n{lines}", file=sys.stderr, flush=True)


def synth(
    output_root: str,
    claims: int,
    seed: int,
    year: int,
    *,
    engine: str = "spark",
    conf: Mapping[str, str] | None = None,
    watch: Watch = plain_lines,
) -> int:
    """Writes synthetic input tables, each in its folder under the root."""

    def work(attempt: Attempt) -> None:
        with session.start(engine, conf, light=claims < LITTLE_CLAIMS) as running:
            attempt.engine = running
            tables = synthetic.tables(running.spark, claims, seed, year)
            with watch("synth behandelindex", running) as report:
                store = Store(running, output_root)
                with store.writing():
                    for name, frame in tables.items():
                        report(name)
                        store.replace(frame, name)
            print(f"{len(tables)} tables in {output_root}: {', '.join(tables)}")

    return guard(work)


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
        attempt.told = "Each table is as it was, or laid out as a whole; --dry-run tells which."
        if engine == "sail":
            raise SettingsError("the engine sail has no OPTIMIZE; use --engine spark.")
        with session.start(engine, conf, light=is_little(root)) as running:
            attempt.engine = running
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
