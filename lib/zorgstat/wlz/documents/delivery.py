"""Is a folder of documents fit to be mailed, and what goes where by when (handbook 1.2 and 2)?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import takewhile
from pathlib import PurePosixPath

from zorgstat import __version__
from zorgstat.text import LONGEST, on_one_line
from zorgstat.wlz.calendar import INSURED
from zorgstat.wlz.documents import letter, names, reading, texts, workbook
from zorgstat.wlz.documents.content import Report
from zorgstat.wlz.documents.names import Name
from zorgstat.wlz.documents.reading import Unreadable, Value, Workbook

MOST_TOLD = 10  # cells of a workbook


@dataclass(frozen=True)
class Parcel:
    """What goes to one address by one day. Without an address it stays with the organisation."""

    address: str
    upload: str
    due_on: date | None
    paths: tuple[str, ...]


@dataclass
class Checked:
    """`faults` keep the folder from being mailed; `left_to_do` is what a program cannot see or do."""

    faults: list[str] = field(default_factory=list)
    left_to_do: list[str] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)


class Task(str):
    """What is left to do by hand with a document; another text that is found in one is a fault."""


Files = Mapping[PurePosixPath, bytes]


def check(reports: Sequence[Report], files: Files) -> Checked:
    """In: reports (of the organisations that the folder should be about), files (path in the folder -> content)."""
    checked = Checked()
    by_code = {report.code: report for report in reports}
    found: dict[tuple[str, str], PurePosixPath] = {}
    for path in sorted(files):
        name = names.parse(path)
        report = by_code.get(name.code) if name else None
        if name is None:
            checked.faults.append(f"{path}: no document has this name, in this folder.")
        elif report is None:
            checked.faults.append(f"{path}: {name.code} is not one of the organisations asked for.")
        elif (name.year, name.quarter) != (report.statement.year, report.statement.quarter):
            checked.faults.append(f"{path}: is of another quarter.")
        elif name.document not in names.owed(report, with_dossier=True):
            checked.faults.append(f"{path}: {name.code} does not owe this document.")
        elif (name.code, name.document) in found:
            checked.faults.append(f"{path}: there is another one, {found[name.code, name.document].name}.")
        else:
            found[name.code, name.document] = path
            _check_document(checked, report, name, files[path])
    remarks = ", ".join(check.rule for check in reports[0].provenance.checks if check.count) if reports else ""
    if remarks:
        checked.left_to_do.append(f"{reports[0].provenance.run_id}: look at what its checks found ({remarks}).")
    for report in reports:
        if not report.is_final:
            rules = ", ".join(finding.rule for finding in report.blocking)
            checked.faults.append(f"{report.code}: the statement is a concept ({rules}).")
        warnings = ", ".join(finding.rule for finding in report.findings if not finding.is_error)
        if warnings:
            checked.left_to_do.append(f"{report.code}: look at the warnings before it is sent ({warnings}).")
        checked.faults += [
            f"{report.code}: {names.name(report, document).path.name} is missing."
            for document in names.owed(report)
            if (report.code, document) not in found
        ]
    checked.parcels = _parcels(by_code, found)
    return checked


def _parcels(reports: Mapping[str, Report], found: Mapping[tuple[str, str], PurePosixPath]) -> list[Parcel]:
    """By day, then by address; what stays comes last."""
    sorted_out: dict[texts.Address, list[str]] = {}
    for (code, document), path in found.items():
        sorted_out.setdefault(texts.address(document, reports[code].statement), []).append(str(path))
    parcels = [Parcel(to.address, to.upload, to.due_on, tuple(sorted(paths))) for to, paths in sorted_out.items()]
    return sorted(parcels, key=lambda parcel: (parcel.due_on or date.max, parcel.address))


def _check_document(checked: Checked, report: Report, name: Name, content: bytes) -> None:
    path = name.path
    if name.is_concept and report.is_final:
        checked.faults.append(f"{path}: is called a concept, and the published statement is final.")
    elif not name.is_concept and not report.is_final:
        checked.faults.append(f"{path}: is not called a concept, and the published statement is one.")
    try:
        found = list(_DOCUMENTS[name.document](report, content))
    except Unreadable as error:
        found = [f"cannot be read as {names.EXTENSIONS[name.document]} ({error})."]
    for each in found:
        (checked.left_to_do if isinstance(each, Task) else checked.faults).append(f"{path}: {each}")


def _statement(report: Report, content: bytes) -> Iterator[str]:
    book = reading.workbook(content)
    wrong_run = list(_wrong_run(report, book.value("run")))
    if wrong_run:
        yield from wrong_run
        return
    # The register of names is not read here: it is called as its heading says, if that has a name.
    before, after = workbook.heading(replace(report, name="\0")).split("\0")
    told = str(book.value(workbook.HEADING_CELL) or "")
    name = told.removeprefix(before).removesuffix(after) if told.endswith(after) else None
    expected = reading.workbook(workbook.statement(replace(report, name=name)))
    to_fill_in = {workbook.NAME_CELL: "Organisatie"}
    to_fill_in.update((workbook.contact_cell(label), label) for label in workbook.CONTACT)
    yield from _of_software(book.software, _differences(book, expected, left_out=to_fill_in))
    filled_in = _said(book.value(workbook.NAME_CELL))
    if name and filled_in and filled_in != _said(name):
        yield f"{workbook.NAME_CELL} is {_show(filled_in)}, the headings say {_show(name)}; make the documents again."
    empty = [label for cell, label in to_fill_in.items() if not _filled(book.value(cell))]
    if empty:
        yield Task(f"fill in {', '.join(empty)}.")


def _estimate(report: Report, content: bytes) -> Iterator[str]:
    book, expected = reading.workbook(content), reading.workbook(workbook.estimate(report))
    yield from _of_software(book.software, _differences(book, expected))


def _of_software(software: str | None, faults: Iterable[str]) -> list[str]:
    """The faults of a document; one line in their place where another version made it, which then may be why."""
    found = list(faults)
    if not found or software in (None, __version__):
        return found
    return [f"was made by zorgstat {_show(software)}, this is {__version__}: make it again (`zorgstat wlz documents`)."]


def _differences(book: Workbook, expected: Workbook, left_out: Collection[str] = ()) -> Iterator[str]:
    """A line for every cell that says something else than as it is made, or bears another name; or for the sheets.

    In: left_out (names of the cells that may say anything).
    """
    if list(book.sheets) != list(expected.sheets):
        yield f"its sheets are {', '.join(book.sheets)}; expected {', '.join(expected.sheets)}."
        return
    names_of = {place: name for name, place in expected.named.items()}
    places = [
        (sheet, *cell)
        for sheet, cells in expected.sheets.items()
        for cell in sorted(cells.keys() | book.sheets[sheet].keys())
    ]
    others = [
        f"{name} is the name of another cell, or of none."
        for name, place in expected.named.items()
        if book.named.get(name) != place
    ]
    for sheet, row, column in sorted(places, key=lambda place: place not in names_of):  # figures first
        name = names_of.get((sheet, row, column), f"{sheet} {workbook.address(row - 1, column - 1)}")
        here, there = (_said(one.sheets[sheet].get((row, column))) for one in (book, expected))
        if here != there and name not in left_out:
            others.append(_contrast(name, here, there))
    yield from others[:MOST_TOLD]
    if len(others) > MOST_TOLD:
        yield f"{len(others) - MOST_TOLD:,} more cells say something else than was published."


def _contrast(name: str, here: Value | None, there: Value | None) -> str:
    """Of long texts what is there from where they differ; a figure that is text is said to be one."""
    if isinstance(here, str) and isinstance(there, str):
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, there, strict=False)))
        here, there = (text if same < LONGEST // 2 else f"...{text[same - 20 :]}" for text in (here, there))
    shown = _show(here), _show(there, "nothing")
    if shown[0] == shown[1]:
        shown = f"the text {shown[0]}", f"the number {shown[1]}"
    return f"{name} is {shown[0]}, published is {shown[1]}."


def _said(value: Value | None) -> Value | None:
    """Whatever blanks and ends of lines a program makes of it; nothing for an empty text."""
    return _in_one_line(value) or None if isinstance(value, str) else value


def _board_statement(report: Report, content: bytes) -> Iterator[str]:
    told = reading.keywords(content)
    insured = report.figures.lines[INSURED.name]["total"]
    if not told:
        yield Task(f"is a scan or comes from elsewhere; see for yourself that it says {texts.number(insured)} insured.")
        return
    found = list(_wrong_pdf(report, names.BOARD_STATEMENT, told))
    number = told.get(texts.CELLS[INSURED.name, "total"])
    if number != str(insured):
        found.append(f"says {_show(number)} insured, published is {insured}.")
    yield from _of_software(told.get("zorgstat"), found)
    if report.is_final and not reading.is_signed(content):
        yield Task("has no digital signature; the board signs it.")


def _dossier(report: Report, content: bytes) -> Iterator[str]:
    told = reading.keywords(content)
    if told:
        yield from _of_software(told.get("zorgstat"), _wrong_pdf(report, names.DOSSIER, told))
    else:
        yield Task(f"comes from elsewhere; see for yourself that it is the dossier of {report.provenance.run_id}.")


def _letter(report: Report, content: bytes) -> Iterator[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    said = _in_one_line(text)
    for provider in report.missing:
        _, *figures = letter.about(provider, report.statement)  # the name is not known here
        if provider.agb not in said:
            yield f"does not name {provider.agb}."
        elif _in_one_line(" ".join([f"AGB-code {provider.agb}", *figures])) not in said:
            yield f"says something else of {provider.agb} than what was published."
    if report.provenance.run_id not in text:
        yield f"is not of run {report.provenance.run_id}."
    if "......" in text:
        yield Task("fill in who sends it.")


_DOCUMENTS = {
    names.STATEMENT: _statement,
    names.ESTIMATE: _estimate,
    names.LETTER: _letter,
    names.BOARD_STATEMENT: _board_statement,
    names.DOSSIER: _dossier,
}


def _in_one_line(text: str) -> str:
    """However a mail program breaks lines and blanks."""
    return " ".join(text.split())


def _wrong_run(report: Report, run: object) -> Iterator[str]:
    if run != report.provenance.run_id:
        yield f"is of run {_show(run)}, published is {report.provenance.run_id}; make the documents again."


def _wrong_pdf(report: Report, document: str, told: Mapping[str, str]) -> Iterator[str]:
    """In: told (`reading.keywords`)."""
    yield from _wrong_run(report, told.get("run"))
    if told.get("document", document) != document:
        yield f"document is {told['document']}, expected {document}."
    for what, keyword, expected in (
        ("organisation", "organisatie", report.code),
        ("status", "status", report.status),
    ):
        if told.get(keyword) != expected:
            yield f"{what} is {_show(told.get(keyword))}, expected {expected}."


def _filled(value: object) -> bool:
    return bool(str(value if value is not None else "").strip())


def _show(value: object, if_none: str = "missing") -> str:
    return if_none if value is None else on_one_line(str(value))
