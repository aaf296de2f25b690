"""The two PDFs, typeset by typst: the board statement and the dossier (handbook 1.2 and 4).

PDF/A-2a and PDF/UA-1: they can be kept, fonts and all, and read aloud. The fonts are those in the wheel of typst; the
same statement gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from zorgstat import __version__
from zorgstat.checks import Finding
from zorgstat.errors import SettingsError
from zorgstat.wlz.calendar import IN_EURO, INSURED, PRODUCTION, Statement
from zorgstat.wlz.documents import names, texts
from zorgstat.wlz.documents.content import Earlier, Report

# Beside Latin letters: line end, dashes, quotation marks, bullet, ellipsis, euro and minus.
SIGNS = {0x0A, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x20AC, 0x2212}
TEMPLATES = {names.BOARD_STATEMENT: "board_statement", names.DOSSIER: "dossier"}
NOT_COUNTED = "\N{EN DASH}"


def board_statement(report: Report) -> bytes:
    """What the board signs: its words are the handbook's, name and number are filled in, the rest is left open."""
    insured = report.figures.lines[INSURED.name]["total"]
    words = texts.prescribed(names.BOARD_STATEMENT, report.statement)
    return _typeset(
        names.BOARD_STATEMENT, report, {"words": words, "name": report.name, "insured": texts.number(insured)},
        description=f"{report.code}: {texts.number(insured)} {words['insured']}",
        keywords=[f"{texts.CELLS[INSURED.name, 'total']}={insured}"],
    )  # fmt: skip


def dossier(report: Report) -> bytes:
    """How the figures came about, and what was done to have them right: for a review by the NZa."""
    origin, statement = report.provenance, report.statement
    told = {
        "title": f"Dossier bij de kwartaalstaat Wlz, {texts.quarter(statement)}",
        "organisation": report.title,
        "facts": [
            ("Status", report.status),
            ("Staat in te zenden uiterlijk", texts.day(statement.due_on)),
            ("Gegevens zoals bekend op", texts.day(report.known_at)),
            ("Bevindingen", f"fouten: {_count(report, 'error')}, waarschuwingen: {_count(report, 'warning')}"),
        ],
        "figures": figures(report),
        "methods": [
            (texts.title(part, statement), texts.fill(texts.METHODS[part.name], statement)) for part in report.parts
        ],
        "missing": [
            (
                f"{provider.name} ({provider.agb})" if provider.name else provider.agb,
                texts.quarter(provider.told_since),
                texts.euro_of_cents(provider.prior_year_amount_cents),
                texts.euro(sum(row.amount_euro for row in provider.estimates)),
            )
            for provider in report.missing
        ],
        "provenance": [
            ("Run", origin.run_id),
            ("Gepubliceerd", texts.moment(origin.published_at)),
            ("Software", f"zorgstat {origin.software}"),
            ("Rekenprogramma", origin.engine),
        ],
        "inputs": [
            (
                table.name,
                texts.INPUTS.get(table.name, ""),
                str(table.version),
                NOT_COUNTED if table.rows is None else texts.number(table.rows),
            )
            for table in origin.inputs
        ],
        "inputs_counted": all(table.rows is not None for table in origin.inputs),
        "settings": [(name, _setting(value)) for name, value in origin.settings.items()],
        "outputs": [
            (table.name, texts.OUTPUTS.get(table.name, ""), texts.number(table.rows), table.checksum)
            for table in origin.outputs
        ],
        "checks": [(_verdict(check), texts.number(check.count), *_explained(check)) for check in origin.checks],
        "errors": _listed(report.findings, "error"),
        "warnings": _listed(report.findings, "warning"),
        "unknown_rows": texts.number(origin.unknown_rows) if origin.unknown_rows else "",
        "not_there": [
            texts.quarter(other)
            for other in statement.to_compare
            if other not in [earlier.statement for earlier in report.earlier]
        ],
        "comparisons": [
            {"title": _against(earlier.statement, statement), "run": earlier.run_id, "rows": compare(report, earlier)}
            for earlier in report.earlier
        ],
    }
    return _typeset(names.DOSSIER, report, told, description=f"{report.code}: {told['title']}", keywords=[])


