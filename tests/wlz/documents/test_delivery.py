"""A folder before it is mailed: whole, nothing too many, the published figures; and what goes where by when."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import openpyxl
import pytest

from tests.wlz.documents.reports import PROVIDER, UNNAMED, concept, report, uitvoerder
from zorgstat import __version__
from zorgstat.io.documents import MAKERS
from zorgstat.wlz.documents import delivery, names, reading
from zorgstat.wlz.documents.content import Performance, Report

REPORTS = [report(missing=[PROVIDER, UNNAMED]), uitvoerder()]
STATEMENT = PurePosixPath("5505/Wlz-2023-KW2-5505-kwartaalstaat.xlsx")
ESTIMATE = PurePosixPath("5505/Wlz-2023-KW2-5505-schatting-ontbrekende-declaraties.xlsx")
DOSSIER = PurePosixPath("5505/Wlz-2023-KW2-5505-dossier.pdf")
BOARD = PurePosixPath("0201/Wlz-2023-KW2-0201-bestuursverklaring.pdf")
LETTER = PurePosixPath("5505/Wlz-2023-KW2-5505-begeleidende-tekst.txt")
Folder = dict[PurePosixPath, bytes]


def folder(reports: list[Report] = REPORTS) -> Folder:
    return dict(WHOLE) if reports is REPORTS else made(reports)


def made(reports: list[Report]) -> Folder:
    return {
        names.name(each, document).path: MAKERS[document](each) for each in reports for document in names.owed(each)
    }


WHOLE = made(REPORTS)


def edited(content: bytes, edit: Callable[[Any], None], *, values: bool = True) -> bytes:
    """A workbook as a program saves it that is not XlsxWriter: shared texts, other parts, other order."""
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=values)
    edit(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def cell(book: Any, name: str) -> Any:
    [(sheet, place)] = book.defined_names[name].destinations
    return book[sheet][place.replace("$", "")]


def faults(files: Folder, reports: list[Report] = REPORTS) -> list[str]:
    return delivery.check(reports, files).faults


def test_a_whole_folder_can_go_and_each_document_has_its_address_and_day() -> None:
    checked = delivery.check(REPORTS, folder())
    assert checked.faults == []
    assert [(parcel.address, parcel.due_on, len(parcel.paths)) for parcel in checked.parcels] == [
        ("verslagdocumenten@zinl.nl", date(2023, 8, 14), 4),
        ("FCInformatie@zinl.nl", date(2023, 8, 24), 2),
        ("", None, 2),
    ]
    assert checked.left_to_do == [
        "0201/Wlz-2023-KW2-0201-bestuursverklaring.pdf: has no digital signature; the board signs it.",
        "0201/Wlz-2023-KW2-0201-kwartaalstaat.xlsx: fill in Naam contactpersoon, Functie, Telefoon, E-mail.",
        f"{LETTER}: fill in who sends it.",
        "5505/Wlz-2023-KW2-5505-bestuursverklaring.pdf: has no digital signature; the board signs it.",
        f"{STATEMENT}: fill in Naam contactpersoon, Functie, Telefoon, E-mail.",
        "wlz-2023-2-002-0a1b2c: look at what its checks found (retention_too_short).",
        *[f"{code}: look at the warnings before it is sent (credit_without_debit)." for code in ("5505", "0201")],
    ]


def test_a_statement_that_was_filled_in_and_saved_again_is_read() -> None:
    def fill_in(book: Any) -> None:
        for name in ("naam_contactpersoon", "functie", "telefoon", "e_mail"):
            cell(book, f"contact_{name}").value = "ingevuld"

    files = folder()
    files[STATEMENT] = edited(files[STATEMENT], fill_in)
    checked = delivery.check(REPORTS, files)
    assert checked.faults == []
    assert not [task for task in checked.left_to_do if str(STATEMENT) in task]


def test_blanks_say_nothing() -> None:
    """Those that a program leaves in an empty cell or makes of a line end, and those that somebody fills in."""

    def blank(book: Any) -> None:
        cell(book, "contact_functie").value = "  "
        book["Voorblad"]["F3"].value = ""
        book["Verzekerden"]["B3"].value = book["Verzekerden"]["B3"].value.replace(" ", " \r\n ")

    checked = delivery.check(REPORTS, folder() | {STATEMENT: edited(folder()[STATEMENT], blank)})
    assert checked.faults == []
    assert f"{STATEMENT}: fill in Naam contactpersoon, Functie, Telefoon, E-mail." in checked.left_to_do


@pytest.mark.parametrize("gone", [STATEMENT, ESTIMATE, BOARD, LETTER])
def test_what_is_missing_is_told(gone: PurePosixPath) -> None:
    files = folder()
    del files[gone]
    assert faults(files) == [f"{gone.parts[0]}: {gone.name} is missing."]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("0201/notes.docx", "no document has this name, in this folder."),
        ("Wlz-2023-KW2-0201-kwartaalstaat.xlsx", "no document has this name, in this folder."),
        ("5505/Wlz-2023-KW2-0201-kwartaalstaat.xlsx", "no document has this name, in this folder."),
        ("0201/Wlz-2023-KW2-0201-kwartaalstaat.pdf", "no document has this name, in this folder."),
        ("5506/Wlz-2023-KW2-5506-kwartaalstaat.xlsx", "5506 is not one of the organisations asked for."),
        ("0201/Wlz-2023-KW1-0201-kwartaalstaat.xlsx", "is of another quarter."),
        ("0201/Wlz-2022-KW2-0201-kwartaalstaat.xlsx", "is of another quarter."),
        ("0201/Wlz-2023-KW2-0201-begeleidende-tekst.txt", "0201 does not owe this document."),
    ],
)
def test_a_file_that_does_not_belong_is_a_fault(path: str, fault: str) -> None:
    assert f"{path}: {fault}" in faults(folder() | {PurePosixPath(path): b""})


def test_a_document_that_is_there_twice_is_a_fault() -> None:
    """As a concept too: nobody knows which of the two to mail."""
    twice = STATEMENT.with_name("Wlz-2023-KW2-5505-kwartaalstaat-CONCEPT.xlsx")
    found = faults(folder() | {twice: folder()[STATEMENT]})
    assert f"{STATEMENT}: there is another one, {twice.name}." in found


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("beheerskosten_intern", "beheerskosten_intern is 1234568, published is 1234567."),
        ("pgb_houders", "pgb_houders is 4822, published is 4821."),
        ("verzekerden_totaal", "verzekerden_totaal is 1058023, published is 1058022."),
        ("productie_totaal", "productie_totaal is 99999700, published is 99999699."),
        ("jaar", "jaar is 2024, published is 2023."),
    ],
)
def test_a_changed_figure_is_found(name: str, fault: str) -> None:
    def change(book: Any) -> None:
        cell(book, name).value += 1

    files = folder()
    files[STATEMENT] = edited(files[STATEMENT], change)
    assert faults(files) == [f"{STATEMENT}: {fault}"]


def test_part_of_a_person_is_a_changed_figure_too() -> None:
    def change(book: Any) -> None:
        cell(book, "pgb_houders").value += 0.4

    files = folder()
    files[STATEMENT] = edited(files[STATEMENT], change)
    assert faults(files) == [f"{STATEMENT}: pgb_houders is 4821.4, published is 4821."]


def test_an_amount_changed_in_the_covering_text_is_found() -> None:
    letter = folder()[LETTER]
    for figure in ("12000001", "31.257", "12000002", "123.456.789,05", "1e kwartaal 2023"):
        assert figure.encode() in letter
        assert len(faults(folder() | {LETTER: letter.replace(figure.encode(), b"1")})) == 1, figure
    unnamed = letter.replace(b"12000001", b"1")
    assert faults(folder() | {LETTER: unnamed}) == [f"{LETTER}: does not name 12000001."]
    swapped = letter.replace(b"12000001", b"x").replace(b"12000002", b"12000001").replace(b"x", b"12000002")
    assert len(faults(folder() | {LETTER: swapped})) == 2


def test_a_covering_text_may_be_saved_and_wrapped_as_one_likes() -> None:
    text = folder()[LETTER].decode("utf-8-sig")
    for other in (
        text.replace("\N{NO-BREAK SPACE}", " ").encode(),
        text.encode("cp1252"),
        "\n".join(text.split(" ")).encode(),
    ):
        assert faults(folder() | {LETTER: other}) == []


@pytest.mark.parametrize("place", ["D2", "E2", "AA2"])
def test_an_estimate_has_three_columns_and_no_more(place: str) -> None:
    def add(book: Any) -> None:
        book["12000001"][place].value = "naam"

    more = edited(folder()[ESTIMATE], add)
    assert faults(folder() | {ESTIMATE: more}) == [f"{ESTIMATE}: 12000001 {place} is naam, published is nothing."]


def test_a_performance_without_a_code_can_be_saved_again() -> None:
    figures = replace(report().figures, production=(Performance("", 1, 10), Performance("Z001", 2, 20)))
    [own] = reports = [report(1, figures=replace(figures, lines=report(1).figures.lines))]
    files = folder(reports)
    path = names.name(own, names.STATEMENT).path
    files[path] = edited(files[path], lambda book: None)
    assert faults(files, reports) == []


def test_a_pdf_of_another_document_or_organisation_is_found() -> None:
    files = folder()
    dossier = DOSSIER.parent.parent / "0201" / DOSSIER.name.replace("5505", "0201")
    assert faults(files | {DOSSIER: files[BOARD]}) == [
        f"{DOSSIER}: document is bestuursverklaring, expected dossier.",
        f"{DOSSIER}: organisation is 0201, expected 5505.",
    ]
    assert faults(files | {DOSSIER: files[dossier]}) == [f"{DOSSIER}: organisation is 0201, expected 5505."]
    of_before = files[BOARD].replace(b"document=bestuursverklaring, ", b"")  # as earlier versions wrote it
    assert faults(files | {BOARD: of_before}) == []
    elsewhere = delivery.check(REPORTS, files | {DOSSIER: b"%PDF-1.4 printed and scanned %%EOF"})
    assert elsewhere.faults == []
    assert len([task for task in elsewhere.left_to_do if str(DOSSIER) in task]) == 1


def test_of_a_pdf_that_was_saved_again_the_last_words_count() -> None:
    """A program that adds to a PDF leaves what was there before it."""
    board = folder()[BOARD]
    added = board + b"\n<pdf:Keywords>run=x, organisatie=0201, status=definitief</pdf:Keywords>\n%%EOF\n"
    assert f"{BOARD}: is of run x, published is wlz-2023-2-002-0a1b2c; make the documents again." in faults(
        folder() | {BOARD: added}
    )


def test_a_changed_performance_is_found() -> None:
    def change(book: Any) -> None:
        book["Productie en kosten"]["C10"].value = 4

    def swap(book: Any) -> None:
        book["12000001"]["C2"].value, book["12000001"]["C3"].value = 7, 31_250

    def turn(book: Any) -> None:
        """The same rows in another order."""
        for column in "ABC":
            first, second = book["12000001"][f"{column}2"], book["12000001"][f"{column}3"]
            first.value, second.value = second.value, first.value

    def add(book: Any) -> None:
        book["12000002"].append(["V042", 1, 1])

    files = folder()
    files[STATEMENT] = edited(files[STATEMENT], change)
    assert faults(files) == [f"{STATEMENT}: Productie en kosten C10 is 4, published is 3."]
    files = folder()
    files[ESTIMATE] = edited(files[ESTIMATE], swap)
    assert faults(files) == [
        f"{ESTIMATE}: 12000001 C2 is 7, published is 31250.",
        f"{ESTIMATE}: 12000001 C3 is 31250, published is 7.",
    ]
    files[ESTIMATE] = edited(folder()[ESTIMATE], turn)
    assert f"{ESTIMATE}: 12000001 A2 is Z111, published is V042." in faults(files)
    files[ESTIMATE] = edited(folder()[ESTIMATE], add)
    assert faults(files) == [
        f"{ESTIMATE}: 12000002 {cell} is {value}, published is nothing."
        for cell, value in (("A2", "V042"), ("B2", 1), ("C2", 1))
    ]


def test_words_that_were_changed_are_found() -> None:
    """Headings that were swapped, a label, a line more."""

    def swap(book: Any) -> None:
        sheet = book["Verzekerden"]
        sheet["C6"].value, sheet["D6"].value = sheet["D6"].value, sheet["C6"].value

    def add(book: Any) -> None:
        book["Voorblad"]["F3"].value = "met dank"

    files = folder()
    found = faults(files | {STATEMENT: edited(files[STATEMENT], swap)})
    assert [fault.removeprefix(f"{STATEMENT}: ") for fault in found] == [
        "Verzekerden C6 is VROUW, published is MAN.",
        "Verzekerden D6 is MAN, published is VROUW.",
    ]
    found = faults(files | {STATEMENT: edited(files[STATEMENT], add)})
    assert found == [f"{STATEMENT}: Voorblad F3 is met dank, published is nothing."]


@pytest.mark.parametrize("filled_in", [True, False])
def test_the_name_may_be_filled_in(filled_in: bool) -> None:
    """Documents that were made without the register of names; the check does not read it either."""
    [unnamed] = reports = [report(1, name=None)]
    path = names.name(unnamed, names.STATEMENT).path

    def fill_in(book: Any) -> None:
        cell(book, "organisatie_naam").value = "Zorgkantoor Elders" if filled_in else None

    checked = delivery.check(reports, {path: edited(made(reports)[path], fill_in)})
    assert checked.faults == []
    asked = "Naam contactpersoon, Functie, Telefoon, E-mail."
    assert checked.left_to_do[0] == f"{path}: fill in {asked if filled_in else f'Organisatie, {asked}'}"
    named = [report(1)]
    assert delivery.check(reports, made(named)).faults == []


def test_another_name_than_that_of_the_headings_is_told_once() -> None:
    def rename(book: Any) -> None:
        cell(book, "organisatie_naam").value = "Zorgkantoor Elders"

    renamed = edited(folder()[STATEMENT], rename)
    assert faults(folder() | {STATEMENT: renamed}) == [
        f"{STATEMENT}: organisatie_naam is Zorgkantoor Elders, the headings say Zorgkantoor Voorbeeldland; "
        "make the documents again."
    ]


def test_a_name_that_was_taken_out_is_to_be_filled_in() -> None:
    def empty(book: Any) -> None:
        cell(book, "organisatie_naam").value = None

    checked = delivery.check(REPORTS, folder() | {STATEMENT: edited(folder()[STATEMENT], empty)})
    assert checked.faults == []
    assert [task for task in checked.left_to_do if task.startswith(f"{STATEMENT}: fill in Organisatie, ")]


def test_blanks_in_a_name_change_nothing() -> None:
    wide = [report(1, name="Zorgkantoor  Elders")]
    assert faults(made(wide), wide) == []


def test_what_looks_the_same_is_told_apart() -> None:
    """A figure that is a text; a text that changes where it would be cut off."""

    def as_text(book: Any) -> None:
        cell(book, "pgb_houders").value = "4821"

    def at_the_end(book: Any) -> None:
        book["Verzekerden"]["B3"].value = book["Verzekerden"]["B3"].value[:-1] + "!"

    for edit, told in (
        (as_text, "pgb_houders is the text 4821, published is the number 4821."),
        (at_the_end, "Verzekerden B3 is ...en telt één keer mee!, published is ...en telt één keer mee.."),
    ):
        [fault] = faults(folder() | {STATEMENT: edited(folder()[STATEMENT], edit)})
        assert fault == f"{STATEMENT}: {told}"


def test_a_cell_keeps_its_name() -> None:
    def rename(book: Any) -> None:
        del book.defined_names["pgb_houders"]

    renamed = edited(folder()[STATEMENT], rename)
    assert faults(folder() | {STATEMENT: renamed}) == [
        f"{STATEMENT}: pgb_houders is the name of another cell, or of none."
    ]

    def swap(book: Any) -> None:
        holders, visits = (book.defined_names[name] for name in ("pgb_houders", "pgb_huisbezoeken"))
        holders.attr_text, visits.attr_text = visits.attr_text, holders.attr_text

    swapped = edited(folder()[STATEMENT], swap)
    assert sorted(faults(folder() | {STATEMENT: swapped})) == [
        f"{STATEMENT}: {name} is the name of another cell, or of none." for name in ("pgb_houders", "pgb_huisbezoeken")
    ]


def test_of_many_changes_the_first_are_told() -> None:
    def change(book: Any, most: int = 100) -> None:
        figures = [each for row in book["Verzekerden"].iter_rows() for each in row if isinstance(each.value, int)]
        for each in figures[:most]:
            each.value += 1

    few = edited(folder()[STATEMENT], lambda book: change(book, delivery.MOST_TOLD))
    assert len(faults(folder() | {STATEMENT: few})) == delivery.MOST_TOLD  # and no line that 0 more were found
    found = faults(folder() | {STATEMENT: edited(folder()[STATEMENT], change)})
    assert len(found) == delivery.MOST_TOLD + 1
    assert found[-1] == f"{STATEMENT}: 5 more cells say something else than was published."


@pytest.mark.parametrize("path", [STATEMENT, ESTIMATE, BOARD, DOSSIER])
def test_what_another_version_made_otherwise_is_told_once(path: PurePosixPath, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not cell by cell; what it made just so may go."""

    def change(book: Any) -> None:
        for sheet in book:
            sheet["B2"].value = sheet["B3"].value = "in other words"

    def forget(book: Any) -> None:
        change(book)
        del book.custom_doc_props["zorgstat"]

    def changed(edit: Callable[[Any], None]) -> list[str]:
        whole = folder()[path]
        other = whole.replace(b"status=", b"stand=") if path.suffix == ".pdf" else edited(whole, edit)
        return faults(folder() | {path: other})

    cell_by_cell = changed(change)
    monkeypatch.setattr(delivery, "__version__", "99.0")
    assert faults(folder()) == []
    told = f"{path}: was made by zorgstat {__version__}, this is 99.0: make it again (`zorgstat wlz documents`)."
    assert changed(change) == [told] != cell_by_cell
    if path.suffix == ".xlsx":
        assert changed(forget) == cell_by_cell  # some programs keep no properties


