"""Practices: how many patients each has, and how much more or less than others it treats them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist

from pyspark.sql import DataFrame, SparkSession

from zorgstat import arrow
from zorgstat.behandelindex.tables import AGB_REGISTER
from zorgstat.draws import Draws

RECORDS_PER_PATIENT = 10.3  # measured; what turns a number of claims into one of patients
PATIENTS_PER_PRACTICE = 390
SIZE_SIGMA, SIZE_LIMIT = 1.05, 6000
EFFECT_SIGMA = 0.185  # on the logarithm; caps and chance turn it into a spread of the indices near 15.8
WITHOUT_CLAIMS = 0.05
MOST_PRACTICES, AGB_STEP, AGB_OFFSET = 100_000, 61_803, 10_007


@dataclass(frozen=True)
class Practice:
    """`effect` is in thousandths of the number of treatments; 0 is for people who went to no practice at all."""

    number: int
    first_person: int
    persons: int
    effect: int

    @property
    def digits(self) -> str:
        """Five digits that no other practice has; with 049 before them the AGB code, with 048 that of the owner."""
        return f"{(self.number * AGB_STEP + AGB_OFFSET) % MOST_PRACTICES:05d}"


def practices(claims: int, draws: Draws) -> list[Practice]:
    """Sizes are lognormal and effects too, taken as quantiles so that totals hardly depend on the seed.

    Effects average 1 over patients. The last entries, with effect 0, are insured people without physiotherapy.
    """
    patients = max(1, round(claims / RECORDS_PER_PATIENT))
    count = max(8, round(patients / PATIENTS_PER_PRACTICE))
    if count > MOST_PRACTICES:
        raise ValueError(f"{claims} claims need {count} practices; there are AGB codes for {MOST_PRACTICES}.")
    normal = NormalDist()
    scores = [normal.inv_cdf((place + 0.5) / count) for place in range(count)]
    sizes = _shuffled([max(1, min(240 * exp(SIZE_SIGMA * score) - 14, SIZE_LIMIT)) for score in scores], "size", draws)
    effects = _shuffled([exp(EFFECT_SIGMA * score) for score in scores], "effect", draws)
    mean_effect = sum(size * effect for size, effect in zip(sizes, effects, strict=True)) / sum(sizes)
    scale, reached, first, result = patients / sum(sizes), 0.0, 0, []
    for number in range(count):
        reached += sizes[number] * scale
        persons = round(reached) - first
        result.append(Practice(number, first, persons, round(1000 * effects[number] / mean_effect)))
        first += persons
    without = round(patients * WITHOUT_CLAIMS)
    for start in range(0, without, PATIENTS_PER_PRACTICE):
        persons = min(PATIENTS_PER_PRACTICE, without - start)
        result.append(Practice(len(result), first + start, persons, 0))
    return [practice for practice in result if practice.persons > 0]


def _shuffled(values: Sequence[float], purpose: str, draws: Draws) -> list[float]:
    return [values[place] for place in sorted(range(len(values)), key=lambda place: draws.plain(f"{purpose} {place}"))]


def truth(spark: SparkSession, listed: Sequence[Practice]) -> DataFrame:
    """What the data were made with: practice_agb, true_effect (1 is average), patients (home practice)."""
    rows = [(f"049{p.digits}", p.effect / 1000, p.persons) for p in listed if p.effect > 0]
    return arrow.frame(spark, rows, "practice_agb string, true_effect double, patients bigint").coalesce(1)


def agb_register(spark: SparkSession, listed: Sequence[Practice], year: int, draws: Draws) -> DataFrame:
    """Every practice (some stopped, some without dates), its owner as a therapist, and some institutions.

    An owner now and then has the code of the practice as well: a code is unique within its kind only.
    """
    rows = []
    for practice in listed:
        digits, chance = practice.digits, draws.plain(f"register {practice.number}") % 1000
        started = None if chance < 30 else f"{year - 1 - chance % 40}-{1 + chance % 12:02d}-01"
        ended = f"{year}-{1 + chance % 12:02d}-28" if chance >= 980 else None
        owner = f"049{digits}" if 30 <= chance < 60 else f"048{digits}"
        if practice.effect > 0:
            rows.append((f"049{digits}", "practice", f"Fysiotherapie {digits}", started, ended))
            rows.append((owner, "therapist", f"Fysiotherapeut {digits}", started, None))
        elif practice.number % 20 == 0:
            rows.append((f"048{digits}", "institution", f"Instelling {digits}", started, None))
    frame = arrow.frame(spark, rows, "agb string, kind string, name string, started_on string, ended_on string")
    return frame.selectExpr(*[f"cast({c.name} as {c.type}) {c.name}" for c in AGB_REGISTER.columns]).coalesce(1)
