"""The two workbooks: the statement (Kwartaalstaat), and the estimate of claims that are missing (handbook 1.2, 2, 3).

The same statement gives the same bytes: a workbook bears the moment of its run, not that of today.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from zorgstat import __version__
from zorgstat.errors import SettingsError
from zorgstat.wlz.calendar import ADMIN_COSTS, INSURED, PGB_HOLDERS, PGB_HOME_VISITS, PGB_TALKS, PRODUCTION, Part
from zorgstat.wlz.documents import names, texts
from zorgstat.wlz.documents.content import Performance, Report

COVER = "Voorblad"
SAME, DIFFERENT = "akkoord", "VERSCHIL"
NAME_CELL, HEADING_CELL = "organisatie_naam", "kop"
CONTACT = ("Naam contactpersoon", "Functie", "Telefoon", "E-mail")
# Dutch points and commas, whatever the language of the program; Excel takes those of the system.
WHOLE, DAY = "[$-413]#,##0;[$-413]-#,##0", "[$-413]d mmmm yyyy"
INK, PAPER, RULE = "#1F3864", "#FFFFFF", "#8EA9DB"
FIRST_COLUMN = 1  # A is the margin
ROW = 18  # points: room around a line
MOST_ROWS = 1_000_000  # a sheet holds 1,048,576


def statement(report: Report) -> bytes:
    """The Kwartaalstaat: a cover, and a sheet for every part that the organisation owes this quarter."""
    with _Book(report, f"Kwartaalstaat Wlz {texts.quarter(report.statement)}") as book:
        cover = book.add_sheet(COVER)
        checks = {part.name: _PARTS[part.name](book, report, part) for part in report.parts}
        _fill_cover(book, cover, report, checks)
    return book.content


def estimate(report: Report) -> bytes:
    """The format of the handbook and nothing else: three columns, a sheet per provider."""
    words = texts.prescribed(names.ESTIMATE, report.statement)
    with _Book(report, f"Schatting ontbrekende declaraties Wlz {texts.quarter(report.statement)}") as book:
        for provider in report.missing:
            sheet = book.add_sheet(provider.agb, fit_height=0)
            sheet.set_column(0, 0, 22)
            sheet.set_column(1, 2, 16)
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            headings = [words[key] for key in ("code", "quantity", "amount")]
            _write_performances(book, sheet, 0, 0, headings, provider.estimates)
    return book.content


USUAL = {"font_name": "Calibri", "font_size": 11, "locked": True, "valign": "vcenter", "indent": 1}
_BAND = {"font_color": PAPER, "bg_color": INK}
_BOX = {"border": 1, "border_color": RULE}
_FIGURE = {**_BOX, "num_format": WHOLE, "align": "right"}
_HEADING = {"bold": True, "font_size": 12, "font_color": INK, "bottom": 2, "bottom_color": INK, "indent": 0}
_TOTAL = {**_BOX, "bold": True, "bg_color": "#DDEBF7"}
_LAST = {"top": 2, "top_color": INK}
_SMALL = {"font_size": 9, "font_color": "#595959"}
LOOKS: dict[str, dict[str, Any]] = {
    "title": {**_BAND, "bold": True, "font_size": 18},
    "part_title": {**_BAND, "bold": True, "font_size": 14, "text_wrap": True},
    "subtitle": {**_BAND, "font_size": 12, "text_wrap": True},
    "heading": _HEADING,
    "heading_right": {**_HEADING, "align": "right", "indent": 1},
    "heading_center": {**_HEADING, "align": "center"},
    "note": {**_SMALL, "italic": True, "text_wrap": True},
    "label": {**_BOX, "text_wrap": True, "bg_color": "#F2F2F2"},
    "header": {**_BAND, **_BOX, "bold": True, "text_wrap": True},
    "header_right": {**_BAND, **_BOX, "bold": True, "align": "right"},
    "header_center": {**_BAND, **_BOX, "bold": True, "align": "center", "indent": 0},
    "text": {**_BOX, "text_wrap": True},
    "line": {**_BOX, "align": "left"},
    "code": {**_BOX, "num_format": "@"},
    "day": {**_BOX, "num_format": DAY, "align": "left"},
    "figure": _FIGURE,
    "total_label": {**_TOTAL, **_LAST},
    "total": {**_FIGURE, **_TOTAL, **_LAST},
    "total_of_row": {**_FIGURE, **_TOTAL},
    "input": {
        **_BOX,
        "bg_color": "#FFF2CC",
        "border": 4,
        "border_color": "#BF8F00",
        "locked": False,
        "text_wrap": True,
    },
    "check_label": {**_BOX, **_SMALL},
    "check_figure": {**_FIGURE, **_SMALL},
    "check": {**_BOX, "bold": True, "align": "center", "indent": 0},
    "final": {**_BOX, "bold": True, "bg_color": "#C6EFCE", "font_color": "#006100"},
    "concept": {**_BOX, "bold": True, "bg_color": "#F8CBAD", "font_color": "#9C0006"},
}
# Laid over a cell by what it says: colours only.
VERDICTS = {
    SAME: {"bg_color": "#C6EFCE", "font_color": "#006100"},
    DIFFERENT: {"bg_color": "#FFC7CE", "font_color": "#9C0006"},
}


class _Book:
    """A workbook in one style: what is filled in, what is worked out and what is checked look different."""

    def __init__(self, report: Report, title: str) -> None:
        try:
            import xlsxwriter  # type: ignore[import-untyped]
        except ImportError:
            raise SettingsError("a workbook needs the library XlsxWriter: pip install zorgstat.") from None
        self._bytes = io.BytesIO()
        self.report = report
        self.book = xlsxwriter.Workbook(
            self._bytes, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        created = report.provenance.published_at.replace(tzinfo=None)
        told = {"title": f"{title}, {report.code}", "author": "zorgstat", "comments": report.provenance.run_id}
        self.book.set_properties({**told, "status": report.status.upper(), "created": created})
        self.book.set_custom_property("zorgstat", __version__)
        self.verdicts = {verdict: self.book.add_format(look) for verdict, look in VERDICTS.items()}
        self.formats: dict[str, Any] = {name: self.book.add_format({**USUAL, **look}) for name, look in LOOKS.items()}

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *error: object) -> None:
        self.book.close()

    @property
    def content(self) -> bytes:
        return self._bytes.getvalue()

    def add_sheet(self, name: str, fit_height: int = 1) -> Any:
        """Protected but for the cells to fill in; printed on A4, as wide as the page, on one if that can be."""
        report = self.report
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_default_row(ROW)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, fit_height)
        sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)
        sheet.center_horizontally()
        sheet.protect("", {"format_columns": True, "format_rows": True})
        concept = "" if report.is_final else f'&C&"Calibri,Bold"&14&KC00000{report.status.upper()}'
        sheet.set_header(concept)
        run = report.provenance.run_id
        sheet.set_footer(f"&L&8 {report.code} {_plain(report.name or '')}&R&8 {run}    Blad &P van &N")
        if not report.is_final:
            sheet.set_tab_color("#C00000")
        return sheet

    def add_part(self, part: Part, *, columns: Sequence[int], fit_height: int = 1) -> tuple[Any, int]:
        """The sheet of a part up to its table: heading, organisation, how it comes about. Out: sheet, next row."""
        report = self.report
        words = texts.prescribed(names.STATEMENT, report.statement)
        sheet = self.add_sheet(texts.SHEETS[part.name], fit_height)
        sheet.set_column(0, 0, 2)
        for place, width in enumerate(columns, start=FIRST_COLUMN):
            sheet.set_column(place, place, width)
        last = FIRST_COLUMN + len(columns) - 1
        formats = self.formats
        title, width = words[f"{part.name}.title"], sum(columns)
        sheet.merge_range(0, FIRST_COLUMN, 0, last, title, formats["part_title"])
        sheet.set_row(0, _height(title, width * 0.66, 20) + 4)
        sheet.merge_range(1, FIRST_COLUMN, 1, last, report.title, formats["subtitle"])
        sheet.set_row(1, _height(report.title, width * 0.8, 16) + 4)
        method = texts.fill(texts.METHODS[part.name], report.statement)
        sheet.merge_range(2, FIRST_COLUMN, 2, last, method, formats["note"])
        sheet.set_row(2, _height(method, width * 1.05, 12.5) + 8)
        return sheet, 4

    def define(self, name: str, sheet: Any, row: int, column: int) -> None:
        self.book.define_name(name, f"={_reference(sheet.get_name(), row, column)}")

    def write_checks(self, sheet: Any, row: int, checks: Sequence[tuple[str, str, int]]) -> list[str]:
        """Beside the table: what a total on this sheet is, and what was published. Out: addresses of the verdicts.

        In: checks (what, formula of the figure on the sheet, published figure).
        """
        formats, verdicts = self.formats, []
        column = FIRST_COLUMN
        sheet.write_string(row, column, "Vergelijking met de gepubliceerde cijfers", formats["heading"])
        sheet.write_string(row, column + 1, "Gepubliceerd", formats["heading_right"])
        sheet.write_string(row, column + 2, "Uitkomst", formats["heading_center"])
        for line, (what, formula, published) in enumerate(checks, start=row + 1):
            sheet.write_string(line, column, what, formats["check_label"])
            sheet.write_number(line, column + 1, published, formats["check_figure"])
            here = address(line, column + 1)
            sheet.write_formula(
                line, column + 2, f'=IF({formula}={here},"{SAME}","{DIFFERENT}")', formats["check"], SAME
            )
            verdicts.append(_reference(sheet.get_name(), line, column + 2))
        area = (row + 1, column + 2, row + len(checks), column + 2)
        self.colour_verdicts(sheet, area)
        return verdicts

    def colour_verdicts(self, sheet: Any, area: tuple[int, int, int, int]) -> None:
        for verdict, look in self.verdicts.items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{verdict}"', "format": look}
            sheet.conditional_format(*area, rule)


Verdicts = list[str]
COVER_WIDTHS = (32, 46, 18)
COVER_LAST = FIRST_COLUMN + len(COVER_WIDTHS) - 1


def contact_cell(label: str) -> str:
    """The name of the cell of one of CONTACT."""
    return "contact_" + label.lower().replace(" ", "_").replace("-", "_")


def heading(report: Report) -> str:
    """Of the cover: whose statement, of when."""
    return f"{texts.quarter(report.statement)}, {report.title}"


def _fill_cover(book: _Book, sheet: Any, report: Report, checks: Mapping[str, Verdicts]) -> None:
    sheet.set_column(0, 0, 2)
    for place, width in enumerate(COVER_WIDTHS, start=FIRST_COLUMN):
        sheet.set_column(place, place, width)
    subtitle = heading(report)
    _across(book, sheet, 0, "Kwartaalstaat Wlz", "title", 34)
    _across(book, sheet, 1, subtitle, "subtitle", _height(subtitle, sum(COVER_WIDTHS) * 0.8, 16) + 6)
    book.define(HEADING_CELL, sheet, 1, FIRST_COLUMN)
    row = _add_facts(book, sheet, report, 3)
    row = _add_contact(book, sheet, row + 1)
    row = _add_parts(book, sheet, report, checks, row + 1)
    if report.blocking:
        row = _add_reasons(book, sheet, report, row + 1)
    _add_guide(book, sheet, row + 1)


def _across(book: _Book, sheet: Any, row: int, text: str, look: str, height: float) -> None:
    """A text over the width of the cover."""
    sheet.set_row(row, height)
    sheet.merge_range(row, FIRST_COLUMN, row, COVER_LAST, text, book.formats[look])


def _put(book: _Book, sheet: Any, row: int, label: str, value: object, look: str, cell: str = "") -> int:
    """A line of the cover: what it is, and its value, under a name where it can be read again. Out: the next row."""
    sheet.write_string(row, FIRST_COLUMN, label, book.formats["label"])
    sheet.merge_range(row, FIRST_COLUMN + 1, row, COVER_LAST, "", book.formats[look])
    if value is not None:
        write = {int: sheet.write_number, date: sheet.write_datetime}.get(type(value), sheet.write_string)
        write(row, FIRST_COLUMN + 1, value, book.formats[look])
    if cell:
        book.define(cell, sheet, row, FIRST_COLUMN + 1)
    return row + 1


def _add_facts(book: _Book, sheet: Any, report: Report, row: int) -> int:
    statement = report.statement
    sheet.set_row(row, _height(report.name or "", sum(COVER_WIDTHS[1:]) * 0.9, 15) + 3)
    row = _put(book, sheet, row, "Organisatie", report.name, "text" if report.name else "input", NAME_CELL)
    sheet.ignore_errors({"number_stored_as_text": address(row, FIRST_COLUMN + 1)})
    row = _put(book, sheet, row, "Code", report.code, "code", "organisatie_code")
    row = _put(book, sheet, row, "Jaar", statement.year, "line", "jaar")
    row = _put(book, sheet, row, "Kwartaal", statement.quarter, "line", "kwartaal")
    row = _put(book, sheet, row, "Status", report.status.upper(), "final" if report.is_final else "concept", "status")
    row = _put(book, sheet, row, "Uiterlijk in te zenden op", statement.due_on, "day")
    where = texts.address(names.STATEMENT, statement)
    sheet.set_row(row, 2 * ROW)
    row = _put(book, sheet, row, "Inzenden naar", f"{where.address}, of versleuteld via\n{where.upload}", "text")
    row = _put(book, sheet, row, "Gegevens zoals bekend op", report.known_at, "day")
    return _put(book, sheet, row, "Run", report.provenance.run_id, "code", "run")


def _add_contact(book: _Book, sheet: Any, row: int) -> int:
    row = _heading(book, sheet, row, "Contactgegevens, in te vullen")
    for label in CONTACT:
        row = _put(book, sheet, row, label, None, "input", contact_cell(label))
    return row


def _add_parts(book: _Book, sheet: Any, report: Report, checks: Mapping[str, Verdicts], row: int) -> int:
    """The sheets of the statement, each with the verdict of its checks."""
    top = row = _heading(book, sheet, row, "Onderdelen van deze staat", ("", "Controle"))
    for part in report.parts:
        name, title = texts.SHEETS[part.name], texts.title(part, report.statement)
        sheet.write_url(row, FIRST_COLUMN, f"internal:'{name}'!A1", book.formats["line"], name)
        sheet.write_string(row, FIRST_COLUMN + 1, title, book.formats["text"])
        sheet.set_row(row, _height(title, COVER_WIDTHS[1], 15) + 3)
        verdicts = ",".join(f'{verdict}="{SAME}"' for verdict in checks[part.name])
        formula = f'=IF(AND({verdicts}),"{SAME}","{DIFFERENT}")'
        sheet.write_formula(row, COVER_LAST, formula, book.formats["check"], SAME)
        row += 1
    book.colour_verdicts(sheet, (top, COVER_LAST, row - 1, COVER_LAST))
    return row


def _add_reasons(book: _Book, sheet: Any, report: Report, row: int) -> int:
    row = _heading(book, sheet, row, "Waarom deze staat een concept is")
    for found in report.blocking:
        _across(book, sheet, row, found.detail, "text", _height(found.detail, sum(COVER_WIDTHS) * 0.9, 15) + 4)
        row += 1
    return row


def _add_guide(book: _Book, sheet: Any, row: int) -> None:
    row = _heading(book, sheet, row, "Leeswijzer")
    for sample, look, meaning in (
        ("in te vullen", "input", "Alleen deze cellen zijn niet beveiligd."),
        ("1.234", "figure", "Gepubliceerd cijfer; wijzigen kan alleen met een nieuwe run. Bedragen in hele euro's."),
        ("1.234", "total", "Totaal, berekend uit de regels erboven of ernaast."),
        (SAME, "check", "Vergelijking met de gepubliceerde cijfers; bij een verschil is een cijfer gewijzigd."),
    ):
        sheet.write_string(row, FIRST_COLUMN, sample, book.formats[look])
        sheet.merge_range(row, FIRST_COLUMN + 1, row, COVER_LAST, meaning, book.formats["note"])
        sheet.set_row(row, _height(meaning, sum(COVER_WIDTHS[1:]) * 1.05, 12.5) + 6)
        if look == "check":
            book.colour_verdicts(sheet, (row, FIRST_COLUMN, row, FIRST_COLUMN))
        row += 1


def _heading(book: _Book, sheet: Any, row: int, text: str, others: Sequence[str] = ("", "")) -> int:
    for place, (words, look) in enumerate(zip((text, *others), ("heading", "heading", "heading_center"), strict=True)):
        sheet.write(row, FIRST_COLUMN + place, words or None, book.formats[look])
    return row + 1


def _add_count(book: _Book, report: Report, part: Part) -> Verdicts:
    """A part of one line (handbook 3.1)."""
    words = texts.prescribed(names.STATEMENT, report.statement)
    sheet, row = book.add_part(part, columns=(62, 16, 14))
    value = report.figures.lines[part.name]["total"]
    formats, column = book.formats, FIRST_COLUMN
    sheet.write_blank(row, column, None, formats["header"])
    sheet.write_string(row, column + 1, words[f"{part.name}.column"], formats["header_right"])
    sheet.write_string(row + 1, column, words[f"{part.name}.total"], formats["label"])
    _write_cell(book, sheet, row + 1, column + 1, part, "total", value)
    return book.write_checks(sheet, row + 4, [(words[f"{part.name}.total"], address(row + 1, column + 1), value)])


def _add_admin_costs(book: _Book, report: Report, part: Part) -> Verdicts:
    """Three categories and their sum (handbook 3.2)."""
    words = texts.prescribed(names.STATEMENT, report.statement)
    sheet, row = book.add_part(part, columns=(54, 18, 14))
    values, formats, column = report.figures.lines[part.name], book.formats, FIRST_COLUMN
    sheet.write_string(row, column, words[f"{part.name}.heading"], formats["header"])
    sheet.write_string(row, column + 1, words[f"{part.name}.column"], formats["header_right"])
    first = row + 1
    for line in part.totals["total"]:
        row += 1
        sheet.write_string(row, column, words[f"{part.name}.{line}"], formats["label"])
        _write_cell(book, sheet, row, column + 1, part, line, values[line])
    total = row + 1
    sheet.write_string(total, column, words[f"{part.name}.total"], formats["total_label"])
    formula = f"=SUM({address(first, column + 1)}:{address(row, column + 1)})"
    _write_cell(book, sheet, total, column + 1, part, "total", values["total"], formula)
    return book.write_checks(
        sheet, total + 3, [(words[f"{part.name}.total"], address(total, column + 1), values["total"])]
    )


def _add_insured(book: _Book, report: Report, part: Part) -> Verdicts:
    """By age and sex, with the totals of both (handbook 3.3)."""
    words = texts.prescribed(names.STATEMENT, report.statement)
    sheet, row = book.add_part(part, columns=(44, 16, 16, 18))
    values, formats, column = report.figures.lines[part.name], book.formats, FIRST_COLUMN
    sheet.merge_range(row, column, row + 1, column, words[f"{part.name}.heading"], formats["header"])
    sheet.merge_range(row, column + 1, row, column + 2, words[f"{part.name}.by_sex"], formats["header_center"])
    sheet.merge_range(row, column + 3, row + 1, column + 3, words[f"{part.name}.column"], formats["header_right"])
    for place, sex in enumerate(("man", "woman"), start=column + 1):
        sheet.write_string(row + 1, place, words[f"{part.name}.{sex}"], formats["header_center"])
    first = row = row + 2
    for age in ("under_65", "65_plus"):
        sheet.write_string(row, column, words[f"{part.name}.{age}"], formats["label"])
        for place, sex in enumerate(("man", "woman"), start=column + 1):
            _write_cell(book, sheet, row, place, part, f"{sex}_{age}", values[f"{sex}_{age}"])
        formula = f"=SUM({address(row, column + 1)}:{address(row, column + 2)})"
        _write_cell(book, sheet, row, column + 3, part, f"total_{age}", values[f"total_{age}"], formula, "total_of_row")
        row += 1
    sheet.write_string(row, column, words[f"{part.name}.total"], formats["total_label"])
    for place, line in enumerate(("man", "woman", "total"), start=column + 1):
        formula = f"=SUM({address(first, place)}:{address(row - 1, place)})"
        _write_cell(book, sheet, row, place, part, line, values[line], formula)
    totals = [
        (words[f"{part.name}.under_65"], address(first, column + 3), values["total_under_65"]),
        (words[f"{part.name}.65_plus"], address(first + 1, column + 3), values["total_65_plus"]),
        (words[f"{part.name}.man"], address(row, column + 1), values["man"]),
        (words[f"{part.name}.woman"], address(row, column + 2), values["woman"]),
        (words[f"{part.name}.total"], address(row, column + 3), values["total"]),
        (
            f"{words[f'{part.name}.total']}, mannen en vrouwen samen",
            f"{address(row, column + 1)}+{address(row, column + 2)}",
            values["total"],
        ),
    ]
    return book.write_checks(sheet, row + 3, totals)


def _add_production(book: _Book, report: Report, part: Part) -> Verdicts:
    """A row for every performance; as many pages as it takes. Numbers of different units have no total."""
    words = texts.prescribed(names.STATEMENT, report.statement)
    rows, formats, column = report.figures.production, book.formats, FIRST_COLUMN
    sheet, row = book.add_part(part, columns=(46, 20, 22), fit_height=0)
    # The checks stand above the table: it may be hundreds of rows long.
    table = row + 4
    first, total = table + 1, table + 1 + len(rows)
    amount = column + 2
    amounts = f"{address(first, amount)}:{address(total - 1, amount)}" if rows else ""
    counted = f"COUNT({amounts})" if rows else "0"  # of amounts: a code may be empty
    totals = [
        (words["production.amount"], address(total, amount), report.figures.production_euro),
        ("Aantal regels", counted, len(rows)),
    ]
    verdicts = book.write_checks(sheet, row, totals)
    headings = [words[f"production.{key}"] for key in ("code", "quantity", "amount")]
    _write_performances(book, sheet, table, column, headings, rows)
    sheet.write_string(total, column, words["production.total"], formats["total_label"])
    sheet.write_blank(total, column + 1, None, formats["total_label"])
    formula = f"=SUM({amounts})" if rows else "=0"
    sheet.write_formula(total, amount, formula, formats["total"], report.figures.production_euro)
    book.define("productie_totaal", sheet, total, amount)
    sheet.repeat_rows(table)
    sheet.freeze_panes(table + 1, 0)
    return verdicts


_PARTS: dict[str, Callable[[_Book, Report, Part], Verdicts]] = {
    PRODUCTION.name: _add_production,
    PGB_HOLDERS.name: _add_count,
    PGB_HOME_VISITS.name: _add_count,
    PGB_TALKS.name: _add_count,
    ADMIN_COSTS.name: _add_admin_costs,
    INSURED.name: _add_insured,
}


def _write_performances(
    book: _Book, sheet: Any, row: int, column: int, headings: Sequence[str], rows: Sequence[Performance]
) -> None:
    if len(rows) > MOST_ROWS:
        raise SettingsError(f"a sheet holds at most {MOST_ROWS:,} rows; there are {len(rows):,}.")
    formats = book.formats
    for place, (heading, look) in enumerate(zip(headings, ("header", "header_right", "header_right"), strict=True)):
        sheet.write_string(row, column + place, heading, formats[look])
    if rows:  # codes of digits are no mistake
        codes = f"{address(row + 1, column)}:{address(row + len(rows), column)}"
        sheet.ignore_errors({"number_stored_as_text": codes})
    for line, performance in enumerate(rows, start=row + 1):
        sheet.write_string(line, column, performance.code, formats["code"])  # never a formula; zeros in front stay
        sheet.write_number(line, column + 1, performance.quantity, formats["figure"])
        sheet.write_number(line, column + 2, performance.amount_euro, formats["figure"])


def _write_cell(
    book: _Book,
    sheet: Any,
    row: int,
    column: int,
    part: Part,
    line: str,
    value: int,
    formula: str = "",
    look: str = "total",
) -> None:
    """A published figure, or the formula that gives it, under the name of the cell."""
    if formula:
        sheet.write_formula(row, column, formula, book.formats[look], value)
    else:
        sheet.write_number(row, column, value, book.formats["figure"])
    book.define(texts.CELLS[part.name, line], sheet, row, column)


def address(row: int, column: int, *, fixed: bool = False) -> str:
    """As a spreadsheet writes it, A1 or $A$1; both are counted from 0."""
    from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

    return str(xl_rowcol_to_cell(row, column, fixed, fixed))


def _reference(sheet: str, row: int, column: int) -> str:
    return f"'{sheet}'!{address(row, column, fixed=True)}"


def _height(text: str, width: float, line: float) -> float:
    """Points for a text in a cell of so many characters; words break early, so rather too much."""
    return line * max(1, -(-len(text) * 11 // int(width * 10)))


def _plain(text: str) -> str:
    """& begins a code in headers and footers; there is no room for much, nor for characters that XML has not."""
    return "".join(letter for letter in text[:60] if letter.isprintable()).replace("&", "&&")
