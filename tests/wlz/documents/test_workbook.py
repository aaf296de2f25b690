"""The workbooks as their readers open them: laid out as in the handbook, worked out by another program, protected."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ironcalc
import openpyxl
import pytest

from tests.wlz.documents.reports import (
    COSTS,
    ERROR,
    PEOPLE,
    PRODUCTION,
    PROVIDER,
    UNNAMED,
    concept,
    report,
    uitvoerder,
)
from zorgstat.errors import SettingsError
from zorgstat.wlz.documents import texts, workbook
from zorgstat.wlz.documents.content import Figures, Performance, Report

TOTALS = {
    ("admin_costs", "total"),
    *(("insured", line) for line in ("total_under_65", "total_65_plus", "man", "woman", "total")),
}


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def statement(made: Report) -> Any:
    return opened(workbook.statement(made))


def named(book: Any, name: str) -> Any:
    [(sheet, cell)] = book.defined_names[name].destinations
    return book[sheet][cell.replace("$", "")]


def table(sheet: Any) -> list[tuple[Any, ...]]:
    """What is written on a sheet, row by row, without the empty cells."""
    rows = [tuple(value for value in row if value is not None) for row in sheet.iter_rows(values_only=True)]
    return [row for row in rows if row]


@pytest.mark.parametrize(
    ("made", "sheets"),
    [
        (report(1), ["Productie en kosten", "Beheerskosten"]),
        (report(2), ["Productie en kosten", "PGB-houders", "PGB-huisbezoeken", "Beheerskosten", "Verzekerden"]),
        (report(3), ["Productie en kosten", "Beheerskosten"]),
        (report(4), ["Productie en kosten", "Bewustekeuzegesprekken", "Beheerskosten"]),
        (uitvoerder(1), ["Beheerskosten"]),
        (uitvoerder(2), ["Beheerskosten", "Verzekerden"]),
    ],
)
def test_a_sheet_for_each_part_that_is_owed(made: Report, sheets: list[str]) -> None:
    assert statement(made).sheetnames == ["Voorblad", *sheets]


def test_tables_are_those_of_the_handbook() -> None:
    book = statement(report())
    assert table(book["PGB-houders"])[0] == ("SPECIFICATIE VAN HET TOTAAL AANTAL PGB-HOUDERS OP 30 JUNI 2023",)
    assert table(book["PGB-houders"])[3:5] == [("Aantal",), ("Totaal aantal PGB-houders", 4_821)]
    assert ("Totaal aantal PGB-houders met huisbezoek(en) 2022", 873) in table(book["PGB-huisbezoeken"])
    assert table(book["Beheerskosten"])[3:8] == [
        ("TOTAAL BEHEERSKOSTEN (INCLUSIEF iWLZ)", "BEDRAG"),
        ("Kosten intern personeel", 1_234_567),
        ("Kosten extern personeel", 345_678),
        ("Overige beheerskosten", -1_200),
        ("TOTAAL BEHEERSKOSTEN", "=SUM(C6:C8)"),
    ]
    assert table(book["Verzekerden"])[3:8] == [
        ("LEEFTIJD", "AANTAL PER GESLACHT", "TOTAAL AANTAL"),
        ("MAN", "VROUW"),
        ("Verzekerden 64 jaar en jonger", 412_345, 423_456, "=SUM(C7:D7)"),
        ("Verzekerden 65 jaar en ouder", 98_765, 123_456, "=SUM(C8:D8)"),
        ("TOTAAL", "=SUM(C7:C8)", "=SUM(D7:D8)", "=SUM(E7:E8)"),
    ]
    rows = table(book["Productie en kosten"])
    assert rows[0] == ("REALISATIE PRODUCTIE EN KOSTEN KW2 2023",)
    first = rows.index(("Nza prestatiecode", "Aantal", "Totaalbedrag"))
    assert rows[first + 1 :] == [
        ("0012", 3, 1_234_567),
        ("=1+1", -2, -300),
        ("H127", 0, 0),
        ("Z001", 4_321, 98_765_432),
        ("TOTAAL", f"=SUM(D{10}:D{13})"),
    ]
    assert ("Totaal aantal nieuwe PGB-aanvragers met bewuste-keuze gesprek(ken)", 612) in table(
        statement(report(4))["Bewustekeuzegesprekken"]
    )


@pytest.mark.parametrize("made", [report(1), report(2), concept(2), report(4), uitvoerder(2)])
def test_formulas_give_the_published_figures(made: Report, tmp_path: Path) -> None:
    """IronCalc has its own reader and its own arithmetic; what XlsxWriter noted beside the formulas is wiped first."""
    book = statement(made)  # without the values that were noted
    cells = {name: named(book, texts.CELLS[name]) for name in texts.CELLS if texts.CELLS[name] in book.defined_names}
    assert {name for name, cell in cells.items() if str(cell.value).startswith("=")} == TOTALS & cells.keys()
    path = tmp_path / "statement.xlsx"
    book.save(path)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()

    def value(cell: Any) -> Any:
        return model.get_cell_value_by_ref(f"{cell.parent.title}!{cell.coordinate}")

    for (part, line), cell in cells.items():
        assert value(cell) == made.figures.lines[part][line], (part, line)
    if made.figures.production:
        assert value(named(book, "productie_totaal")) == 99_999_699
    verdicts = {
        value(cell)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith("=IF(")
    }
    assert verdicts == {"akkoord"}


def verdicts_on_the_cover(book: Any, folder: Path) -> dict[str, Any]:
    """By sheet, as another program works them out."""
    path = folder / "changed.xlsx"
    book.save(path)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    rows = {cell.value: cell.row for cell in book["Voorblad"]["B"] if cell.value in book.sheetnames}
    return {sheet: model.get_cell_value_by_ref(f"Voorblad!D{row}") for sheet, row in rows.items()}


@pytest.mark.parametrize(
    ("name", "sheet"), [("beheerskosten_intern", "Beheerskosten"), ("verzekerden_man_vanaf_65", "Verzekerden")]
)
def test_a_figure_that_is_changed_does_not_go_unseen(name: str, sheet: str, tmp_path: Path) -> None:
    book = statement(report())
    named(book, name).value += 1
    verdicts = verdicts_on_the_cover(book, tmp_path)
    assert verdicts.pop(sheet) == "VERSCHIL"
    assert len(verdicts) == 4
    assert set(verdicts.values()) == {"akkoord"}


def test_a_performance_of_nothing_that_is_struck_out_does_not_go_unseen(tmp_path: Path) -> None:
    """The total is as it was: the number of rows tells."""
    book = statement(report())
    sheet = book["Productie en kosten"]
    [row] = [cell.row for cell in sheet["B"] if cell.value == "H127"]
    sheet[f"D{row}"].value = "vervallen"
    assert verdicts_on_the_cover(book, tmp_path)["Productie en kosten"] == "VERSCHIL"


def test_programs_that_do_not_calculate_see_the_figures_too() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook.statement(report())), data_only=True)
    assert {line: named(book, texts.CELLS["insured", line]).value for line in PEOPLE} == PEOPLE
    assert {line: named(book, texts.CELLS["admin_costs", line]).value for line in COSTS} == COSTS


def test_only_what_is_left_to_fill_in_can_be_changed() -> None:
    for made, extra in ((report(), set()), (report(name=None), {"organisatie_naam"})):
        book = statement(made)
        open_cells = {
            (sheet.title, cell.coordinate)
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if not cell.protection.locked
        }
        to_fill_in = {workbook.contact_cell(label) for label in workbook.CONTACT} | extra
        firsts = {(named(book, name).parent.title, named(book, name).coordinate) for name in to_fill_in}
        assert firsts <= open_cells
        # ... the cells that these are merged with, and the sample in the key to the colours
        rows = {cell[1:] for _, cell in firsts}
        samples = {cell for sheet, cell in open_cells if cell[1:] not in rows}
        assert [book["Voorblad"][cell].value for cell in samples] == ["in te vullen"]
        assert {sheet for sheet, _ in open_cells} == {"Voorblad"}
        assert all(sheet.protection.sheet for sheet in book)


def test_input_total_and_check_look_different() -> None:
    book = statement(report())
    sheet = book["Beheerskosten"]
    looks = {
        "figure": named(book, "beheerskosten_intern"),
        "total": named(book, "beheerskosten_totaal"),
        "input": named(book, "contact_telefoon"),
        "status": named(book, "status"),
    }
    assert len({cell.fill.fgColor.rgb for cell in looks.values()}) == 4
    assert looks["total"].font.bold
    assert not looks["figure"].font.bold
    assert [rule.formula for rules in sheet.conditional_formatting for rule in rules.rules] == [
        ['"akkoord"'], ['"VERSCHIL"']
    ]  # fmt: skip


def test_every_sheet_is_printed_on_a_page_of_a4() -> None:
    book = statement(report())
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (1, None)
        long = sheet.title == "Productie en kosten"
        assert sheet.page_setup.fitToHeight == (0 if long else 1) or (not long and sheet.page_setup.fitToHeight is None)
        assert "5505" in sheet.oddFooter.left.text
    assert book["Productie en kosten"].print_title_rows == "$9:$9"


def test_the_cover_tells_which_statement_this_is() -> None:
    book = statement(report())
    cover = {row[0]: row[1] for row in table(book["Voorblad"]) if len(row) > 1}
    assert cover["Organisatie"] == "Zorgkantoor Voorbeeldland"
    assert (cover["Code"], cover["Jaar"], cover["Kwartaal"], cover["Status"]) == ("5505", 2023, 2, "DEFINITIEF")
    assert cover["Uiterlijk in te zenden op"].isoformat() == "2023-08-14T00:00:00"
    assert cover["Gegevens zoals bekend op"].isoformat() == "2023-08-14T00:00:00"
    assert cover["Run"] == "wlz-2023-2-002-0a1b2c"
    assert "verslagdocumenten@zinl.nl" in cover["Inzenden naar"]
    assert not [sheet for sheet in book if sheet.oddHeader.center.text]


def test_a_concept_says_on_every_page_that_it_is_one_and_on_the_cover_why() -> None:
    book = statement(concept())
    assert named(book, "status").value == "CONCEPT"
    assert named(book, "status").fill.fgColor.rgb != named(statement(report()), "status").fill.fgColor.rgb
    assert ("Waarom deze staat een concept is",) in table(book["Voorblad"])
    assert (ERROR.detail,) in table(book["Voorblad"])
    assert {sheet.oddHeader.center.text for sheet in book} == {"CONCEPT"}
    assert (ERROR.detail,) not in table(statement(report())["Voorblad"])


def test_the_estimate_has_the_columns_of_the_handbook_and_nothing_else() -> None:
    book = opened(workbook.estimate(report(missing=[PROVIDER, UNNAMED])))
    assert book.sheetnames == ["12000001", "12000002"]
    header = ("Nza prestatiecode", "Aantal", "Totaalbedrag")
    assert list(book["12000001"].iter_rows(values_only=True)) == [header, ("V042", 250, 31_250), ("Z111", -1, 7)]
    assert list(book["12000002"].iter_rows(values_only=True)) == [header]
    assert all(sheet.protection.sheet for sheet in book)


def test_codes_are_text_never_a_number_or_a_formula() -> None:
    sheet = statement(report())["Productie en kosten"]
    codes = {cell.value: cell.data_type for cell in sheet["B"] if cell.value in {row.code for row in PRODUCTION}}
    assert codes == {row.code: "s" for row in PRODUCTION}


@pytest.mark.parametrize("name", ["=1+1", "https://zorg.example", '&L&8 "<x>" \x07 é', "a" * 300])
def test_a_name_stays_text_in_the_workbook(name: str) -> None:
    book = statement(report(name=name))
    assert named(book, "organisatie_naam").data_type == "s"
    assert named(book, "organisatie_naam").value == name.replace("\x07", "_x0007_")
    assert not named(book, "organisatie_naam").hyperlink
    assert book["Beheerskosten"]["B2"].data_type == "s"
    assert len(book["Beheerskosten"].oddFooter.left.text) < 250


def test_nothing_produced_is_a_total_of_zero(tmp_path: Path) -> None:
    made = report(1)
    book = statement(report(1, figures=Figures(made.figures.lines)))
    assert named(book, "productie_totaal").value == "=0"
    path = tmp_path / "empty.xlsx"
    book.save(path)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    [row] = [cell.row for cell in book["Voorblad"]["B"] if cell.value == "Productie en kosten"]
    assert model.get_cell_value_by_ref(f"Voorblad!D{row}") == "akkoord"


def test_the_same_statement_gives_the_same_bytes() -> None:
    assert workbook.statement(report()) == workbook.statement(report())


def test_a_thousand_performances_still_fit() -> None:
    rows = tuple(Performance(f"Z{place:04}", place, 1_000 * place) for place in range(1_000))
    book = statement(report(1, figures=Figures(report(1).figures.lines, rows)))
    assert named(book, "productie_totaal").row == 9 + 1_000 + 1


def test_a_sheet_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", len(PRODUCTION))
    assert workbook.statement(report())
    monkeypatch.setattr(workbook, "MOST_ROWS", len(PRODUCTION) - 1)
    with pytest.raises(SettingsError, match="at most 3 rows; there are 4"):
        workbook.statement(report())