def test_a_formula_that_nobody_worked_out_is_no_figure() -> None:
    """A program that saves formulas without values: Excel has to open it once."""
    files = folder()
    files[STATEMENT] = edited(files[STATEMENT], lambda book: None, values=False)
    found = faults(files)
    assert f"{STATEMENT}: beheerskosten_totaal is missing, published is 1579045." in found
    assert f"{STATEMENT}: productie_totaal is missing, published is 99999699." in found


def test_a_sheet_too_many_is_found() -> None:
    files = folder()
    files[STATEMENT] = edited(files[STATEMENT], lambda book: book.create_sheet("Kladblad"))
    assert "its sheets are Voorblad, " in faults(files)[0]
    files[STATEMENT] = edited(folder()[STATEMENT], lambda book: book.move_sheet("Beheerskosten", -1))
    assert "its sheets are Voorblad, " in faults(files)[0]


def test_documents_of_an_earlier_run_are_found() -> None:
    old = folder()
    newer = [
        report(missing=[PROVIDER, UNNAMED], provenance=_of_run("wlz-2023-2-003-ffffff")),
        uitvoerder(provenance=_of_run("wlz-2023-2-003-ffffff")),
    ]
    found = faults(old, newer)
    assert len([fault for fault in found if "003-ffffff" in fault]) == 7  # all but the estimate, which is figures only


