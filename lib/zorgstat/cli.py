"""Arguments in, exit code out: the command `zorgstat`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from zorgstat import __version__
from zorgstat.io import job, layout, run
from zorgstat.io.session import ENGINES, Engine

try:
    import click
except ImportError:
    raise SystemExit(
        "The command zorgstat needs the library click: pip install zorgstat. On a cluster use jobs/behandelindex.py."
    ) from None


def _told(codes: Mapping[int, str]) -> str:
    return "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in codes.items())


EXIT_CODES = _told(job.EXIT_CODES)

ROOT = click.Path(path_type=str)


def main() -> NoReturn:
    command.main(prog_name="zorgstat")
    raise SystemExit(0)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="""\b
Examples:
  zorgstat synth behandelindex --output demo/input
  zorgstat behandelindex run conf/behandelindex/2023-3.toml --input demo/input --output demo/output

"""
    + EXIT_CODES,
)
@click.version_option(__version__)
def command() -> None:
    """Dutch national health statistics on Spark and Delta."""


@command.group()
def behandelindex() -> None:
    """The Behandelindex for physiotherapy: each practice compared with the national mean of like patients."""


@behandelindex.command(
    "run",
    epilog="""\b
Examples:
  zorgstat behandelindex run conf/behandelindex/2023-3.toml --input data/2023 --output published
  zorgstat behandelindex run conf/behandelindex/2023-*.toml --input data/2023 --output published
  zorgstat behandelindex run 2023-3.toml --input IN --output OUT --conf spark.driver.memory=8g --json

"""
    + EXIT_CODES,
)
@click.argument("settings", nargs=-1, required=True, metavar="SETTINGS.toml...")
@click.option("--input", "input_root", required=True, type=ROOT, metavar="ROOT", help="Folder of the input tables.")
@click.option("--output", "output_root", required=True, type=ROOT, metavar="ROOT", help="Folder of the output tables.")
@click.option(
    "--conf", multiple=True, metavar="KEY=VALUE", help="A setting of Spark, as with spark-submit; repeatable."
)
@click.option("--engine", type=click.Choice(ENGINES), default="spark", envvar="ZORGSTAT_ENGINE", show_default=True)
@click.option("--force", is_flag=True, help="Run also when the same figures are published already.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on standard output, everything else on standard error."
)
def run_behandelindex(
    settings: tuple[str, ...],
    input_root: str,
    output_root: str,
    conf: tuple[str, ...],
    engine: str,
    force: bool,
    as_json: bool,
) -> None:
    """Compute and publish the reporting versions that the SETTINGS files describe, one file a version."""
    code = job.behandelindex(
        settings,
        input_root,
        output_root,
        engine=engine,
        conf=_pairs(conf),
        force=force,
        as_json=as_json,
        watch=live if sys.stderr.isatty() else job.plain_lines,
    )
    raise SystemExit(code)


@command.group()
def synth() -> None:
    """Make synthetic input tables: no real person, practice or claim is in them."""


@synth.command(
    "behandelindex",
    epilog="""\b
Examples:
  zorgstat synth behandelindex --output demo/input --claims 200000
  zorgstat synth behandelindex --output /data/national --claims 40000000 --seed 7 --year 2024
""",
)
@click.option("--output", "output_root", required=True, type=ROOT, metavar="ROOT", help="Folder of the tables to make.")
@click.option(
    "--claims", type=click.IntRange(min=1_000), default=200_000, show_default=True, help="About so many claims."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another country.")
@click.option(
    "--year", type=click.IntRange(2006, 2099), default=2023, show_default=True, help="Year of the treatments."
)
@click.option(
    "--conf", multiple=True, metavar="KEY=VALUE", help="A setting of Spark, as with spark-submit; repeatable."
)
@click.option("--engine", type=click.Choice(ENGINES), default="spark", envvar="ZORGSTAT_ENGINE", show_default=True)
def synth_behandelindex(
    output_root: str, claims: int, seed: int, year: int, conf: tuple[str, ...], engine: str
) -> None:
    """Write the seven input tables of the Behandelindex, and the truth they were made with (synth_practices).

    The same seed gives the same rows on every machine and engine. Tables that are there already get a new version.
    """
    watch = live if sys.stderr.isatty() else job.plain_lines
    raise SystemExit(job.synth(output_root, claims, seed, year, engine=engine, conf=_pairs(conf), watch=watch))


@command.group()
def tables() -> None:
    """Look after the tables of a root."""


@tables.command(
    "optimize",
    epilog="""\b
Examples:
  zorgstat tables optimize --root data/2023 --dry-run
  zorgstat tables optimize --root data/2023
  zorgstat tables optimize --root data/2023 --table claims --table enrolments --conf spark.driver.memory=8g

"""
    + _told(job.LAYOUT_EXIT_CODES),
)
@click.option("--root", required=True, type=ROOT, metavar="ROOT", help="Folder of the tables.")
@click.option(
    "--table",
    "names",
    multiple=True,
    type=click.Choice(list(layout.TABLES)),
    default=["claims"],
    show_default=True,
    help="A table that has a bsn; repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Tell how the tables lie, and change nothing.")
@click.option(
    "--conf", multiple=True, metavar="KEY=VALUE", help="A setting of Spark, as with spark-submit; repeatable."
)
@click.option("--engine", type=click.Choice(ENGINES), default="spark", envvar="ZORGSTAT_ENGINE", show_default=True)
def optimize_tables(root: str, names: tuple[str, ...], dry_run: bool, conf: tuple[str, ...], engine: str) -> None:
    """Lay tables out so that all rows of a person are in one file.

    The table gets a new version with the same rows. Versions before it can be read until VACUUM removes their files.
    """
    watch = live if sys.stderr.isatty() else job.plain_lines
    raise SystemExit(job.optimize(root, names, engine=engine, conf=_pairs(conf), dry_run=dry_run, watch=watch))


@contextmanager
def live(title: str, engine: Engine) -> Iterator[run.Report]:
    """Progress on a terminal: one line per phase, with the tasks that Spark has done and the time it takes."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<32}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[tasks]}"),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as progress:
        phases: list[int] = []
        done = threading.Event()

        def finish() -> None:
            if phases:
                progress.update(phases[-1], total=1, completed=1, tasks="")  # type: ignore[arg-type]

        def begin(phase: str) -> None:
            finish()
            phases.append(progress.add_task(f"{title}  {phase}", total=None, tasks=""))

        def follow() -> None:
            while not done.wait(0.5):
                finished, total = engine.tasks()
                if phases and total:
                    progress.update(phases[-1], tasks=f"{finished} of {total} tasks")  # type: ignore[arg-type]

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield begin
            finish()
        finally:
            done.set()
            thread.join(timeout=2)


def _pairs(conf: tuple[str, ...]) -> dict[str, str]:
    wrong = [pair for pair in conf if "=" not in pair or pair.startswith("=")]
    if wrong:
        raise click.BadParameter(f"{', '.join(wrong)}: write KEY=VALUE", param_hint="--conf")
    return dict(pair.split("=", 1) for pair in conf)
