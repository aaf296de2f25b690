"""Declared tables as files that other programs open: csv, Parquet, a workbook; and the dictionary that explains them.

Needs pyarrow and, for workbooks, XlsxWriter, where they are used: a cluster has neither.
"""

from __future__ import annotations

import csv
import errno
import itertools
import secrets
import shutil
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorgstat import arrow
from zorgstat.errors import SettingsError
from zorgstat.tables import Column, Table

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Content = Mapping[Table, "pa.Table"]
Page = Sequence[tuple[str, str]]  # headings and paragraphs

DICTIONARY = Table(
    "dictionary",
    "Every column of every table.",
    key=("table", "column"),
    columns=(
        Column("table", "string", "name of the table"),
        Column("column", "string", "name of the column"),
        Column("type", "string", "string, int, bigint (whole numbers), double or boolean"),
        Column("nullable", "boolean", "may be empty"),
        Column("meaning", "string", "what it says"),
    ),
)

MOST_ROWS = 1_048_576  # of a sheet, its header included: a limit of the file format
NARROWEST, WIDEST, PAGE_WIDTH = 8, 90, 90  # characters
LOOKED_AT = 1000  # rows, for the width of a column


def refuse_used(folder: Path) -> None:
    """Raises SettingsError for a folder that holds something."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is there already, and not empty; name a new folder.")


def write_whole(folder: Path, write: Callable[[Path], list[str]]) -> list[str]:
    """Fills a folder beside the one that is asked for, which then takes its name. Returns the paths of the files.

    Raises SettingsError when the disk does not allow it, and leaves nothing behind; a full disk is an OSError.
    """
    folder = folder.absolute()
    partial = folder.parent / f".{folder.name}.{secrets.token_hex(4)}"
    try:
        partial.mkdir(parents=True)
        names = write(partial)
        refuse_used(folder)
        partial.replace(folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SettingsError(f"{folder} cannot be written ({error.strerror or type(error).__name__}).") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [str(folder / name) for name in names]


def typed(rows: pa.Table, table: Table) -> pa.Table:
    """The rows in the order of their key, columns and types as declared."""
    return arrow.as_declared(rows, table).sort_by([(name, "ascending") for name in table.key])


def dictionary(tables: Iterable[Table]) -> list[tuple[str, str, str, bool, str]]:
    """A row for every column, from the declarations (columns: `DICTIONARY`)."""
    return [
        (table.name, column.name, column.type, column.nullable, _meaning(column))
        for table in tables
        for column in table.columns
    ]


def _meaning(column: Column) -> str:
    return column.meaning + (f"; nothing but {', '.join(column.values)}" if column.values else "")


def write_csv(folder: Path, content: Content, page: Page, run_row: Mapping[str, Any]) -> list[str]:
    """A file per table (RFC 4180, UTF-8, with a header), dictionary.csv and README.txt.

    Null is an empty field, booleans are true and false, doubles have all digits that they need.
    """
    for table, rows in content.items():
        _write_csv(folder / f"{table.name}.csv", table.names, _rows(rows))
    return [*(f"{table.name}.csv" for table in content), *_explain(folder, content, page)]


def _explain(folder: Path, content: Content, page: Page) -> list[str]:
    _write_csv(folder / "dictionary.csv", DICTIONARY.names, dictionary(content))
    indent = " " * (max(len(heading) for heading, _ in page) + 2)
    lines = [textwrap.fill(f"{heading:<{len(indent)}}{text}", 110, subsequent_indent=indent) for heading, text in page]
    (folder / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ["dictionary.csv", "README.txt"]


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)  # CRLF and quotes where needed: RFC 4180
        writer.writerow(header)
        writer.writerows([str(value).lower() if isinstance(value, bool) else value for value in row] for row in rows)


def _rows(rows: pa.Table) -> Iterator[Sequence[Any]]:
    for batch in rows.to_batches(max_chunksize=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def write_parquet(folder: Path, content: Content, page: Page, run_row: Mapping[str, Any]) -> list[str]:
    """A file per table, dictionary.csv and README.txt."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    for table, rows in content.items():
        pq.write_table(rows, folder / f"{table.name}.parquet")
    return [*(f"{table.name}.parquet" for table in content), *_explain(folder, content, page)]


