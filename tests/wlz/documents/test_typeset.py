"""The PDFs as their readers open them: what they say, that they can be kept, that nobody overlooks a concept."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pypdf
import pytest

from tests.wlz.documents.reports import ERROR, PROVIDER, UNNAMED, concept, report, uitvoerder, with_a_year_before
from zorgstat import __version__
from zorgstat.checks import Finding
from zorgstat.wlz.documents import typeset
from zorgstat.wlz.documents.content import Report


def opened(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def words(content: bytes) -> str:
    """The text of all pages; lines and spaces are not what this is about."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in opened(content).pages))


def fonts(reader: pypdf.PdfReader) -> dict[str, bool]:
    """Name -> is it in the file?"""
    found = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            [inner] = font.get_object()["/DescendantFonts"]
            descriptor = inner.get_object()["/FontDescriptor"].get_object()
            found[str(font.get_object()["/BaseFont"])] = any(
                f"/FontFile{kind}" in descriptor for kind in ("", "2", "3")
            )
    return found


@pytest.mark.parametrize("made", [report(), concept(), uitvoerder(), report(name=None)])
def test_the_board_signs_one_page_in_the_words_of_the_handbook(made: Report) -> None:
    content = typeset.board_statement(made)
    assert len(opened(content).pages) == 1
    text = words(content)
    for part in (
        "Bestuursverklaring bij het aantal verzekerden Wlz",
        "Het bestuur van",
        *([made.name] if made.name else []),
        "(statutaire naam Wlz uitvoerder)",
        "verklaart dat",
        "de verzekerdenstanden Wlz in de 2e kwartaalstaat 2023 Wlz uitvoerder juist zijn en voldoen aan de "
        "specificaties zoals die door het Zorginstituut zijn opgenomen in het Handboek informatievraag Wlz 2023.",
        "In het elektronische format, dat aan het Zorginstituut is gezonden, is het volgende aantal opgenomen:",
        "1.058.022 verzekerden Wlz op de peildatum 1 juli 2023",
        "De Wlz uitvoerder heeft een dossier opgebouwd waarin is aangegeven:",
        "hoe de betreffende gegevens tot stand zijn gekomen;",
        "welke maatregelen zijn getroffen om de juistheid te waarborgen.",
        "Dit dossier is beschikbaar voor review door de Nederlandse Zorgautoriteit.",
        "Naam:",
        "Datum:",
        "Plaats:",
        "Handtekening:",
    ):
        assert part in text


@pytest.mark.parametrize("make", [typeset.board_statement, typeset.dossier])
def test_a_concept_is_marked_on_every_page_and_says_why(make: Callable[[Report], bytes]) -> None:
    for page in opened(make(concept())).pages:
        assert "CONCEPT" in page.extract_text()
    assert ERROR.detail in words(make(concept()))
    assert "CONCEPT" not in words(make(report()))
    assert "niet ondertekenen" not in words(make(report()))


@pytest.mark.parametrize("make", [typeset.board_statement, typeset.dossier])
def test_pdf_a_with_its_fonts_inside(make: Callable[[Report], bytes]) -> None:
    content = make(concept(missing=[PROVIDER]))
    reader = opened(content)
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert fonts(reader)
    assert all(fonts(reader).values())
    assert all("Libertinus" in name or "DejaVu" in name for name in fonts(reader))
    assert reader.trailer["/Root"]["/Lang"] == "nl-NL"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert not reader.get_fields()


def test_what_a_pdf_says_of_itself() -> None:
    told = opened(typeset.board_statement(report())).metadata
    assert told is not None
    assert told.title == "Bestuursverklaring bij het aantal verzekerden Wlz 2023"
    assert told.keywords == (
        "document=bestuursverklaring, run=wlz-2023-2-002-0a1b2c, organisatie=5505, status=definitief, "
        f"zorgstat={__version__}, verzekerden_totaal=1058022"
    )


