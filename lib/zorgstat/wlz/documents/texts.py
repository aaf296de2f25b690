"""Dutch: numbers, dates and sentences as the documents write them. What the handbook prescribes is a dated list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from zorgstat import codes
from zorgstat.wlz import due
from zorgstat.wlz.calendar import (
    ADMIN_COSTS,
    INSURED,
    PGB_HOLDERS,
    PGB_HOME_VISITS,
    PGB_TALKS,
    PRODUCTION,
    Part,
    Statement,
)

SHEETS = {
    PRODUCTION.name: "Productie en kosten",
    PGB_HOLDERS.name: "PGB-houders",
    PGB_HOME_VISITS.name: "PGB-huisbezoeken",
    PGB_TALKS.name: "Bewustekeuzegesprekken",
    ADMIN_COSTS.name: "Beheerskosten",
    INSURED.name: "Verzekerden",
}
# Names of single cells, by which a workbook that comes back can be read.
CELLS = {
    (PGB_HOLDERS.name, "total"): "pgb_houders",
    (PGB_HOME_VISITS.name, "total"): "pgb_huisbezoeken",
    (PGB_TALKS.name, "total"): "pgb_gesprekken",
    (ADMIN_COSTS.name, "internal_staff"): "beheerskosten_intern",
    (ADMIN_COSTS.name, "external_staff"): "beheerskosten_extern",
    (ADMIN_COSTS.name, "other"): "beheerskosten_overig",
    (ADMIN_COSTS.name, "total"): "beheerskosten_totaal",
    (INSURED.name, "man_under_65"): "verzekerden_man_tot_65",
    (INSURED.name, "woman_under_65"): "verzekerden_vrouw_tot_65",
    (INSURED.name, "total_under_65"): "verzekerden_totaal_tot_65",
    (INSURED.name, "man_65_plus"): "verzekerden_man_vanaf_65",
    (INSURED.name, "woman_65_plus"): "verzekerden_vrouw_vanaf_65",
    (INSURED.name, "total_65_plus"): "verzekerden_totaal_vanaf_65",
    (INSURED.name, "man"): "verzekerden_man",
    (INSURED.name, "woman"): "verzekerden_vrouw",
    (INSURED.name, "total"): "verzekerden_totaal",
}
# A line of a part in the dossier, beside the heading of the part.
LINES = {
    "internal_staff": "intern personeel",
    "external_staff": "extern personeel",
    "other": "overig",
    "total": "totaal",
    "man_under_65": "man, 64 jaar en jonger",
    "woman_under_65": "vrouw, 64 jaar en jonger",
    "total_under_65": "totaal, 64 jaar en jonger",
    "man_65_plus": "man, 65 jaar en ouder",
    "woman_65_plus": "vrouw, 65 jaar en ouder",
    "total_65_plus": "totaal, 65 jaar en ouder",
    "man": "man",
    "woman": "vrouw",
}
# How a part comes about: on its sheet, and in the dossier.
METHODS = {
    PRODUCTION.name: (
        "Goedgekeurde AW319-regels met een begindatum in het kwartaal, debet min credit, per prestatiecode. Latere "
        "correcties op eerdere kwartalen staan er niet in. Elke regel is afgerond op hele euro's; het totaal is de som "
        "van de regels. De declaraties zelf gaan uiterlijk {claims_due} via Vektis."
    ),
    PGB_HOLDERS.name: (
        "Budgethouders met een toegekend budget dat op 30 juni {year} liep. Een budget eindigt op de einddatum, op de "
        "dag vóór het overlijden of twee maanden na een opname die dan nog duurt; de vroegste van deze dagen geldt. "
        "Iedereen telt één keer mee."
    ),
    PGB_HOME_VISITS.name: (
        "Personen bij wie in {prior_year} een fysiek huisbezoek heeft plaatsgevonden, niet gecombineerd met een "
        "bewustekeuzegesprek. De uitkomst van het bezoek is vóór 1 januari {year} vastgelegd. Iedereen telt één keer "
        "mee."
    ),
    PGB_TALKS.name: (
        "Nieuwe aanvragers met wie in {year} een bewustekeuzegesprek is gevoerd, ook als er geen budget op volgde. "
        "Iedereen telt één keer mee."
    ),
    ADMIN_COSTS.name: (
        "Alleen de kosten van dit kwartaal, inclusief iWlz. Elke categorie is opgeteld in centen en één keer afgerond "
        "op hele euro's; het totaal is de som van de drie regels."
    ),
    INSURED.name: (
        "Verzekerden die op 1 juli {year} waren ingeschreven, ook als zij in het buitenland wonen. De leeftijd is die "
        "op 1 juli: wie op 1 juli 65 wordt, telt mee bij 65 jaar en ouder. Iedereen telt één keer mee."
    ),
}
# What the input tables hold: for a reader who does not know their names.
INPUTS = {
    "wlz_organisations": "zorgkantoren en Wlz-uitvoerders",
    "wlz_claims": "goedgekeurde declaratieregels (AW319)",
    "wlz_pgb_grants": "toegekende persoonsgebonden budgetten",
    "wlz_deaths": "overlijdens",
    "wlz_admissions": "opnames in een instelling",
    "wlz_home_visits": "huisbezoeken",
    "wlz_conscious_choice_talks": "bewustekeuzegesprekken",
    "wlz_admin_costs": "beheerskosten",
    "wlz_insured": "inschrijvingen van verzekerden",
    "wlz_providers": "zorgaanbieders en hun opvolgers",
}
OUTPUTS = {
    "wlz_production": "productie en kosten per prestatie",
    "wlz_statement_lines": "regels van de staat",
    "wlz_missing_providers": "zorgaanbieders zonder declaraties",
    "wlz_missing_estimates": "schattingen voor zorgaanbieders zonder declaraties",
    "wlz_findings": "bevindingen",
}
# What the checks of a run ask.
CHECKS = {
    "setting_without_effect": "Elke instelling heeft gevolgen voor deze staat",
    "retention_too_short": "De gelezen versies van de invoer blijven lang genoeg bewaard",
    "withdrawn_before": "Deze staat is niet eerder ingetrokken, met dezelfde invoer, instellingen en software",
    "known_before_the_end": "De dag van 'Gegevens zoals bekend op' ligt na het einde van het kwartaal",
    "prior_year_is_there": "De invoer bevat het jaar ervoor, waar de staat ernaar vraagt",
    "stored_as_computed": "De opgeslagen rijen zijn de berekende rijen",
    "values_are_there": "Verplichte velden zijn gevuld",
    "somebody_owes_a_statement": "Er is een organisatie die een staat moet leveren",
    "every_line_is_there": "Elke organisatie heeft elke regel van elk onderdeel",
    "totals_add_up": "Elk totaal is de som van zijn regels",
    "no_people_below_zero": "Geen enkel aantal personen is negatief",
    "production_comes_from_claims": "Er zijn niet meer prestaties dan declaratieregels",
    "euros_are_rounded_cents": "Elk bedrag in hele euro's is het afgeronde bedrag in centen",
    "missing_providers_are_found": "Elke ontbrekende zorgaanbieder is als bevinding gemeld",
    "estimates_are_of_missing_providers": "Er zijn alleen schattingen voor ontbrekende zorgaanbieders",
    "findings_count_something": "Elke bevinding telt ten minste één geval",
}
# What it means when a check of a published run finds something, and what to do; other checks keep it from publication.
REMARKS = {
    "setting_without_effect": "Een instelling verandert geen enkel cijfer. Verwijder haar of verbeter de naam.",
    "retention_too_short": (
        "Een tabel bewaart de gelezen versie korter dan een jaar; na die termijn kan deze staat niet opnieuw worden "
        "gemaakt. Stel delta.deletedFileRetentionDuration en delta.logRetentionDuration van de invoertabellen in op "
        "een jaar."
    ),
    "withdrawn_before": (
        "Een eerdere staat met dezelfde invoer, instellingen en software is ingetrokken; deze heeft dezelfde cijfers. "
        "Ga na of de reden van toen is weggenomen; trek deze staat anders ook in."
    ),
    "known_before_the_end": (
        "De laatste dagen van het kwartaal kunnen nog niet bekend zijn. Maak de staat opnieuw met een latere dag bij "
        "'Gegevens zoals bekend op' (known_at)."
    ),
    "prior_year_is_there": (
        "Zonder declaraties van het jaar ervoor ontbreekt geen enkele zorgaanbieder en wordt er niets geschat; zonder "
        "huisbezoeken van dat jaar telt er geen mee. Neem ook dat jaar op in de invoer en maak de staat opnieuw."
    ),
}


@dataclass(frozen=True)
class Address:
    """Where a document goes, and by when; without an address it stays with the organisation."""

    address: str
    upload: str
    due_on: date | None


def prescribed(document: str, statement: Statement) -> dict[str, str]:
    """The words of a document that the handbook fixes, by key, with the year and quarter filled in."""
    listed = codes.rows("wlz_document_texts", on=statement.last_day)
    return {row["key"]: fill(row["text"], statement) for row in listed if row["document"] == document}


def address(document: str, statement: Statement) -> Address:
    [row] = [row for row in codes.rows("wlz_addresses", on=statement.last_day) if row["document"] == document]
    days: Mapping[str, date | None] = {"statement": statement.due_on, "claims": statement.claims_due_on, "": None}
    return Address(row["address"], row["upload"], days[row["due"]])


def fill(text: str, statement: Statement) -> str:
    return text.format(
        year=statement.year,
        prior_year=statement.year - 1,
        quarter=statement.quarter,
        claims_due=day(statement.claims_due_on),
    )


def title(part: Part, statement: Statement) -> str:
    """Of a part, as a line of a list."""
    text = due.TITLES[part.name].format(year=statement.year, prior_year=statement.year - 1)
    return text[0].upper() + text[1:]


def number(value: int) -> str:
    """1234567 -> 1.234.567."""
    return f"{value:,}".replace(",", ".").replace("-", "\N{MINUS SIGN}")


def performances(count: int) -> str:
    return f"{number(count)} prestatiecode{'' if count == 1 else 's'}"


def euro(value: int) -> str:
    return f"€\N{NO-BREAK SPACE}{number(value)}"


def euro_of_cents(cents: int) -> str:
    """Whole euros, half away from zero."""
    whole = (abs(cents) + 50) // 100
    return euro(whole if cents >= 0 else -whole)


def change(now: int, before: int) -> str:
    """The difference in per cent, with one decimal, half away from zero; nothing to compare with zero."""
    if before == 0:
        return "" if now == 0 else "n.v.t."
    tenths = (2000 * abs(now - before) + abs(before)) // (2 * abs(before))
    sign = "" if tenths == 0 else "+" if now > before else "\N{MINUS SIGN}"
    return f"{sign}{number(tenths // 10)},{tenths % 10}%"


def difference(now: int, before: int) -> str:
    return ("+" if now > before else "") + number(now - before)


def day(value: date) -> str:
    """14 augustus 2023."""
    return f"{value.day} {due.MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    return f"{day(value)}, {value:%H.%M} uur (UTC)"


def quarter(statement: Statement) -> str:
    return f"{statement.quarter}e kwartaal {statement.year}"
