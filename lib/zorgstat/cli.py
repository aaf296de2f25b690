"""Arguments in, exit code out: the command `zorgstat`."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NoReturn

from zorgstat import __version__
from zorgstat.behandelindex import settings as behandelindex_settings
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.io import attempt, compare, documents, export, job, layout, progress
from zorgstat.io import runs as run_commands
from zorgstat.io.place import Place
from zorgstat.io.session import ENGINES
from zorgstat.pipelines import Pipeline
from zorgstat.wlz import due
from zorgstat.wlz.pipeline import WLZ
from zorgstat.wlz.settings import FIRST_YEAR, LAST_YEAR

try:
    import click
except ImportError:
    raise SystemExit(
        "The command zorgstat needs the library click: pip install zorgstat. On a cluster use the files in jobs/."
    ) from None


def _exit_codes(codes: Mapping[int, str]) -> str:
    return "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in codes.items())


EXIT_CODES = _exit_codes(attempt.EXIT_CODES)

ROOT = click.Path(path_type=str)


def _root(option: str, name: str, tables: str, required: bool = True) -> Callable[[Any], Any]:
    """An option that names a root; "" where it may be left out, and is."""
    told = f"Folder or address of {tables}."
    default: dict[str, Any] = {} if required else {"default": ""}
    return click.option(option, name, required=required, type=ROOT, metavar="ROOT", help=told, **default)


OUTPUT_ROOT = _root("--output", "output_root", "the output tables")
CONF = click.option(
    "--conf", multiple=True, metavar="KEY=VALUE", help="A setting of Spark, as with spark-submit; repeatable."
)
PUBLISHED = _root("--output", "output_root", "the published tables: the --output of the run")
ENGINE = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="spark",
    envvar="ZORGSTAT_ENGINE",
    show_envvar=True,
    show_default=True,
    help="What computes; sail needs no Java.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
RUN = click.argument("run_id", metavar="RUN")


def main() -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that the screen has no sign for is spelt out
            stream.reconfigure(errors="backslashreplace")
    command.main(prog_name="zorgstat")
    raise SystemExit(0)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="""\b
Examples:
  zorgstat synth behandelindex --output demo/input
  zorgstat behandelindex run conf/behandelindex/2023-3.toml --input demo/input --output demo/output
  zorgstat wlz run conf/wlz/2023-2.toml --input data/wlz --output published

"""
    + EXIT_CODES.replace("Exit codes:", "Exit codes of run:"),
)
@click.version_option(__version__)
def command() -> None:
    """Dutch national health statistics on Spark and Delta."""


@command.group(short_help="Compute the index of physiotherapy practices.")
def behandelindex() -> None:
    """The Behandelindex for physiotherapy: each practice compared with the national mean of like patients."""


def _add_run(group: click.Group, pipeline: Pipeline, meaning: str, examples: str) -> None:
    """The command `run` of a pipeline: what it computes, and its examples; the rest is the same for all."""

    @group.command("run", help=meaning, epilog=f"\b\nExamples:\n{examples}\n\n" + EXIT_CODES)
    @click.argument("settings", nargs=-1, required=True, metavar="SETTINGS.toml...")
    @_root("--input", "input_root", "the input tables")
    @OUTPUT_ROOT
    @CONF
    @ENGINE
    @click.option("--force", is_flag=True, help="Run also when the same figures are published already.")
    @click.option(
        "--json", "as_json", is_flag=True, help="One JSON object on standard output, everything else on standard error."
    )
    def run_pipeline(
        settings: tuple[str, ...],
        input_root: str,
        output_root: str,
        conf: tuple[str, ...],
        engine: str,
        force: bool,
        as_json: bool,
    ) -> None:
        code = job.reports(
            pipeline,
            settings,
            input_root,
            output_root,
            engine=engine,
            conf=_pairs(conf),
            force=force,
            as_json=as_json,
            watch=progress.of_this_screen(),
        )
        raise SystemExit(code)


_add_run(
    behandelindex,
    BEHANDELINDEX,
    "Compute and publish the index. A SETTINGS file describes one reporting version.",
    """\
  zorgstat behandelindex run conf/behandelindex/2023-3.toml --input data/2023 --output published
  zorgstat behandelindex run conf/behandelindex/2023-*.toml --input data/2023 --output published
  zorgstat behandelindex run 2023-3.toml --input IN --output OUT --conf spark.driver.memory=8g --json""",
)


@command.group(short_help="Quarterly statements of the Wlz, and their documents.")
def wlz() -> None:
    """The Wlz quarterly statement of zorgkantoren and Wlz-uitvoerders, to the Zorginstituut."""


_add_run(
    wlz,
    WLZ,
    "Compute and publish statements. A SETTINGS file describes one quarter.",
    """\
  zorgstat wlz run conf/wlz/2023-2.toml --input data/wlz --output published
  zorgstat wlz run conf/wlz/2023-*.toml --input data/wlz --output published
  zorgstat wlz run conf/wlz/2023-2.toml --input IN --output OUT --engine sail --json""",
)


@wlz.command("calendar", epilog="\b\nExamples:\n  zorgstat wlz calendar 2023")
@click.argument("year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), metavar="YEAR")
def show_calendar(year: int) -> None:
    """Show what is due in a YEAR. When and from whom: the quarterly statements, and the claims through Vektis."""
    raise SystemExit(attempt.guard(lambda _: print("\n".join(due.describe(year)))))


YEAR_NUMBER, QUARTER_NUMBER = click.IntRange(FIRST_YEAR, LAST_YEAR), click.IntRange(1, 4)
ORGANISATIONS = click.option(
    "--organisation", "organisations", multiple=True, metavar="CODE", help="Code of an organisation; repeatable."
)


@wlz.command(
    "documents",
    epilog="""\b