def test_a_reviewer_can_follow_the_dossier() -> None:
    text = words(typeset.dossier(with_a_year_before(report(missing=[PROVIDER, UNNAMED]))))
    for part in (
        "Dossier bij de kwartaalstaat",
        "Zorgkantoor Voorbeeldland (5505)",
        "Status definitief",
        "1. De cijfers",
        "Realisatie productie en kosten, uit declaraties: 4 prestatiecodes € 99.999.699",
        "Beheerskosten: overig € −1.200",  # noqa: RUF001
        "Verzekerdenstand op 1 juli 2023: totaal 1.058.022",
        "Stichting De Hof & Zn. <Noord> (12000001) 1e kwartaal 2023 € 123.456.789 € 31.257",
        "12000002 2e kwartaal 2023 € 1.000.000 € 0",
        "Run wlz-2023-2-002-0a1b2c",
        "Gepubliceerd 14 augustus 2023, 09.30 uur (UTC)",
        "zorgstat 0.1.0",
        "sail 0.7.2",
        "wlz_claims goedgekeurde declaratieregels (AW319) 7 1.234.567",
        "wlz_insured inschrijvingen van verzekerden 3 –",  # noqa: RUF001
        "De rijen van de invoer zijn niet geteld",  # not all of them
        "known_at 2023-08-14",
        "wlz_statement_lines regels van de staat 567 567:-12:34",
        "in orde 0 Elk totaal is de som van zijn regels",
        "let op 1 De gelezen versies van de invoer blijven lang genoeg bewaard retention_too_short: Een tabel bewaart",
        "12 Creditregels zonder debetregel: 12.",
        "2e kwartaal 2023 vergeleken met 2e kwartaal 2022",
        "Run wlz-2022-2-001-aaaaaa",
        "Aantal pgb-houders op 30 juni 2023 4.821 4.383 +438 +10,0%",
        "Aantal pgb-houders met huisbezoek(en) in 2022 873 0 +873 n.v.t.",
        "Beheerskosten: totaal € 1.579.045 € 1.579.045 0 0,0%",
    ):
        assert part in text, part


@pytest.mark.parametrize("many", [0, 1, 7, 13, 40])
def test_a_dossier_of_any_length_is_set(many: int) -> None:
    """Tables that go on over pages, under the watermark too: PDF/UA is strict about what a table holds."""
    for made in (report(missing=[PROVIDER] * many), concept(missing=[UNNAMED] * many)):
        more = tuple(Finding(f"rule_{place}", "warning", place, "Een waarschuwing. " * place) for place in range(many))
        checks = made.provenance.checks * many
        longer = replace(made, findings=made.findings + more, provenance=replace(made.provenance, checks=checks))
        reader = opened(typeset.dossier(with_a_year_before(longer)))
        assert len(reader.pages) >= 2 + many // 7
        assert f"{len(reader.pages)} van {len(reader.pages)}" in reader.pages[-1].extract_text()


def test_without_an_earlier_statement_the_dossier_says_so() -> None:
    text = words(typeset.dossier(uitvoerder(1)))
    assert "Over het 1e kwartaal 2022 is van deze organisatie geen eerdere staat beschikbaar" in text
    assert "Over het 4e kwartaal 2022 is van deze organisatie geen eerdere staat beschikbaar" in text
    beside_a_year = words(typeset.dossier(with_a_year_before(report())))
    assert "Over het 1e kwartaal 2023 is van deze organisatie geen eerdere staat beschikbaar" in beside_a_year
    assert "Over het 2e kwartaal 2022 is" not in beside_a_year


@pytest.mark.parametrize("name", ['#let x = 1 "aanhaling" \\ $a$ *vet* @x', "Ω 字 😀 Ångström", "a" * 300])
def test_a_name_is_never_markup_and_never_breaks_the_page(name: str) -> None:
    """Signs that the fonts have not become question marks: PDF/A wants every sign in the file."""
    made = replace(report(), name=name)
    text = words(typeset.board_statement(made))
    shown = "".join("?" if letter in "Ω字😀" else letter for letter in name)
    assert shown.replace(" ", "") in text.replace(" ", "")
    assert len(opened(typeset.board_statement(made)).pages) == 1
    typeset.dossier(made)


def test_the_same_statement_gives_the_same_bytes() -> None:
    assert typeset.board_statement(report()) == typeset.board_statement(report())
    assert typeset.dossier(concept()) == typeset.dossier(concept())
