"""The covering letter with an estimate, as plain text to mail (handbook 2)."""

from __future__ import annotations

from datetime import timedelta

from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.documents import names, texts
from zorgstat.wlz.documents.content import MissingProvider, Report


def write(report: Report) -> str:
    """Which providers, since when, how their claims were estimated."""
    statement = report.statement
    where = texts.address(names.LETTER, statement)
    due_on = f", uiterlijk {texts.day(where.due_on)}" if where.due_on else ""
    count = len(report.missing)
    who, declared = (
        ("één zorgaanbieder die", "declareerde") if count == 1 else (f"{count} zorgaanbieders die", "declareerden")
    )
    concept = (
        [] if report.is_final else ["CONCEPT: nog niet verzenden.", *[f"- {f.detail}" for f in report.blocking], ""]
    )
    before = statement.first_day - timedelta(days=1)
    four_quarters = f"{texts.day(statement.last_quarters_start)} tot en met {texts.day(before)}"
    lines = [
        *concept,
        f"Aan: {where.address}{due_on}",
        f"Onderwerp: Ontbrekende Wlz-declaraties {texts.quarter(statement)}, {report.title}",
        f"Bijlage: {names.name(report, names.ESTIMATE).path.name}",
        "",
        "Geachte heer, mevrouw,",
        "",
        f"In de declaraties over het {texts.quarter(statement)} die via Vektis zijn geleverd, ontbreken de declaraties "
        f"van {who} bij dit zorgkantoor in {statement.year - 1} per saldo meer dan één miljoen euro {declared}. "
        f"Daarvan had {report.name or f'zorgkantoor {report.code}'} op {texts.day(report.known_at)} geen enkele "
        "declaratieregel ontvangen met een begindatum in het kwartaal.",
        "",
    ]
    for provider in report.missing:
        lines += [*about(provider, statement), ""]
    lines += [
        "De bijlage bevat per zorgaanbieder een werkblad met de schatting per prestatiecode.",
        "",
        f"Zo is geschat: het aantal en het bedrag van de vier kwartalen hiervoor ({four_quarters}), debet min credit, "
        "gedeeld door vier en één keer afgerond op hele aantallen en hele euro's. Had een zorgaanbieder in die vier "
        f"kwartalen geen enkele regel, dan is het jaar {statement.year - 1} door vier gedeeld. Prestaties die op nul "
        "uitkomen, zijn weggelaten.",
        "",
        "Met vriendelijke groet,",
        "",
        "................................ (naam)",
        "................................ (telefoon)",
        report.title,
        "",
        f"Kenmerk: {report.provenance.run_id}",
    ]
    return "\n".join(lines) + "\n"


def about(provider: MissingProvider, statement: Statement) -> list[str]:
    """Its name, and lines with figures."""
    cents = provider.prior_year_amount_cents
    name = f"{provider.name}, AGB-code {provider.agb}" if provider.name else f"AGB-code {provider.agb}"
    told_since = (
        f" Ook ontbrekend in de staten vanaf het {texts.quarter(provider.told_since)}, zoals die toen zijn opgesteld."
        if provider.told_since != statement
        else ""
    )
    together = sum(row.amount_euro for row in provider.estimates)
    return [
        f"- {name}",
        f"  In elk geval sinds {texts.day(statement.first_day)} geen declaraties.{told_since}",
        f"  Declaraties {statement.year - 1}: {texts.euro(cents // 100)},{cents % 100:02}.",
        f"  Schatting van het kwartaal: {texts.euro(together)}, {texts.performances(len(provider.estimates))}.",
    ]