def write_workbook(folder: Path, content: Content, page: Page, run_row: Mapping[str, Any]) -> list[str]:
    """One workbook: what it is, a sheet per table, the dictionary. Codes are text, so that leading zeros stay.

    A workbook holds doubles to sixteen digits; csv and Parquet hold all of them.
    """
    try:
        import xlsxwriter  # type: ignore[import-untyped]
    except ImportError:
        raise SettingsError("a workbook needs the library XlsxWriter: pip install zorgstat; or use csv.") from None
    too_long = [f"{table.name} has {len(rows):,}" for table, rows in content.items() if len(rows) >= MOST_ROWS]
    if too_long:
        raise SettingsError(
            f"a sheet holds at most {MOST_ROWS - 1:,} rows and a header, and {', '.join(too_long)}; use csv or parquet."
        )
    name = f"{run_row['run_id']}.xlsx"
    # Row by row to disk, and beside the workbook: there is room, and what is left goes with the folder.
    with xlsxwriter.Workbook(folder / name, {"constant_memory": True, "tmpdir": str(folder)}) as book:
        # The moment of the run, not of this minute: the same export has the same bytes.
        created = run_row["at"].replace(tzinfo=None)
        book.set_properties({"title": " ".join(page[0]), "author": "zorgstat", "created": created})
        sheets = _Sheets(book)
        sheets.add_page("read me", page)
        for table, rows in content.items():
            sheets.add_table(table, rows.num_rows, _rows(rows))
        explained = dictionary(content)
        sheets.add_table(DICTIONARY, len(explained), explained)
    return [name]


class _Sheets:
    """The sheets of one workbook, all in one style."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.heading = book.add_format({"bold": True, "valign": "top"})
        self.paragraph = book.add_format({"text_wrap": True, "valign": "top"})
        # to the left, above figures too: the arrow of a filter covers the right end
        self.header = book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "indent": 1})
        self.hidden = book.add_format({"bg_color": "#E7E6E6"})
        self.formats = {
            "string": book.add_format({"num_format": "@", "indent": 1}),
            "int": book.add_format({"num_format": "0"}),  # years, classes, index points
            "bigint": book.add_format({"num_format": "#,##0"}),
            "double": book.add_format({"num_format": "#,##0.0000"}),
            "boolean": book.add_format({"num_format": '"TRUE";"TRUE";"FALSE"', "align": "left", "indent": 1}),
        }

    def _add(self, name: str) -> Any:
        """A sheet that is printed on A4, as wide as the page."""
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def add_page(self, name: str, page: Page) -> None:
        sheet = self._add(name)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, PAGE_WIDTH)
        for line, (heading, text) in enumerate(page):
            sheet.set_row(line, 16 * len(textwrap.wrap(text, PAGE_WIDTH)))  # points
            sheet.write_string(line, 0, heading, self.heading)
            sheet.write_string(line, 1, text, self.paragraph)

    def add_table(self, table: Table, count: int, rows: Iterable[Sequence[Any]]) -> None:
        """A header that stays in sight, filters, and a grey field where a figure is hidden."""
        sheet = self._add(table.name)
        sheet.repeat_rows(0)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, len(table.columns) - 1)
        rows = iter(rows)
        first = list(itertools.islice(rows, LOOKED_AT))
        for place, column in enumerate(table.columns):
            # room for the arrow of the filter beside the name
            longest = max([len(column.name) + 4, NARROWEST, *(len(_shown(row[place])) + 1 for row in first)])
            sheet.set_column(place, place, min(longest, WIDEST))
            sheet.write_string(0, place, column.name, self.header)
        flag = table.names.index("is_suppressed") if "is_suppressed" in table.names else None
        for line, row in enumerate(itertools.chain(first, rows), start=1):
            is_suppressed = flag is not None and row[flag]
            for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                if value is not None:
                    self.write(sheet, line, place, value, column.type)
                elif is_suppressed:
                    sheet.write_blank(line, place, None, self.hidden)

    def write(self, sheet: Any, line: int, place: int, value: Any, type_: str) -> None:
        if type_ == "string":
            sheet.write_string(line, place, value, self.formats[type_])  # never a formula, whatever it begins with
        elif type_ == "boolean":
            sheet.write_boolean(line, place, value, self.formats[type_])
        else:
            sheet.write_number(line, place, value, self.formats[type_])


def _shown(value: Any) -> str:
    """About what a field of the sheet looks like: for its width."""
    if isinstance(value, float):
        return f"{value:,.4f}"
    return "" if value is None else str(value)