def _of_run(run_id: str) -> Any:
    return replace(report().provenance, run_id=run_id)


def test_a_concept_is_not_mailed() -> None:
    concepts = [concept()]
    checked = delivery.check(concepts, folder(concepts))
    assert checked.faults == ["5505: the statement is a concept (insured_sex_unknown)."]
    assert "5505: look at the warnings before it is sent (credit_without_debit)." in checked.left_to_do
    assert not [task for task in checked.left_to_do if "signature" in task]  # nor is it signed
    found = faults(folder(concepts), [report()])  # a newer run is final
    assert f"5505: {STATEMENT.name} is missing." not in found
    assert len([fault for fault in found if "is called a concept, and the published statement is final" in fault]) == 3
    found = faults(folder([report()]), concepts)  # or a newer run found an error
    assert len([fault for fault in found if "is not called a concept" in fault]) == 3


def test_a_scan_of_the_signed_statement_is_for_a_person_to_read() -> None:
    checked = delivery.check(REPORTS, folder() | {BOARD: b"%PDF-1.4 a picture %%EOF\n"})
    assert checked.faults == []
    assert (
        f"{BOARD}: is a scan or comes from elsewhere; see for yourself that it says 1.058.022 insured."
        in checked.left_to_do
    )
    signed = folder()[BOARD] + b"\n1 0 obj << /Type /Sig /ByteRange [0 1 2 3] >>"
    checked = delivery.check(REPORTS, folder() | {BOARD: signed})
    assert not [task for task in checked.left_to_do if str(BOARD) in task]
    field = folder()[BOARD] + b"\n1 0 obj << /FT /Sig /T (handtekening) >>"  # a place to sign is no signature
    checked = delivery.check(REPORTS, folder() | {BOARD: field})
    assert f"{BOARD}: has no digital signature; the board signs it." in checked.left_to_do


