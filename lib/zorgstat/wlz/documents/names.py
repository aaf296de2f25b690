"""The names of the files: one fixed pattern, so that a folder can be checked before it is mailed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from zorgstat.wlz.documents.content import Report

STATEMENT, ESTIMATE, LETTER = "kwartaalstaat", "schatting-ontbrekende-declaraties", "begeleidende-tekst"
BOARD_STATEMENT, DOSSIER = "bestuursverklaring", "dossier"
EXTENSIONS = {STATEMENT: "xlsx", BOARD_STATEMENT: "pdf", ESTIMATE: "xlsx", LETTER: "txt", DOSSIER: "pdf"}
CODE = re.compile(r"[0-9A-Za-z]{1,8}")  # of an organisation: it becomes the name of a folder
PATTERN = re.compile(
    rf"Wlz-(?P<year>\d{{4}})-KW(?P<quarter>[1-4])-(?P<code>{CODE.pattern})-(?P<document>{'|'.join(EXTENSIONS)})"
    r"(?P<concept>-CONCEPT)?\.(?P<extension>xlsx|pdf|txt)"
)


@dataclass(frozen=True)
class Name:
    """What the name of a file tells."""

    year: int
    quarter: int
    code: str
    document: str
    is_concept: bool

    @property
    def path(self) -> PurePosixPath:
        """Below the folder of all documents: one folder per organisation."""
        concept = "-CONCEPT" if self.is_concept else ""
        file = f"Wlz-{self.year}-KW{self.quarter}-{self.code}-{self.document}{concept}.{EXTENSIONS[self.document]}"
        return PurePosixPath(self.code) / file


def name(report: Report, document: str) -> Name:
    return Name(report.statement.year, report.statement.quarter, report.code, document, not report.is_final)


def parse(path: PurePosixPath) -> Name | None:
    """The other way round; None for a file that no name belongs to."""
    found = PATTERN.fullmatch(path.name)
    if found is None:
        return None
    told = Name(
        int(found["year"]), int(found["quarter"]), found["code"], found["document"], found["concept"] is not None
    )
    return told if told.path == path else None


def owed(report: Report, *, with_dossier: bool = False) -> list[str]:
    """The documents of an organisation, in the order in which a reader wants them."""
    listed = [STATEMENT]
    if report.owes_board_statement:
        listed.append(BOARD_STATEMENT)
    if report.missing:
        listed += [ESTIMATE, LETTER]
    if report.owes_board_statement or with_dossier:
        listed.append(DOSSIER)
    return listed