def figures(report: Report) -> list[tuple[str, str]]:
    """Every line of the statement, production as its total."""
    shown = []
    for part in report.parts:
        name = texts.title(part, report.statement)
        if part is PRODUCTION:
            shown.append(
                (
                    f"{name}: {texts.performances(len(report.figures.production))}",
                    texts.euro(report.figures.production_euro),
                )
            )
        for line in part.lines:
            value = report.figures.lines[part.name][line]
            shown.append((_name(name, part.lines, line), _value(part.name, value)))
    return shown


def compare(report: Report, earlier: Earlier) -> list[tuple[str, str, str, str, str]]:
    """The lines that both statements have, then and now."""
    rows = []
    for part in report.parts:
        name = texts.title(part, report.statement)
        if part is PRODUCTION and (report.figures.production or earlier.figures.production):
            now, then = report.figures.production_euro, earlier.figures.production_euro
            rows.append(_compared(f"{name}: totaalbedrag", PRODUCTION.name, now, then))
        for line in part.lines:
            before = earlier.figures.value(part.name, line)
            if before is not None:
                now = report.figures.lines[part.name][line]
                rows.append(_compared(_name(name, part.lines, line), part.name, now, before))
    return rows


def _compared(name: str, part: str, now: int, then: int) -> tuple[str, str, str, str, str]:
    return (name, _value(part, now), _value(part, then), texts.difference(now, then), texts.change(now, then))


def _name(part: str, lines: Sequence[str], line: str) -> str:
    return part if len(lines) == 1 else f"{part}: {texts.LINES[line]}"


def _value(part: str, value: int) -> str:
    return texts.euro(value) if part in IN_EURO else texts.number(value)


def _against(then: Statement, now: Statement) -> str:
    return f"{texts.quarter(now)} vergeleken met {texts.quarter(then)}"


def _count(report: Report, severity: str) -> int:
    return sum(1 for found in report.findings if found.severity == severity)


def _listed(findings: Sequence[Finding], severity: str) -> list[tuple[str, str]]:
    return [(texts.number(found.count), found.detail) for found in findings if found.severity == severity]


def _verdict(check: Finding) -> str:
    return "in orde" if check.count == 0 else "fout" if check.is_error else "let op"


def _explained(check: Finding) -> tuple[str, str]:
    """What the check asks; its name, and when it found something what that means."""
    found = f"{check.rule}: {texts.REMARKS.get(check.rule, check.detail)}" if check.count else check.rule
    return texts.CHECKS.get(check.rule, check.rule), found


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_setting(each)}" for name, each in value.items())
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _typeset(
    document: str, report: Report, told: Mapping[str, Any], *, description: str, keywords: Sequence[str]
) -> bytes:
    try:
        import typst
    except ImportError:
        raise SettingsError("a PDF needs the library typst: pip install zorgstat.") from None
    statement, origin = report.statement, report.provenance
    at = origin.published_at
    data = {
        **told,
        "is_final": report.is_final,
        "blocking": [found.detail for found in report.blocking],
        "year": statement.year,
        "quarter": texts.quarter(statement),
        "at": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "description": description,
        "keywords": [
            *(f"document={document}", f"run={origin.run_id}", f"organisatie={report.code}", f"status={report.status}"),
            f"zorgstat={__version__}",
            *keywords,
        ],
        "footer": f"{report.code} \N{MIDDLE DOT} run {origin.run_id}",
    }
    source = "\n".join(_template(name) for name in ("house", TEMPLATES[document]))
    data_text = json.dumps(_printable(data), ensure_ascii=False)
    made = typst.compile(
        source.encode(), ignore_system_fonts=True, sys_inputs={"data": data_text}, pdf_standards=["a-2a", "ua-1"],
        timestamp=int(at.timestamp()),
    )  # fmt: skip
    return bytes(made)


def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / f"{name}.typ").read_text(encoding="utf-8")


def _printable(value: Any) -> Any:
    """What the fonts have no sign for would make a PDF that may not be called PDF/A: a question mark instead."""
    if isinstance(value, str):
        return "".join(letter if _has_sign(letter) else "?" for letter in value)
    if isinstance(value, Mapping):
        return {key: _printable(each) for key, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, (list, tuple)) else value


def _has_sign(letter: str) -> bool:
    """Latin letters, points and signs: what Libertinus Serif holds of them."""
    place = ord(letter)
    return 0x20 <= place <= 0x7E or 0xA0 <= place <= 0x17F or place in SIGNS
