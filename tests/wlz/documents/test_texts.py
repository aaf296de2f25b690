"""Dutch as it is written: points in thousands, a comma before decimals, months in words; dated words and addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.wlz.documents.reports import ERROR, PROVIDER, UNNAMED, WARNING, report
from zorgstat.wlz.calendar import PARTS, QUARTERS, Statement
from zorgstat.wlz.documents import letter, names, texts, workbook
from zorgstat.wlz.documents.content import Figures, Performance, Report, faults, kind_of
from zorgstat.wlz.findings import RULES
from zorgstat.wlz.tables import INPUTS, OUTPUTS


def test_numbers_and_days() -> None:
    assert [texts.number(value) for value in (0, 999, 1_000, 1_058_022)] == ["0", "999", "1.000", "1.058.022"]
    assert texts.number(-1_200) == "\N{MINUS SIGN}1.200"
    assert texts.euro(1_579_045) == "€\N{NO-BREAK SPACE}1.579.045"
    assert [texts.euro_of_cents(cents) for cents in (49, 50, -49, -50)] == [
        texts.euro(value) for value in (0, 1, 0, -1)
    ]
    assert texts.day(date(2024, 3, 1)) == "1 maart 2024"


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (110, 100, "+10,0%"),
        (90, 100, "\N{MINUS SIGN}10,0%"),
        (1, 3, "\N{MINUS SIGN}66,7%"),
        (2_001, 2_000, "+0,1%"),  # 0.05 is rounded away from zero
        (10_001, 10_000, "0,0%"),
        (0, 0, ""),
        (5, 0, "n.v.t."),
        (-50, -100, "+50,0%"),
        (3_000, 100, "+2.900,0%"),
    ],
)
def test_changes_in_per_cent(now: int, before: int, told: str) -> None:
    assert texts.change(now, before) == told


def test_nothing_is_without_dutch_words() -> None:
    """What the tables and rules can say, the documents can say."""
    named = {(part.name, line) for part in PARTS for line in part.lines}
    assert named == texts.CELLS.keys()
    assert {part.name for part in PARTS} == texts.SHEETS.keys() == texts.METHODS.keys()
    assert {line for part in PARTS for line in part.lines if len(part.lines) > 1} == texts.LINES.keys()
    assert {table.name for table in INPUTS} == texts.INPUTS.keys()
    assert {table.name for table in OUTPUTS} == texts.OUTPUTS.keys()
    assert all(rule.what for rule in RULES)
    assert len(set(texts.CELLS.values())) == len(texts.CELLS)
    assert all(len(name) <= 31 for name in texts.SHEETS.values())


@pytest.mark.parametrize("quarter", QUARTERS)
def test_every_document_has_an_address_and_words(quarter: int) -> None:
    asked = Statement(2023, quarter)
    due = {document: texts.address(document, asked).due_on for document in names.EXTENSIONS}
    assert due == {
        names.STATEMENT: asked.due_on,
        names.BOARD_STATEMENT: asked.due_on,
        names.ESTIMATE: asked.claims_due_on,
        names.LETTER: asked.claims_due_on,
        names.DOSSIER: None,
    }
    for document in (names.STATEMENT, names.BOARD_STATEMENT, names.ESTIMATE):
        assert texts.prescribed(document, asked)
        assert not [text for text in texts.prescribed(document, asked).values() if "{" in text]


def test_the_letter_tells_who_since_when_and_how() -> None:
    text = letter.write(report(missing=[PROVIDER, UNNAMED]))
    for part in (
        "Aan: FCInformatie@zinl.nl, uiterlijk 24 augustus 2023",
        "Onderwerp: Ontbrekende Wlz-declaraties 2e kwartaal 2023, Zorgkantoor Voorbeeldland (5505)",
        "Bijlage: Wlz-2023-KW2-5505-schatting-ontbrekende-declaraties.xlsx",
        "ontbreken de declaraties van 2 zorgaanbieders die bij dit zorgkantoor in 2022 per saldo meer dan één miljoen "
        "euro declareerden. Daarvan had Zorgkantoor Voorbeeldland op",
        "Stichting De Hof & Zn. <Noord>, AGB-code 12000001\n  In elk geval sinds 1 april 2023 geen declaraties. "
        "Ook ontbrekend in de staten vanaf het 1e kwartaal 2023, zoals die toen zijn opgesteld.\n"
        "  Declaraties 2022: €\N{NO-BREAK SPACE}123.456.789,05.\n"
        "  Schatting van het kwartaal: €\N{NO-BREAK SPACE}31.257, 2 prestatiecodes.",
        "AGB-code 12000002\n  In elk geval sinds 1 april 2023 geen declaraties.\n",
        "(1 april 2022 tot en met 31 maart 2023)",
        "gedeeld door vier",
        "dan is het jaar 2022 door vier gedeeld",
    ):
        assert part in text, part
    assert "CONCEPT" not in text
    alone = letter.write(report(missing=[UNNAMED]))
    assert "de declaraties van één zorgaanbieder die" in alone
    assert " meer dan één miljoen euro declareerde. " in alone
    late = letter.write(report(missing=[UNNAMED], known_at=date(2023, 9, 1)))  # a correction, after the due date
    assert "Daarvan had Zorgkantoor Voorbeeldland op 1 september 2023 geen enkele declaratieregel" in late
    concept = letter.write(report(missing=[UNNAMED], findings=[ERROR, WARNING]))
    assert concept.startswith(f"CONCEPT: nog niet verzenden.\n- {ERROR.detail}\n\nAan: ")  # a warning keeps nobody


def test_names_of_files_can_be_read_back() -> None:
    of_quarters = [report(quarter, missing=[PROVIDER]) for quarter in QUARTERS]
    for made in (*of_quarters, report(findings=[ERROR], missing=[PROVIDER])):
        for document in names.owed(made):
            name = names.name(made, document)
            assert names.parse(name.path) == name
            assert ("CONCEPT" in name.path.name) != made.is_final
    assert [bool(names.CODE.fullmatch("a" * length)) for length in (0, 1, 8, 9)] == [False, True, True, False]
    assert str(names.name(report(), names.STATEMENT).path) == "5505/Wlz-2023-KW2-5505-kwartaalstaat.xlsx"


@pytest.mark.parametrize(
    ("made", "owed"),
    [
        (report(1), ["kwartaalstaat"]),
        (report(2), ["kwartaalstaat", "bestuursverklaring", "dossier"]),
        (report(4, missing=[PROVIDER]), ["kwartaalstaat", "schatting-ontbrekende-declaraties", "begeleidende-tekst"]),
    ],
)
def test_what_is_owed(made: Report, owed: list[str]) -> None:
    assert names.owed(made) == owed
    assert set(names.owed(made, with_dossier=True)) == {*owed, "dossier"}


def test_rows_that_make_no_whole_statement_are_told() -> None:
    made = report(1)
    assert faults(made) == []
    lines = {part: dict(of_part) for part, of_part in made.figures.lines.items()}
    lines["admin_costs"]["total"] += 1
    lines["insured"] = {"total": 3}
    bad = report(1, figures=Figures(lines, (Performance("123456782", 1, 1),)))
    assert faults(bad) == [
        "5505: admin_costs, total is not the sum of its lines.",
        "5505: insured is not owed in quarter 1.",
        "5505: 1 codes of performances or providers look like a bsn; mend the claims.",
    ]
    unnamed = replace(UNNAMED, agb="a/b")
    assert faults(report(1, missing=[unnamed])) == [
        "5505: 1 missing providers have an AGB code that cannot name a sheet."
    ]
    assert faults(report(1, missing=[replace(UNNAMED, agb="a" * 31)])) == []
    assert faults(report(1, missing=[replace(UNNAMED, agb="a" * 32)])) == [  # Excel knows no longer name of a sheet
        "5505: 1 missing providers have an AGB code that cannot name a sheet."
    ]
    twins = [replace(UNNAMED, agb="75abc"), replace(UNNAMED, agb="75ABC")]
    assert faults(report(1, missing=twins)) == [
        "5505: 1 missing providers have an AGB code that differs from another by case only."
    ]
    assert "123456782" not in " ".join(faults(bad))
    longer = Performance("1234567890", 1, 1)  # no bsn has ten digits
    assert faults(report(1, figures=Figures(made.figures.lines, (longer,)))) == []
    estimated = replace(UNNAMED, estimates=(Performance("123456782", 1, 1),))
    for provider in (estimated, replace(UNNAMED, agb="123456782")):
        assert faults(report(1, missing=[provider])) == [
            "5505: 1 codes of performances or providers look like a bsn; mend the claims."
        ]
    within = Figures(made.figures.lines, (Performance("Z123456782", 1, 1), Performance("123456782Z", 1, 1)))
    assert faults(report(1, figures=within)) == [
        "5505: 2 codes of performances or providers look like a bsn; mend the claims."
    ]
    assert faults(report(2, figures=made.figures))[0] == "5505: pgb_holders has no line total."


def test_who_is_a_zorgkantoor_can_be_seen_from_the_rows() -> None:
    for quarter in QUARTERS:
        assert kind_of(report(quarter).figures, ()) == "zorgkantoor"
        assert kind_of(report(quarter, "uitvoerder").figures, ()) == "uitvoerder"
    nothing = Figures(report(1).figures.lines)
    assert kind_of(nothing, [ERROR]) == "uitvoerder"
    assert kind_of(nothing, [replace(ERROR, rule="claims_missing")]) == "zorgkantoor"


def test_contact_cells_have_names_of_their_own() -> None:
    assert len({workbook.contact_cell(label) for label in workbook.CONTACT}) == len(workbook.CONTACT)