Examples:
  zorgstat wlz documents --output published --year 2023 --quarter 2 --to documents/2023-2 --all --input data/wlz
  zorgstat wlz documents --output published --year 2023 --quarter 1 --to q1 --organisation 5505 --dossier

"""
    + _exit_codes(documents.EXIT_CODES),
)
@PUBLISHED
@click.option("--year", type=YEAR_NUMBER, required=True, help="Year of the statement.")
@click.option("--quarter", type=QUARTER_NUMBER, required=True, help="Quarter of the statement.")
@click.option("--to", "folder", required=True, type=ROOT, metavar="FOLDER", help="A new folder for the documents.")
@ORGANISATIONS
@click.option("--all", "every", is_flag=True, help="Every organisation of the run.")
@_root("--input", "input_root", "the input tables of the run, for names and numbers of rows", required=False)
@click.option("--dossier", "with_dossier", is_flag=True, help="A dossier in every quarter, not only in the second.")
@CONF
@ENGINE
def write_documents(
    output_root: str,
    year: int,
    quarter: int,
    folder: str,
    organisations: tuple[str, ...],
    every: bool,
    input_root: str,
    with_dossier: bool,
    conf: tuple[str, ...],
    engine: str,
) -> None:
    """Write the documents of a statement. In Dutch: workbooks, board statement, letter, dossier.

    Tables on this machine are read without an engine.
    """
    code = documents.write_documents(
        _place(output_root, conf, engine),
        year,
        quarter,
        folder,
        organisations=organisations,
        every=every,
        input_root=input_root,
        with_dossier=with_dossier,
    )
    raise SystemExit(code)


@wlz.command(
    "deliver",
    epilog="""\b
Examples:
  zorgstat wlz deliver --check documents/2023-2 --output published
  zorgstat wlz deliver --check q1 --output published --year 2023 --quarter 1 --organisation 5505

