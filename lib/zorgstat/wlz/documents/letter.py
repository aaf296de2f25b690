"""The covering letter with an estimate, as plain text to mail (handbook 2)."""

from __future__ import annotations

from zorgstat.wlz.documents import names, texts
from zorgstat.wlz.documents.content import MissingProvider, Report


def write(report: Report) -> str:
    """Which providers, since when, how their claims were estimated."""
    asked = report.asked
    where = texts.address(names.LETTER, asked)
    due_on = f", uiterlijk {texts.day(where.due_on)}" if where.due_on else ""
    count = len(report.missing)
    several = count > 1
    concept = (
        [] if report.is_final else ["CONCEPT: nog niet verzenden.", *[f"- {f.detail}" for f in report.blocking], ""]
    )
    estimated = asked.last_quarters_start
    until = asked.first_day
    lines = [
        *concept,
        f"Aan: {where.address}{due_on}",
        f"Onderwerp: Ontbrekende Wlz-declaraties {texts.quarter(asked)}, {report.title}",
        f"Bijlage: {names.name(report, names.ESTIMATE).path.name}",
        "",
        "Geachte heer, mevrouw,",
        "",
        f"In de declaraties over het {texts.quarter(asked)} die via Vektis zijn geleverd, ontbreken "
        + (f"{count} zorgaanbieders" if several else "de declaraties van één zorgaanbieder")
        + f" met een jaaromzet van meer dan één miljoen euro in {asked.year - 1}. Van "
        + ("hen" if several else "deze zorgaanbieder")
        + f" had {report.title} op {texts.day(report.known_at)} geen enkele declaratieregel ontvangen "
        "met een begindatum in het kwartaal.",
        "",
    ]
    for provider in report.missing:
        lines += [*_about(provider, asked.year - 1), ""]
    lines += [
        "De bijlage bevat per zorgaanbieder een werkblad met de schatting per prestatiecode.",
        "",
        "Zo is geschat: het aantal en het bedrag van de vier kwartalen hiervoor "
        f"({texts.day(estimated)} tot {texts.day(until)}), debet min credit, gedeeld door vier en één keer afgerond op "
        "hele aantallen en hele euro's. Was er in die vier kwartalen geen enkele regel, dan is het jaar "
        f"{asked.year - 1} door vier gedeeld. Prestaties die op nul uitkomen zijn weggelaten.",
        "",
        "Met vriendelijke groet,",
        "",
        "................................ (naam)",
        "................................ (telefoon)",
        report.title,
        "",
        f"Run {report.provenance.run_id}",
    ]
    return "\n".join(lines) + "\n"


def _about(provider: MissingProvider, prior_year: int) -> list[str]:
    cents = provider.prior_year_amount_cents
    name = f"{provider.name}, AGB-code {provider.agb}" if provider.name else f"AGB-code {provider.agb}"
    together = sum(row.amount_euro for row in provider.estimates)
    return [
        f"- {name}",
        f"  Geen declaraties sinds {texts.day(provider.since)}.",
        f"  Declaraties {prior_year}: {texts.euro(cents // 100)},{cents % 100:02}.",
        f"  Schatting van het kwartaal: {texts.euro(together)}, {len(provider.estimates)} prestatiecodes.",
    ]
