"""What a document that comes back says: values of a workbook, keywords of a PDF. The standard library is enough."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree

Value: TypeAlias = str | int | float
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
PROPERTIES = "docProps/custom.xml"
KEYWORDS = re.compile(rb"<pdf:Keywords>([^<]*)</pdf:Keywords>")


class Unreadable(Exception):
    """The file is not what its name says."""


@dataclass(frozen=True)
class Workbook:
    """The values of every sheet by cell, as its last program worked them out, and the cells that have a name.

    `software` is the version of zorgstat that made it, as far as the file still tells.
    """

    sheets: Mapping[str, Mapping[tuple[int, int], Value]]  # name -> (row, column), both from 1
    named: Mapping[str, tuple[str, int, int]]
    software: str | None

    def value(self, name: str) -> Value | None:
        if name not in self.named:
            return None
        sheet, row, column = self.named[name]
        return self.sheets.get(sheet, {}).get((row, column))


def workbook(content: bytes) -> Workbook:
    """Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return _workbook(parts)
    except Exception as error:  # whatever the zip or the XML of a damaged or encrypted file gives rise to
        raise Unreadable(type(error).__name__) from None


def _workbook(parts: zipfile.ZipFile) -> Workbook:
    book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
    relations = {
        each.attrib["Id"]: each.attrib["Target"].removeprefix("/xl/")
        for each in ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    }
    texts = []
    if "xl/sharedStrings.xml" in parts.namelist():
        shared = ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))
        texts = [_text(entry) for entry in shared.iter(f"{MAIN}si")]
    sheets = {
        sheet.attrib["name"]: _cells(parts.read(f"xl/{relations[sheet.attrib[RELATION]]}"), texts)
        for sheet in book.iter(f"{MAIN}sheet")
    }
    return Workbook(sheets, dict(_named(book)), _software(parts))


def _software(parts: zipfile.ZipFile) -> str | None:
    """Of a property of the document: Excel and LibreOffice keep those."""
    if PROPERTIES not in parts.namelist():
        return None
    told = ElementTree.fromstring(parts.read(PROPERTIES))
    return next(("".join(each.itertext()).strip() for each in told if each.get("name") == "zorgstat"), None)


def _named(book: ElementTree.Element) -> list[tuple[str, tuple[str, int, int]]]:
    found = []
    for name in book.iter(f"{MAIN}definedName"):
        cell = re.fullmatch(r"(?:'((?:[^']|'')+)'|([^'!]+))!\$([A-Z]+)\$(\d+)", name.text or "")
        if cell:
            sheet = (cell[1] or cell[2]).replace("''", "'")
            found.append((name.attrib["name"], (sheet, int(cell[4]), _column(cell[3]))))
    return found


def _cells(content: bytes, texts: list[str]) -> dict[tuple[int, int], Value]:
    cells: dict[tuple[int, int], Value] = {}
    for cell in ElementTree.fromstring(content).iter(f"{MAIN}c"):
        place = re.fullmatch(r"([A-Z]+)(\d+)", cell.attrib["r"])
        kind, value = cell.attrib.get("t", "n"), cell.find(f"{MAIN}v")
        if place is None or (value is None and kind != "inlineStr"):
            continue
        told = (value.text or "") if value is not None else ""
        here = (int(place[2]), _column(place[1]))
        if kind == "s":
            cells[here] = texts[int(told)]
        elif kind == "inlineStr":
            cells[here] = _text(cell)
        elif kind == "n" and told:
            cells[here] = int(float(told)) if float(told).is_integer() else float(told)
        elif told:  # nothing at all: a formula that nobody worked out
            cells[here] = told
    return cells


def _text(element: ElementTree.Element) -> str:
    return "".join(run.text or "" for run in element.iter(f"{MAIN}t"))


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place


def keywords(content: bytes) -> dict[str, str]:
    """What a PDF of this package says of itself; nothing for another one, a scan for instance.

    PDF/A keeps it as plain text, a signature leaves it alone. Raises Unreadable.
    """
    if not content.startswith(b"%PDF-"):
        raise Unreadable("no PDF")
    if b"%%EOF" not in content.rstrip(b"\0\r\n ")[-1024:]:
        raise Unreadable("cut off")
    found = KEYWORDS.findall(content)
    pairs = found[-1].decode("utf-8", "replace").split(", ") if found else []
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def is_signed(content: bytes) -> bool:
    """Does a PDF hold a digital signature?"""
    return b"/ByteRange" in content