"""
    + _exit_codes(documents.DELIVERY_EXIT_CODES),
)
@click.option("--check", "folder", required=True, type=ROOT, metavar="FOLDER", help="Folder of the documents.")
@PUBLISHED
@click.option("--year", type=YEAR_NUMBER, help="Year of the statement, where the files do not tell.")
@click.option("--quarter", type=QUARTER_NUMBER, help="Quarter of the statement, where the files do not tell.")
@ORGANISATIONS
@CONF
@ENGINE
def check_delivery(
    folder: str,
    output_root: str,
    year: int | None,
    quarter: int | None,
    organisations: tuple[str, ...],
    conf: tuple[str, ...],
    engine: str,
) -> None:
    """Check a folder of documents. Before it is mailed: is it whole, and what goes where by when? Mails nothing.

    Without --organisation the folder should hold the documents of every organisation of the run.
    """
    place = _place(output_root, conf, engine)
    raise SystemExit(documents.check_delivery(place, folder, year=year, quarter=quarter, organisations=organisations))


@command.group(short_help="Make synthetic input tables.")
def synth() -> None:
    """Make synthetic input tables: no real person, practice or claim is in them."""


def _add_synth(
    pipeline: Pipeline, meaning: str, of_claims: str, of_year: str, years: tuple[int, int], examples: str
) -> None:
    """The command `synth` of a pipeline; `of_claims` and `of_year` say what the options count."""

    @synth.command(pipeline.name, help=meaning, epilog=f"\b\nExamples:\n{examples}")
    @_root("--output", "output_root", "the tables to make")
    @click.option("--claims", type=click.IntRange(min=1_000), default=200_000, show_default=True, help=of_claims)
    @click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another country.")
    @click.option("--year", type=click.IntRange(*years), default=2023, show_default=True, help=of_year)
    @CONF
    @ENGINE
    def synth_pipeline(output_root: str, claims: int, seed: int, year: int, conf: tuple[str, ...], engine: str) -> None:
        watch = progress.of_this_screen()
        code = job.synth(pipeline, output_root, claims, seed, year, engine=engine, conf=_pairs(conf), watch=watch)
        raise SystemExit(code)


_add_synth(
    BEHANDELINDEX,
    """Write input tables of the Behandelindex. All seven, and the truth they were made with (synth_practices).

    The same seed gives the same rows on every machine and engine. Tables in a folder of this machine that
    are as it made them get a new version; others are refused.
    """,
    "About so many claims.",
    "Year of the treatments.",
    (behandelindex_settings.FIRST_YEAR, behandelindex_settings.LAST_YEAR),
    """\
  zorgstat synth behandelindex --output demo/input --claims 200000
  zorgstat synth behandelindex --output /data/national --claims 40000000 --seed 7 --year 2024""",
)
_add_synth(
    WLZ,
    """Write input tables of the Wlz statement. All ten, for each quarter of a year.

    The same seed gives the same rows on every machine and engine. Tables in a folder of this machine that
    are as it made them get a new version; others are refused.
    """,
    "About so many claims, of the year and the one before.",
    "Year of the statements.",
    (FIRST_YEAR, LAST_YEAR),
    """\
  zorgstat synth wlz --output demo/wlz --claims 200000
  zorgstat synth wlz --output /data/wlz --claims 20000000 --seed 7 --year 2024""",
)


@command.group(short_help="Lay out tables by person.")
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
    + _exit_codes(job.LAYOUT_EXIT_CODES),
)
@_root("--root", "root", "the tables")
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
@CONF
@ENGINE
def optimize_tables(root: str, names: tuple[str, ...], dry_run: bool, conf: tuple[str, ...], engine: str) -> None:
    """Lay tables out by person. Those of the Behandelindex: all rows of a person come into one file.

    The table gets a new version with the same rows. Versions before it can be read until VACUUM removes their files.
    """
    watch = progress.of_this_screen()
    raise SystemExit(job.optimize(root, names, engine=engine, conf=_pairs(conf), dry_run=dry_run, watch=watch))


@command.group(short_help="List, check, compare and withdraw runs.")
def runs() -> None:
    """Look at published runs, check them, compare them, withdraw them."""


def _of_runs(name: str, examples: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command on the runs of a root: its examples, its exit codes, and the options that all of them have."""
    epilog = f"\b\nExamples:\n{examples}\n\n" + _exit_codes(run_commands.EXIT_CODES)

    def make(function: Callable[..., None]) -> click.Command:
        for option in (ENGINE, CONF, PUBLISHED):
            function = option(function)
        return runs.command(name, epilog=epilog)(function)

    return make


def _place(output_root: str, conf: tuple[str, ...], engine: str) -> Place:
    return Place(output_root, engine, _pairs(conf))


@_of_runs("list", "  zorgstat runs list --output published\n  zorgstat runs list --output published --json")
@AS_JSON
def list_runs(output_root: str, conf: tuple[str, ...], engine: str, as_json: bool) -> None:
    """List published runs. Each is current, superseded by a later one, or withdrawn."""
    raise SystemExit(run_commands.list_runs(_place(output_root, conf, engine), as_json=as_json))


@_of_runs("show", "  zorgstat runs show behandelindex-2023-3-001-0a1b2c --output published")
@RUN
@AS_JSON
def show_run(output_root: str, conf: tuple[str, ...], engine: str, run_id: str, as_json: bool) -> None:
    """Show one run. Its inputs, settings, checksums, what its checks found, and what its phases took.

    Of a run that failed its checks, and so was not published: what they found.
    """
    raise SystemExit(run_commands.show(_place(output_root, conf, engine), run_id, as_json=as_json))


@_of_runs(
    "verify",
    "  zorgstat runs verify behandelindex-2023-3-001-0a1b2c --output published\n"
    "  zorgstat runs verify behandelindex-2023-3-001-0a1b2c --output published --recompute --input data --engine sail",
)
@RUN
@click.option("--recompute", is_flag=True, help="Compute the run again, from the versions of the inputs that it read.")
@_root("--input", "input_root", "the input tables", required=False)
def verify_run(
    output_root: str, conf: tuple[str, ...], engine: str, run_id: str, recompute: bool, input_root: str
) -> None:
    """Verify the stored rows of a run. They are held against the checksums that were published."""
    place = _place(output_root, conf, engine)
    raise SystemExit(run_commands.verify(place, run_id, recompute=recompute, input_root=input_root))


