"""The documents of a Wlz statement: from the published tables to a folder of files, and back before it is mailed.

Where delta-rs can read the tables this takes seconds and no engine. Everything is made first, then written as a whole
(`files.write_whole`): nobody finds half a statement.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from zorgstat.errors import CheckError, SettingsError
from zorgstat.io.attempt import ENDED_FROM_OUTSIDE, UNEXPECTED, Attempt, guard
from zorgstat.io.files import write_whole
from zorgstat.io.paths import folder_here
from zorgstat.io.place import Place
from zorgstat.io.reports import read
from zorgstat.text import day, line, on_one_line
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.documents import delivery, letter, names, typeset, workbook
from zorgstat.wlz.documents.content import Report

EXIT_CODES = {
    0: "written",
    2: "the command line, or a run, organisation or folder that cannot be used",
    3: "a table cannot be read, or the input tables are not those that the run read",
    4: "the published rows do not make whole documents",
    70: UNEXPECTED,
    130: "stopped with Ctrl-C; the message tells whether the documents were written",
    **ENDED_FROM_OUTSIDE,
}
DELIVERY_EXIT_CODES = {
    0: "the folder can be mailed, once what is left to do is done",
    2: EXIT_CODES[2],
    3: "the published tables cannot be read",
    4: "something is wrong; mail nothing",
    70: EXIT_CODES[70],
    130: "stopped with Ctrl-C",
    **ENDED_FROM_OUTSIDE,
}
MAKERS = {
    names.STATEMENT: workbook.statement,
    names.BOARD_STATEMENT: typeset.board_statement,
    names.ESTIMATE: workbook.estimate,
    # A mark at the beginning and Windows line ends: Notepad and mail programs read it as it is meant.
    names.LETTER: lambda report: letter.write(report).replace("\n", "\r\n").encode("utf-8-sig"),
    names.DOSSIER: typeset.dossier,
}


def write_documents(
    place: Place,
    year: int,
    quarter: int,
    folder: str,
    *,
    organisations: Sequence[str] = (),
    every: bool = False,
    input_root: str = "",
    with_dossier: bool = False,
) -> int:
    """The command: the documents of these organisations, or of all, in a new folder."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was written."
        if bool(organisations) == every:
            raise SettingsError("say whose documents: --organisation CODE (repeatable), or --all.")
        to = folder_here(folder)
        reports = read(place, attempt, Statement(year, quarter), organisations, input_root)
        made = {
            names.name(report, document).path: MAKERS[document](report)
            for report in reports
            for document in names.owed(report, with_dossier=with_dossier)
        }
        write_whole(to, lambda partial: _write(partial, made))
        attempt.outcome = "The documents were written."
        print(summarise(reports, folder, len(made)))

    return guard(work)


def check_delivery(
    place: Place,
    folder: str,
    *,
    year: int | None = None,
    quarter: int | None = None,
    organisations: Sequence[str] = (),
) -> int:
    """The command: is the folder whole, and what goes where by when? Without organisations: those of the run, all."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Mail nothing until this is mended."
        files = _files(Path(folder))
        statement = _statement_of(files, year, quarter)
        reports = read(place, attempt, statement, organisations)
        checked = delivery.check(reports, files)
        print(describe(checked, reports[0].provenance.run_id))
        if checked.faults:
            raise CheckError("\n".join(checked.faults))

    return guard(work)


def _write(folder: Path, made: Mapping[PurePosixPath, bytes]) -> list[str]:
    for path, document in made.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(document)
    return [str(path) for path in made]


def _files(folder: Path) -> dict[PurePosixPath, bytes]:
    """Every file below a folder, but for those that a file manager hides."""
    if not folder.is_dir():
        raise SettingsError(f"{folder}: there is no such folder.")

    def stop(error: OSError) -> NoReturn:
        raise error

    try:
        return {
            PurePosixPath((Path(below) / name).relative_to(folder).as_posix()): (Path(below) / name).read_bytes()
            for below, _, files in os.walk(folder, onerror=stop)
            for name in files
            if not name.startswith(".")
        }
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder} cannot be read ({error.strerror or type(error).__name__})."
        ) from None


def _statement_of(files: Iterable[PurePosixPath], year: int | None, quarter: int | None) -> Statement:
    """The quarter that was named, or the one that the names of the files tell."""
    if year is not None and quarter is not None:
        return Statement(year, quarter)
    quarters = Counter((name.year, name.quarter) for name in map(names.parse, files) if name)
    told = {(y, q): count for (y, q), count in quarters.items() if year in (None, y) and quarter in (None, q)}
    if len(told) == 1:
        return Statement(*told.popitem()[0])
    if told:
        listed = ", ".join(f"{count} of {y} quarter {q}" for (y, q), count in sorted(told.items()))
        raise SettingsError(f"the folder holds documents of several quarters ({listed}); name --year and --quarter.")
    raise SettingsError(
        "no file has the name and place of a document (CODE/Wlz-YEAR-KWn-CODE-...): name the folder that "
        "`wlz documents` wrote --to; or name --year and --quarter."
    )


def summarise(reports: Sequence[Report], folder: str, count: int) -> str:
    """For who runs the command: whose statement is final, and what keeps the others from it."""
    lines = [f"{reports[0].provenance.run_id}: {count} documents in {folder}"]
    for report in reports:
        rules = ", ".join(f"{found.rule} {found.count:,}" for found in report.blocking)
        lines.append(line(on_one_line(report.title), "final" if report.is_final else f"concept: {rules}"))
    return "\n".join(lines)


def describe(checked: delivery.Checked, run_id: str) -> str:
    """For who mails the folder: what goes where by when, and what is left to do by hand."""
    lines = [f"Documents of {run_id}"]
    for parcel in checked.parcels:
        if parcel.address:
            encrypted = f" (encrypted: {parcel.upload})" if parcel.upload else ""
            lines.append(f"\nto {parcel.address} by {day(parcel.due_on)}{encrypted}")
        else:
            lines.append("\nstays with the organisation, for a review by the NZa")
        lines += [f"  {path}" for path in parcel.paths]
    if checked.left_to_do:
        lines += ["\nleft to do", *[f"  {task}" for task in checked.left_to_do]]
    return "\n".join(lines)