def test_keywords_of_other_programs_are_no_fault() -> None:
    scan = b"%PDF-1.4 <pdf:Keywords>scan, 2023</pdf:Keywords> %%EOF"
    checked = delivery.check(REPORTS, folder() | {BOARD: scan})
    assert checked.faults == []
    assert [task for task in checked.left_to_do if task.startswith(f"{BOARD}: is a scan or comes from elsewhere")]
    assert reading.keywords(scan.replace(b"2023", b"a=b=c")) == {"a": "b=c"}


def test_other_properties_of_a_workbook_do_not_tell_its_version() -> None:
    def add(book: Any) -> None:
        told = book.custom_doc_props["zorgstat"]
        del book.custom_doc_props["zorgstat"]
        book.custom_doc_props.append(type(told)(name="Afdeling", value="Wlz"))
        book.custom_doc_props.append(told)

    assert reading.workbook(edited(folder()[STATEMENT], add)).software == __version__


def test_a_board_statement_of_other_figures_is_found() -> None:
    other = folder()[BOARD].replace(b"verzekerden_totaal=1058022", b"verzekerden_totaal=1058023")
    assert faults(folder() | {BOARD: other}) == [f"{BOARD}: says 1058023 insured, published is 1058022."]
    silent = folder()[BOARD].replace(b", verzekerden_totaal=1058022", b"")
    assert faults(folder() | {BOARD: silent}) == [f"{BOARD}: says missing insured, published is 1058022."]


def test_a_pdf_of_when_the_statement_was_a_concept_is_found() -> None:
    for path in (BOARD, DOSSIER):
        earlier = folder()[path].replace(b"status=definitief", b"status=concept")
        assert faults(folder() | {path: earlier}) == [f"{path}: status is concept, expected definitief."]


@pytest.mark.parametrize("path", [STATEMENT, ESTIMATE, BOARD])
def test_what_cannot_be_read_is_told(path: PurePosixPath) -> None:
    whole = folder()[path]
    contents = [b"", b"PK\x03\x04 broken", b"<html>", b"<html>%%EOF", b"%PDF-1.7\n", whole[: len(whole) - 1200]]
    if path.suffix == ".xlsx":
        place = whole.index(b"xl/worksheets/sheet1.xml") + 40
        contents.append(
            whole[:place] + bytes(byte ^ 0x55 for byte in whole[place : place + 200]) + whole[place + 200 :]
        )
    for content in contents:
        [fault] = faults(folder() | {path: content})
        assert fault.startswith(f"{path}: cannot be read as {path.suffix[1:]}")