@_of_runs(
    "compare",
    "  zorgstat runs compare behandelindex-2023-1-001-0a1b2c behandelindex-2023-2-001-3d4e5f --output published\n"
    "  zorgstat runs compare behandelindex-2023-3-001-0a1b2c behandelindex-2023-3-002-3d4e5f --output published \\\n"
    "      --most 25 --json\n"
    "  zorgstat runs compare wlz-2023-2-001-0a1b2c wlz-2023-2-002-3d4e5f --output published",
)
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option(
    "--most",
    "--practices",
    "most",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many practices or lines to list, those that moved most first.",
)
@AS_JSON
def compare_runs(
    output_root: str, conf: tuple[str, ...], engine: str, before: str, after: str, most: int, as_json: bool
) -> None:
    """Compare two runs. What changed in settings, inputs and totals, and what moved most.

    Of one pipeline: version 1 and version 2 of a year, two quarters, or a run and its correction, withdrawn or not.
    """
    place = _place(output_root, conf, engine)
    raise SystemExit(compare.compare(place, before, after, most=most, as_json=as_json))


@_of_runs(
    "withdraw",
    "  zorgstat runs withdraw behandelindex-2023-3-001-0a1b2c --output published \\\n"
    '      --reason "label 3311 was delivered twice"',
)
@RUN
@click.option("--reason", required=True, metavar="TEXT", help="For those who have read the figures.")
def withdraw_run(output_root: str, conf: tuple[str, ...], engine: str, run_id: str, reason: str) -> None:
    """Make readers leave a run alone. Its rows stay; the run before it is current again."""
    raise SystemExit(run_commands.withdraw(_place(output_root, conf, engine), run_id, reason))


@_of_runs(
    "clean", "  zorgstat runs clean --output published\n  zorgstat runs clean --output published --older-than 2d --yes"
)
@click.option("--older-than", default=None, metavar="AGE", help="Only runs that wrote nothing for so long: 12h, 2d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean_runs(output_root: str, conf: tuple[str, ...], engine: str, older_than: str | None, yes: bool) -> None:
    """Remove rows of unpublished runs. Those at work are left alone; tells first what it would remove.

    A run that its log calls published and that the table runs does not know is kept, and named.
    """

    def confirm() -> bool:
        try:
            return yes or (sys.stdin.isatty() and click.confirm("Remove these rows?"))
        except click.Abort:  # Ctrl-C
            raise KeyboardInterrupt from None

    place = _place(output_root, conf, engine)
    raise SystemExit(run_commands.clean(place, older_than=_age(older_than), confirm=confirm))


@runs.command(
    "views",
    epilog="""\b
Examples:
  zorgstat runs views --output published > current.sql
  spark-sql --packages io.delta:delta-spark_4.2_2.13:4.4.0 \\
    --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension \\
    --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog -i current.sql
""",
)
@PUBLISHED
def views(output_root: str) -> None:
    """Print SQL for views of current rows. One for every table: practice_index_current and so on."""
    raise SystemExit(run_commands.views(output_root))


@command.command(
    "export",
    short_help="Write files for others, small figures hidden.",
    epilog="""\b
Examples:
  zorgstat export behandelindex-2023-3-001-0a1b2c --output published --to to-insurers --format xlsx
  zorgstat export behandelindex-2023-3-001-0a1b2c --output published --to open-data --rules conf/export.toml

"""
    + _exit_codes(export.EXIT_CODES),
)
@RUN
@PUBLISHED
@click.option("--to", "folder", required=True, type=ROOT, metavar="FOLDER", help="A new folder for the files.")
@click.option(
    "--format", "form", type=click.Choice(list(export.FORMATS)), default="csv", show_default=True, help="Kind of files."
)
@click.option("--rules", "rules_file", type=ROOT, metavar="FILE.toml", help="What to hide; docs/disclosure.md.")
@CONF
@ENGINE
@AS_JSON
def export_tables(
    output_root: str,
    conf: tuple[str, ...],
    engine: str,
    run_id: str,
    folder: str,
    form: str,
    rules_file: str | None,
    as_json: bool,
) -> None:
    """Write a run of the Behandelindex to files for others: small figures are hidden, and what would give them away."""
    watch = progress.of_this_screen()
    place = _place(output_root, conf, engine)
    code = export.export_run(place, run_id, folder, form, rules_file=rules_file, as_json=as_json, watch=watch)
    raise SystemExit(code)


def _age(text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})([hd])", text)
    if not found:
        raise click.BadParameter(f"{text}: write hours or days, such as 12h or 2d", param_hint="--older-than")
    return timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))


def _pairs(conf: tuple[str, ...]) -> dict[str, str]:
    wrong = [pair for pair in conf if "=" not in pair or pair.startswith("=")]
    if wrong:
        raise click.BadParameter(f"{', '.join(wrong)}: write KEY=VALUE", param_hint="--conf")
    return dict(pair.split("=", 1) for pair in conf)
