"""The calendar as the command shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import Command
from zorgstat.wlz import due


def test_the_calendar_of_2023(tmp_path: Path) -> None:
    """As in handbook 1.2 and 2; without an engine."""
    shown = Command(tmp_path).run("wlz", "calendar", 2023, JAVA_HOME="/nonexistent")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == (
        """\
Kalender Wlz 2023

Kwartaalstaten, aan het Zorginstituut; valt de dag in een weekend, dan geldt de maandag erna
  kwartaal  uiterlijk                 onderdeel                                                          door
  KW1       vrijdag 12 mei 2023       realisatie productie en kosten, uit declaraties                    zorgkantoren
                                      beheerskosten                                                      iedereen
  KW2       maandag 14 augustus 2023  realisatie productie en kosten, uit declaraties                    zorgkantoren
            (12 augustus: zaterdag)   aantal pgb-houders op 30 juni 2023                                 zorgkantoren
                                      aantal pgb-houders met huisbezoek(en) in 2022                      zorgkantoren
                                      beheerskosten                                                      iedereen
                                      verzekerdenstand op 1 juli 2023, met bestuursverklaring            iedereen
  KW3       maandag 13 november 2023  realisatie productie en kosten, uit declaraties                    zorgkantoren
            (12 november: zondag)     beheerskosten                                                      iedereen
  KW4       maandag 12 februari 2024  realisatie productie en kosten, uit declaraties                    zorgkantoren
                                      aantal nieuwe pgb-aanvragers met bewustekeuzegesprek(ken) in 2023  zorgkantoren
                                      beheerskosten                                                      iedereen

Declaraties, van Vektis aan ZorgTTP; deze dagen verschuiven niet
  kwartaal  uiterlijk
  KW1       woensdag 24 mei 2023
  KW2       donderdag 24 augustus 2023
  KW3       vrijdag 24 november 2023
  KW4       zaterdag 24 februari 2024

Regels: Handboek Informatie Wlz 2023, paragraaf 1.2 en hoofdstuk 2.
""".replace("iedereen", "alle Wlz-uitvoerders")
    )


@pytest.mark.parametrize("year", [2014, 2100, "2023-2"])
def test_a_year_without_the_wlz_ends_with_2(year: object, tmp_path: Path) -> None:
    assert Command(tmp_path).run("wlz", "calendar", year).returncode == 2


@pytest.mark.parametrize("year", range(2015, 2030))
def test_every_due_day_is_a_working_day(year: int) -> None:
    lines = [line for line in due.describe(year) if line.startswith("  KW")]
    assert len(lines) == 8
    assert not [line for line in lines[:4] if line.split()[1] in ("zaterdag", "zondag")]
