"""Seeded inputs that are dense in edge cases: every rule, tie and outcome of the contract, not a likely population.

Nothing here looks like a person: valid citizen numbers start with 9, a range that is not issued.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SCHEMAS: dict[str, pa.Schema] = {
    "claims": pa.schema(
        [
            ("uzovi", pa.string()),
            ("practice_agb", pa.string()),
            ("claim_reference", pa.string()),
            ("prior_reference", pa.string()),
            ("debit_credit", pa.string()),
            ("bsn", pa.string()),
            ("treatment_date", pa.date32()),
            ("claim_date", pa.date32()),
            ("performance_code", pa.string()),
            ("diagnosis_code", pa.string()),
            ("csi_code", pa.string()),
            ("amount_cents", pa.int64()),
            ("status", pa.string()),
            ("channel", pa.string()),
            ("care_setting", pa.string()),
        ]
    ),
    "enrolments": pa.schema(
        [
            ("uzovi", pa.string()),
            ("bsn", pa.string()),
            ("birth_date", pa.date32()),
            ("sex", pa.string()),
            ("postcode", pa.string()),
            ("valid_from", pa.date32()),
            ("valid_to", pa.date32()),
        ]
    ),
    "insurers": pa.schema([("uzovi", pa.string()), ("concern", pa.string()), ("kind", pa.string())]),
    "agb_register": pa.schema(
        [
            ("agb", pa.string()),
            ("kind", pa.string()),
            ("name", pa.string()),
            ("started_on", pa.date32()),
            ("ended_on", pa.date32()),
        ]
    ),
    "av_packages": pa.schema(
        [
            ("uzovi", pa.string()),
            ("bsn", pa.string()),
            ("package", pa.string()),
            ("insured_sessions", pa.int32()),
            ("valid_from", pa.date32()),
            ("valid_to", pa.date32()),
        ]
    ),
    "av_classes": pa.schema(
        [("uzovi", pa.string()), ("bsn", pa.string()), ("report_year", pa.int32()), ("av_class", pa.string())]
    ),
    "ses_woa": pa.schema([("postcode4", pa.string()), ("score", pa.float64())]),
}

INSURERS = (
    ("0101", "CZ", "insurer"),
    ("0102", "CZ", "insurer"),
    ("0103", "CZ", "insurer"),
    ("0190", "CZ", "mandate"),
    ("0201", "Salland", "insurer"),
    ("0202", "Salland", "insurer"),
    ("0301", "Menzis", "insurer"),
    ("0302", "Menzis", "insurer"),
    ("0390", "Menzis", "mandate"),
    ("0401", "VGZ", "insurer"),
    ("0402", "VGZ", "insurer"),
    ("0491", "VGZ", "reserved"),
    ("0501", "Zorg en Zekerheid", "insurer"),
    ("0502", "Zorg en Zekerheid", "insurer"),
    ("0601", "De Friesland", "insurer"),
    ("0701", "Elders", "insurer"),
    ("0790", "Elders", "mandate"),
    ("0901", "Verdrag", "reserved"),
    ("0902", "Verdrag", "reserved"),
)
UNKNOWN_LABELS = ("9991", "9992", "101 ")
STRATEGIES = ("reference", "key", "reference_then_key", "none")

PRACTICES = tuple(f"0400{n:04d}" for n in range(1, 11))
STOPPED_PRACTICE = "04000090"
NOT_PRACTICES = ("04000901", "04000902", "04000903", "4000001", "", "04 00001", "\uff10\uff14\uff10\uff11")

PERFORMANCE = _words(
    "1000 1001 1002 1004 1100 1101 1102 1103 1105 1200 1201 1202 1204 1316 1317 1318 1319 1320 1400 1401 1402 1500 "
    "1501 1502 1600 1601 1602 1604 1700 1701 1702 1704 1750 1751 1752 1754 1775 1776 1777 1860 1864 1870 1871 1872 "
    "1920"
)
BAD_PERFORMANCE = (
    "1003",
    "1104",
    "1861",
    "1921",
    "9999",
    "0000",
    "ABCD",
    "\uff11\uff10\uff10\uff10",
    "100 ",
    " 100",
    "",
    None,
)

# last two digits at both sides of every border, and the gaps 29, 30, 49, 57-59
GOOD_ENDINGS = _words("00 09 10 19 20 28 31 39 40 48 50 56 60 69 70 79 80 89")
BAD_DIAGNOSES = (
    "12a4",
    " 123",
    "123",
    "12345",
    "0030",
    "1229",
    "1249",
    "1257",
    "1258",
    "1259",
    "\uff11\uff12\uff13\uff11",
    "12 1",
    "+121",
    "-121",
    "1.21",
    "1210\n",
    "",
    None,
)
CSI_ONE = _words("001 008 010 011 012 013 014 015 016 017 018 019")
BAD_CSI = (
    "9",
    " 09",
    "09",
    "ABC",
    "002",
    "006",
    "007",
    "022",
    "000",
    "9.0",
    "\uff10\uff10\uff19",
    "009 ",
    "0009",
    "",
    None,
)

# "9" and "10" are put before five digits, so that bytes and numbers disagree;
# U+FF5E sorts before the emoji by UTF-8 bytes and after it by UTF-16 units; the last two é differ in form only
REFERENCE_HEADS = (
    "",
    "9",
    "9",
    "10",
    "10",
    "a",
    "A",
    "b",
    "B",
    "Z",
    "z",
    "é",
    "e\u0301",
    "😀",
    "😀",
    "\uff5e",
    "\uff5e",
    "-",
)


def _day(value: dt.date, offset: int) -> dt.date:
    return value + dt.timedelta(days=offset)


def _last_of_february(year: int) -> dt.date:
    return _day(dt.date(year, 3, 1), -1)


def _eleven_sum(digits: list[int]) -> int:
    return sum(w * d for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True))


class _World:
    """One seed's inputs while they grow."""

    def __init__(self, seed: int, claims: int) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.wanted = claims
        self.version = 1 + seed % 3
        self.year = (2023, 2024, 2022, 2020, 2019)[(seed // 3) % 5]
        self.start = dt.date(self.year, 1, 1)
        self.end = {1: dt.date(self.year, 6, 30), 2: dt.date(self.year, 9, 30), 3: dt.date(self.year, 12, 31)}[
            self.version
        ]
        self.cutoff = {
            1: dt.date(self.year, 8, 31),
            2: dt.date(self.year, 11, 30),
            3: _last_of_february(self.year + 1),
        }[self.version]
        self.rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
        self.numbers: dict[tuple[str, str | None], int] = defaultdict(int)
        self.used_bsn: set[str] = set()
        self.settings = self._settings()
        participating = self.settings.get("participating")
        self.labels = [
            uzovi
            for uzovi, concern, kind in INSURERS
            if kind == "insurer" and concern != "Elders" and (participating is None or concern in participating)
        ]
        self.concern_of = {uzovi: concern for uzovi, concern, _ in INSURERS}
        self.siblings: dict[str, list[str]] = defaultdict(list)
        for uzovi, concern, kind in INSURERS:
            if kind == "insurer":
                self.siblings[concern].append(uzovi)
        self.messy: list[str] = []
        self.clean: list[str] = []
        self.dirty_bsn: list[str | None] = []
        self.popular: list[str] = []
        self.home: dict[str, str] = {}
        self.postcodes: list[str] = []

    # -- settings ------------------------------------------------------------------------------------------------

    def _settings(self) -> dict[str, Any]:
        """Every strategy, source, policy and method; now and then a table is left out or given empty."""
        rng = self.rng
        settings: dict[str, Any] = {"report": {"year": self.year, "version": self.version}}
        if rng.random() < 0.75:
            others = ["VGZ", "Zorg en Zekerheid", "De Friesland"]
            chosen = rng.sample(others, rng.choice((1, 2, 2, 3)))
            settings["participating"] = ["CZ", "Salland", "Menzis", *chosen, "ASR"]
            rng.shuffle(settings["participating"])
        if rng.random() < 0.85:
            strategies = list(STRATEGIES)
            rng.shuffle(strategies)
            concerns = ["CZ", "Salland", "Menzis", "VGZ"]
            settings["netting"] = dict(zip(concerns, strategies, strict=True))
            settings["netting"]["Zorg en Zekerheid"] = rng.choice(STRATEGIES)
            if rng.random() < 0.5:
                settings["netting"].pop(rng.choice(concerns))
        if rng.random() < 0.75:
            concerns = ["CZ", "Salland", "Menzis", "VGZ", "Zorg en Zekerheid", "De Friesland"]
            settings["av_source"] = {
                concern: rng.choice(("packages", "packages", "packages", "delivered"))
                for concern in concerns
                if rng.random() < 0.85
            }
        if rng.random() < 0.85:
            policies = ["sum", "max", "latest", "latest", rng.choice(("max", "latest"))]
            rng.shuffle(policies)
            settings["av_policy"] = {
                concern: policy
                for concern, policy in zip(
                    ("CZ", "Salland", "Menzis", "VGZ", "Zorg en Zekerheid"), policies, strict=True
                )
                if rng.random() < 0.9
            }
        if rng.random() < 0.6:
            settings["correction_factor"] = {"method": rng.choice(("computed", "table"))}
        return settings

    # -- people --------------------------------------------------------------------------------------------------

    def new_bsn(self, valid: bool = True) -> str:
        """Nine digits that start with 9 and do, or just do not, satisfy the 11-test."""
        while True:
            digits = [9, *(self.rng.randrange(10) for _ in range(8))]
            text = "".join(map(str, digits))
            if (_eleven_sum(digits) % 11 == 0) == valid and text not in self.used_bsn:
                self.used_bsn.add(text)
                return text

    def dirty_forms(self) -> list[str | None]:
        """Strings that must not pass as a bsn, most of them a valid one for whoever trims, pads or casts."""
        a = self.rng.choice(self.clean)
        wide = a.translate({48 + i: 0xFF10 + i for i in range(10)})
        arabic = a.translate({48 + i: 0x0660 + i for i in range(10)})
        return [
            None,
            "",
            "000000000",
            "00000012",  # eight digits that pass with a zero in front, far below any issued number
            "0000000012",
            a[:8],
            a + "0",
            "0" + a,
            " " + a,
            a + " ",
            a + "\n",
            " " + a[1:],
            a[:8] + " ",
            a[:4] + " " + a[5:],
            "+" + a[1:],
            "-" + a[1:],
            a[0] + "." + a[2:],
            a[0] + "e" + a[2:],
            a[:8] + "X",
            wide,
            a[:8] + wide[8],
            arabic,
            self.new_bsn(valid=False),
            self.new_bsn(valid=False),
            self.new_bsn(valid=False),
        ]

    def border_births(self) -> list[dt.date]:
        """Births at the borders of the age classes, of the year and of a life."""
        y = self.year
        births = []
        for age in (18, 45, 65, 75, 120, 121):
            births += [dt.date(y - age, 6, 30), dt.date(y - age, 7, 1), dt.date(y - age, 6, 29)]
        births += [dt.date(y, 6, 30), dt.date(y, 7, 1), dt.date(y, 12, 31), dt.date(y, 1, 1)]
        births += [dt.date(y + 1, 1, 1), dt.date(y + 1, 7, 1), dt.date(y + 3, 2, 1)]
        births += [dt.date(y - y % 4 - k, 2, 29) for k in (20, 44, 64, 76)]
        births += [dt.date(y - 121, 12, 31), dt.date(y - 122, 7, 1), dt.date(y - 18, 12, 31), dt.date(y - 17, 1, 1)]
        return births

    def person_clean(self, sex: str, birth: dt.date, postcode: str | None) -> str:
        """A person of whom everything is known, at one label."""
        bsn = self.new_bsn()
        self.clean.append(bsn)
        self.home[bsn] = self.rng.choice(self.labels)
        self.enrol(self.home[bsn], bsn, birth, sex, postcode, dt.date(self.year - 2, 1, 1), None)
        return bsn

    def enrol(
        self,
        uzovi: str,
        bsn: str,
        birth: dt.date | None,
        sex: str | None,
        postcode: str | None,
        valid_from: dt.date,
        valid_to: dt.date | None,
    ) -> None:
        self.rows["enrolments"].append(
            {
                "uzovi": uzovi,
                "bsn": bsn,
                "birth_date": birth,
                "sex": sex,
                "postcode": postcode,
                "valid_from": valid_from,
                "valid_to": valid_to,
            }
        )

    def any_postcode(self) -> str | None:
        four = self.rng.choice(self.postcodes)
        if self.rng.random() < 0.4:
            return four + self.rng.choice(("", "AB", " AB", "ab", " xY"))
        return self.rng.choice(
            (
                four + "  AB",
                four + "  AB",
                " " + four + "AB",
                " " + four,
                four + " ",
                four + "AB ",
                four + "A",
                four + "ABC",
                four + "\tAB",
                four + "AB\n",
                four + "éa",
                four + "\u212aA",  # the Kelvin sign: a K to whoever ignores case
                four + "\u017fA",
                four[:3],
                four + "1",
                "B-" + four,
                four.translate({48 + i: 0xFF10 + i for i in range(10)}),
                "75001 Paris",
                "",
                None,
                None,
            )
        )

    def person_messy(self) -> str:
        """A person with several enrolments that disagree and tie."""
        rng, y = self.rng, self.year
        bsn = self.new_bsn()
        self.messy.append(bsn)
        home = rng.choice(self.labels)
        self.home[bsn] = home
        self.enrol_messily(bsn, home)
        if rng.random() < 0.15:  # a label that may not speak says something else, later
            uzovi = rng.choice(("0190", "0390", "0701", "0790", "0901", "0491", *UNKNOWN_LABELS))
            self.enrol(uzovi, bsn, dt.date(y - 30, 3, 3), rng.choice("MVX"), "1000AA", dt.date(y, 7, 1), None)
        return bsn

    def enrol_messily(self, bsn: str, home: str) -> None:
        rng, y = self.rng, self.year
        births = self.border_births()
        base = rng.choice(births) if rng.random() < 0.5 else dt.date(y - rng.randrange(1, 90), rng.randrange(1, 13), 9)
        uzovis = [home, rng.choice(self.siblings[self.concern_of[home]]), rng.choice(self.labels)]
        froms = rng.sample(
            [
                dt.date(y - 3, 5, 1),
                dt.date(y - 1, 1, 1),
                dt.date(y, 1, 1),
                dt.date(y, 6, 30),
                dt.date(y, 7, 1),
                dt.date(y, 7, 2),
                dt.date(y, 12, 31),
                dt.date(y + 1, 1, 1),
            ],
            rng.choice((1, 2, 2, 3)),
        )
        sexes = ("M", "V", "1", "2", "M", "V", "1", "2", "X", "0", "9", None, "m", "v", "", "F", " M", "01", "x")
        for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 5))):
            valid_from = rng.choice(froms)
            valid_to = rng.choice(
                (
                    None,
                    None,
                    None,
                    dt.date(y, 6, 30),
                    dt.date(y, 7, 1),
                    dt.date(y, 12, 31),
                    _day(valid_from, -1),
                    valid_from,
                    dt.date(y - 1, 1, 1),
                )
            )
            birth = rng.choice((base, base, base, rng.choice(births), None))
            self.enrol(rng.choice(uzovis), bsn, birth, rng.choice(sexes), self.any_postcode(), valid_from, valid_to)
        if rng.random() < 0.4:  # two that tie but for the label or the postcode, or but for valid_from
            four, other = rng.sample(self.postcodes, 2)
            forms = [None, "", f"{four}AB", f"{other} ab", f" {other}AB", f"{other}  ZZ", other, "zz"]
            first, second = rng.sample(forms, 2)
            tied_from = rng.choice((dt.date(y, 7, 1), dt.date(y, 5, 1)))
            self.enrol(home, bsn, base, rng.choice("MV12"), first, tied_from, None)
            label = rng.choice((home, home, *self.siblings[self.concern_of[home]]))
            self.enrol(label, bsn, base, rng.choice("MV12"), second, tied_from, None)

    def person_messy_sparse(self) -> str:
        """A person of whom a participating label knows one thing or nothing."""
        rng, y = self.rng, self.year
        bsn = self.new_bsn()
        self.messy.append(bsn)
        home = rng.choice(self.labels)
        self.home[bsn] = home
        kind = rng.randrange(6)
        birth: dt.date | None = dt.date(y - 40, 1, 1)
        start = dt.date(y - 1, 1, 1)
        if kind == 0:
            pass  # enrolled nowhere
        elif kind == 1:
            self.enrol(rng.choice(("0190", "0701", "0901", "9991")), bsn, birth, "M", "1000AB", start, None)
        elif kind == 2:
            self.enrol(home, bsn, None, "V", "1000AB", start, None)
        elif kind == 3:
            self.enrol(home, bsn, birth, rng.choice(("X", "0", "9", None, "m", "")), "1000AB", start, None)
        elif kind == 4:  # known before, unknown or X now
            self.enrol(home, bsn, birth, rng.choice("12MV"), "1000AB", start, None)
            self.enrol(home, bsn, None, rng.choice(("X", "0", "9", None)), None, dt.date(y, 5, 1), None)
        else:
            self.enrol(home, bsn, rng.choice(self.border_births()), "V", "1000AB", start, None)
        return bsn

    def make_people(self) -> None:
        rng, y = self.rng, self.year
        self.popular = [
            self.person_clean("V", dt.date(y - 50, 4, 1), rng.choice((None, None, "75001", "9998", "1234  AB")))
            for _ in range(45)
        ]
        for i in range(75):
            births = [dt.date(y - age, 2, 2) for age in (5, 30, 55, 70, 80)]
            postcode = rng.choice(self.postcodes) + rng.choice(("", "AB", " ab"))
            self.person_clean("MV12"[i % 4], births[i % 5], postcode)
        for _ in range(70):
            self.person_messy()
        for _ in range(24):
            self.person_messy_sparse()
        self.dirty_bsn = self.dirty_forms()
        for bsn in self.dirty_bsn:
            if bsn is not None and rng.random() < 0.7:  # else the missing birth date would hide a missed check
                self.enrol(rng.choice(self.labels), bsn, dt.date(y - 30, 1, 1), "V", "1000AB", self.start, None)

    # -- registers and cover ---------------------------------------------------------------------------------------

    def make_registers(self) -> None:
        rng = self.rng
        self.rows["insurers"] = [dict(zip(("uzovi", "concern", "kind"), row, strict=True)) for row in INSURERS]
        register: list[tuple[str, str, dt.date | None, dt.date | None]] = []
        for agb in PRACTICES:
            register.append((agb, "practice", rng.choice((None, dt.date(2001, 1, 1))), None))
        register += [
            (STOPPED_PRACTICE, "practice", dt.date(2001, 1, 1), dt.date(2010, 1, 1)),
            ("04000091", "practice", dt.date(self.year + 2, 1, 1), None),
            (PRACTICES[0], "therapist", None, None),
            (PRACTICES[1], "institution", None, None),
            (PRACTICES[1], "therapist", None, None),
            (NOT_PRACTICES[0], "therapist", None, None),
            (NOT_PRACTICES[1], "institution", None, None),
        ]
        register += [(f"0405{n:04d}", "practice", None, None) for n in range(100)]
        self.rows["agb_register"] = [
            {"agb": agb, "kind": kind, "name": f"Praktijk {agb}", "started_on": started, "ended_on": ended}
            for agb, kind, started, ended in register
        ]

    def make_ses(self) -> None:
        """n is seldom a tenfold; equal, missing, NaN and both zeros among the scores."""
        rng = self.rng
        n = rng.choice((7, 9, 11, 13, 16, 17, 19, 20, 23, 24, 27, 33, 37))
        pool = [f"{1000 + i}" for i in range(30)] + ["0999", "9999", "8000", "0000", "5000", "5001"]
        chosen = rng.sample(pool, min(n, len(pool)))
        self.postcodes = [*rng.sample(pool, 10), *chosen, "9998"]
        scores = (-1.5, -0.25, -0.0, 0.0, -0.0, 0.0, 0.25, 1.5, 5e-324, None, float("nan"))
        self.rows["ses_woa"] = [{"postcode4": p, "score": rng.choice(scores)} for p in chosen]

    def make_cover(self) -> None:
        """Packages and classes for everybody, with ties, other labels and days just in or out of the period."""
        rng, y = self.rng, self.year
        classes: dict[tuple[str, str, int], str] = {}
        people = [*self.messy, *self.clean, *(b for b in self.dirty_bsn if b is not None)]
        for bsn in people:
            home = self.home.get(bsn, "0101")
            family = [u for u, concern, _ in INSURERS if concern == self.concern_of[home]]
            for _ in range(rng.choice((0, 1, 1, 2, 3))):
                uzovi = rng.choice((*family, *family, *family, rng.choice(self.labels), "9991"))
                year = rng.choice((y, y, y, y, y - 1, y + 1))
                classes[uzovi, bsn, year] = rng.choice(("low", "high"))
            froms = [self.start, rng.choice((_day(self.start, -200), self.end, _day(self.end, -30)))]
            any_sessions = (0, 1, 5, 6, 7, 8, 11, 12, 12, 13, 13, 9999, -3, -1)
            if rng.random() < 0.6:  # packages that tie in all but a little, around twelve sessions
                tied_from = [rng.choice(froms)] * 2 if rng.random() < 0.6 else froms
                names = rng.choice((("AV1",), ("AV1", "av1", "AV2"), ("😀", "\uff5e"), ("é", "e\u0301", "z")))
                sessions = rng.choice(((12, 13), (12, 13), (6, 7), (3, 9999)))
                for _ in range(rng.choice((2, 2, 3))):
                    self.rows["av_packages"].append(
                        {
                            "uzovi": rng.choice(self.siblings[self.concern_of[home]]),
                            "bsn": bsn,
                            "package": rng.choice(names),
                            "insured_sessions": rng.choice(sessions),
                            "valid_from": rng.choice(tied_from),
                            "valid_to": None,
                        }
                    )
                continue
            for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4))):
                valid_from = rng.choice((*froms, *froms, *froms, self.end, _day(self.end, 1), _day(self.start, -400)))
                valid_to = rng.choice(
                    (
                        None,
                        None,
                        None,
                        self.end,
                        self.start,
                        _day(self.start, -1),
                        _day(valid_from, -1),
                        valid_from,
                        _day(self.end, 100),
                    )
                )
                self.rows["av_packages"].append(
                    {
                        "uzovi": rng.choice((*family, *family, *family, rng.choice(self.labels), "9991")),
                        "bsn": bsn,
                        "package": rng.choice(("AV1", "AV1", "AV1", "av1", "AV2", "é", "😀", "\uff5e", "")),
                        "insured_sessions": rng.choice(any_sessions),
                        "valid_from": valid_from,
                        "valid_to": valid_to,
                    }
                )
        self.rows["av_classes"] = [
            {"uzovi": uzovi, "bsn": bsn, "report_year": year, "av_class": av_class}
            for (uzovi, bsn, year), av_class in classes.items()
        ]

    # -- claims ------------------------------------------------------------------------------------------------------

    def reference(self, uzovi: str, practice: str | None) -> str:
        """Unique within (uzovi, practice) only, in an order that bytes, letters and numbers disagree on."""
        self.numbers[uzovi, practice] += 1
        head, number = self.rng.choice(REFERENCE_HEADS), self.numbers[uzovi, practice]
        return f"{head}{number:05d}" if head.isdigit() else f"{head}{number}"

    def treatment_day(self) -> dt.date:
        return _day(self.start, self.rng.randrange((self.end - self.start).days + 1))

    def claim_day(self) -> dt.date:
        return self.rng.choice((_day(self.end, 1), _day(self.end, 9), self.cutoff, _day(self.cutoff, -1), self.end))

    def diagnosis(self, csi: str | None) -> str:
        """xx90-xx99 with insurance class 1 is kept for the exact halves."""
        endings = GOOD_ENDINGS if csi in CSI_ONE else [*GOOD_ENDINGS, "90", "99"]
        return f"{self.rng.randrange(100):02d}" + self.rng.choice(endings)

    def add(self, **given: Any) -> Row:
        """A claim that counts, but for what is given."""
        rng = self.rng
        bsn = given["bsn"] if "bsn" in given else rng.choice(self.clean)
        uzovi = given.get("uzovi") or (
            self.home[bsn] if bsn in self.home and rng.random() < 0.8 else rng.choice(self.labels)
        )
        practice = given["practice_agb"] if "practice_agb" in given else rng.choice(PRACTICES)
        csi = given["csi_code"] if "csi_code" in given else rng.choice((*CSI_ONE, *["009"] * 16, "003", "004", "005"))
        row: Row = {
            "uzovi": uzovi,
            "practice_agb": practice,
            "claim_reference": given.get("claim_reference") or self.reference(uzovi, practice),
            "prior_reference": None,
            "debit_credit": "D",
            "bsn": bsn,
            "treatment_date": self.treatment_day(),
            "claim_date": self.claim_day(),
            "performance_code": rng.choice(PERFORMANCE) if rng.random() < 0.5 else "1000",
            "diagnosis_code": self.diagnosis(csi),
            "csi_code": csi,
            "amount_cents": rng.choice((3000, 3000, 3500, 1)),
            "status": "approved",
            "channel": "vecozo",
            "care_setting": rng.choice(("practice", "practice", "hospital_primary_care")),
            **given,
        }
        row["uzovi"], row["csi_code"] = uzovi, csi
        self.rows["claims"].append(row)
        return row

    def credit_of(self, debit: Row, **given: Any) -> Row:
        """A credit with the debit's keys; by default it names the debit."""
        rng = self.rng
        copied = {k: v for k, v in debit.items() if k != "claim_reference"}
        row = {
            **copied,
            "prior_reference": debit["claim_reference"],
            "debit_credit": "C",
            "claim_date": self.claim_day(),
            **given,
        }
        if rng.random() < 0.3:
            row["diagnosis_code"] = None
        if rng.random() < 0.3:
            row["csi_code"] = None
        return self.add(**row)

    def popular_claim(self) -> None:
        """Many claims of a few kinds of patient, so that some baskets are not small; some practices treat longer."""
        rng = self.rng
        csi, endings = rng.choice(
            (("001", "28 20"), ("001", "28 20"), ("001", "28 20"), ("008", "10"), ("009", "31"), ("009", "31"))
        )
        bsn, number = rng.choice(self.popular), rng.randrange(len(PRACTICES))
        diagnosis = "11" + rng.choice(endings.split())
        for _ in range(rng.randint(1, 1 + number % 4)):
            self.add(bsn=bsn, practice_agb=PRACTICES[number], csi_code=csi, diagnosis_code=diagnosis)

    def plain_claim(self) -> None:
        rng = self.rng
        self.add(bsn=rng.choice(self.messy if rng.random() < 0.6 else self.clean))

    def dirty_claim(self) -> None:
        """One column is not as it should be; now and then two, for the order of the outcomes."""
        given: Row = {}
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            given.update(self.one_fault())
        if self.rng.random() < 0.15:
            given["debit_credit"] = "C"
        self.add(**{"bsn": self.rng.choice(self.clean), **given})

    def one_fault(self) -> Row:
        rng = self.rng
        faults: tuple[Callable[[], Row], ...] = (
            lambda: {"uzovi": rng.choice(("0901", "0902", "0491"))},
            lambda: {"uzovi": rng.choice(("0190", "0390", "0790"))},
            lambda: {"uzovi": rng.choice(("0701", *UNKNOWN_LABELS))},
            lambda: {"status": rng.choice((None, "rejected", "Approved", "approved ", "pending", ""))},
            lambda: {"channel": rng.choice((None, "restitution", "VECOZO", "Vecozo", "paper", ""))},
            lambda: {"care_setting": rng.choice((None, "outpatient_clinic", "outpatient_clinic"))},
            lambda: {"care_setting": rng.choice((None, "Outpatient_clinic", "OUTPATIENT_CLINIC", "other", ""))},
            lambda: {
                "treatment_date": rng.choice(
                    (
                        None,
                        self.start,
                        self.end,
                        _day(self.start, -1),
                        _day(self.end, 1),
                        _day(self.end, 1),
                        dt.date(self.year - 1, 6, 30),
                    )
                )
            },
            lambda: {
                "claim_date": rng.choice(
                    (
                        None,
                        self.cutoff,
                        _day(self.cutoff, 1),
                        _day(self.cutoff, 1),
                        _day(self.start, -5),
                        dt.date(self.year + 2, 1, 1),
                    )
                )
            },
            lambda: {"performance_code": rng.choice(BAD_PERFORMANCE)},
            lambda: {"csi_code": rng.choice(("020", "021"))},
            lambda: {"bsn": rng.choice(self.dirty_bsn)},
            lambda: {"bsn": rng.choice(self.dirty_bsn)},
            lambda: {"practice_agb": rng.choice((*NOT_PRACTICES, STOPPED_PRACTICE, "04000091", None))},
            lambda: {"diagnosis_code": rng.choice(BAD_DIAGNOSES)},
            lambda: {"csi_code": rng.choice(BAD_CSI)},
            lambda: {"bsn": rng.choice(self.messy)},
            lambda: {"amount_cents": rng.choice((0, -100))},
            lambda: {"prior_reference": rng.choice(("", "1", "a1"))},
        )
        return rng.choice(faults)()

    # -- netting -----------------------------------------------------------------------------------------------------

    def place(self) -> Row:
        """One label, practice and patient for a netting scenario; missing and empty ones among them."""
        rng = self.rng
        bsn = rng.choice((*rng.sample(self.clean, 8), rng.choice(self.messy), None, "", rng.choice(self.dirty_bsn)))
        practice = rng.choice((*rng.sample(PRACTICES, 8), None, ""))
        return {"uzovi": rng.choice(self.labels), "practice_agb": practice, "bsn": bsn}

    def reference_credit(self) -> None:
        """A credit that names a debit: exact, partial, larger, with zero and negative amounts, before its debit."""
        rng = self.rng
        amount = rng.choice((3000, 3000, 0, -100))
        debit = self.add(**self.place(), amount_cents=amount)
        given: Row = {"amount_cents": amount + rng.choice((0, 0, -1, 1, 500))}
        if rng.random() < 0.4:
            given["claim_date"] = _day(debit["claim_date"], rng.choice((-1, -40, 0)))
        if rng.random() < 0.4:  # no key pair, so only the reference can do it
            given["performance_code"] = rng.choice((None, "1920", "9999"))
        self.credit_of(debit, **given)

    def reference_elsewhere(self) -> None:
        """A credit that names a debit of another label, practice or patient, or nothing at all."""
        rng = self.rng
        debit = self.add(**self.place())
        given: Row = rng.choice(
            (
                {"uzovi": rng.choice(self.siblings[self.concern_of[debit["uzovi"]]])},
                {"uzovi": rng.choice(self.labels)},
                {"practice_agb": rng.choice((*PRACTICES, None, ""))},
                {"bsn": rng.choice((None, "", rng.choice(self.clean), self.new_bsn()))},
                {"prior_reference": rng.choice((None, "", "nothing", debit["claim_reference"] + " "))},
                {"prior_reference": debit["claim_reference"].swapcase()},
                {"treatment_date": self.treatment_day()},
            )
        )
        if rng.random() < 0.6:
            given["performance_code"] = rng.choice((None, "1775"))
        self.credit_of(debit, **given)

    def reference_several(self) -> None:
        """Several credits name one debit; those left over have key pairs of their own."""
        rng = self.rng
        debit = self.add(**self.place(), amount_cents=3000)
        base = {k: debit[k] for k in ("uzovi", "practice_agb", "bsn")}
        day = self.claim_day()
        for i in range(rng.choice((2, 2, 3, 4))):
            performance = ("1100", "1101", "1102", "1103")[i]
            amount = rng.choice((3000, 3000, 3500, 2999))
            treated = self.treatment_day()
            given: Row = {"claim_date": rng.choice((day, day, day, day, self.claim_day(), self.start))}
            if rng.random() < 0.15:
                given["bsn"] = rng.choice((None, rng.choice(self.clean)))
            if rng.random() < 0.1:
                given["claim_date"] = _day(self.cutoff, 1)
            key = {"performance_code": performance, "amount_cents": amount, "treatment_date": treated}
            self.credit_of(debit, **key, **given)
            if rng.random() < 0.7:
                self.add(**base, **key)

    def reference_chain(self) -> None:
        """A credit names a credit, itself, or a debit that did not come through; a debit names something too."""
        rng = self.rng
        kind = rng.randrange(5)
        given: Row = {}
        if kind == 0:
            given = rng.choice(
                (
                    {"status": "rejected"},
                    {"channel": "restitution"},
                    {"claim_date": _day(self.cutoff, 1)},
                    {"care_setting": "outpatient_clinic"},
                )
            )
        debit = self.add(**self.place(), **given)
        if kind == 4:
            self.credit_of(debit, claim_date=rng.choice((_day(self.cutoff, 1), None)))
            return
        credit = self.credit_of(debit)
        if kind == 1:
            self.credit_of(credit)
        elif kind == 2:
            credit["prior_reference"] = credit["claim_reference"]
        elif kind == 3:
            debit["prior_reference"] = rng.choice((credit["claim_reference"], "x"))

    def key_group(self) -> None:
        """Debits and credits of one key, unequal in number, whose order decides which diagnosis stays."""
        rng = self.rng
        base = self.place()
        key: Row = {
            "treatment_date": self.treatment_day(),
            "performance_code": rng.choice(("1000", "1000", "1000", "1200", "1003", None)),
            "amount_cents": rng.choice((3000, 3000, 0, -100)),
        }
        day = self.claim_day()
        debits, credits = rng.choice(((1, 1), (2, 1), (3, 1), (3, 2), (1, 2), (2, 3), (5, 2), (0, 1)))
        for _ in range(debits):
            self.add(**base, **key, claim_date=rng.choice((day, day, day, self.claim_day())))
        for _ in range(credits):
            self.credit_of(
                self.rows["claims"][-1] if debits else self.add(**base, performance_code="1920"),
                **base,
                **key,
                prior_reference=rng.choice((None, None, "", "nothing")),
                claim_date=rng.choice((day, self.claim_day())),
            )
        if rng.random() < 0.3:  # one that differs in one part of the key
            other = rng.choice(
                (
                    {"amount_cents": 1},
                    {"performance_code": "1871"},
                    {"treatment_date": self.treatment_day()},
                    {"bsn": rng.choice((None, "", rng.choice(self.clean)))},
                    {"practice_agb": rng.choice((None, "", PRACTICES[0]))},
                    {"uzovi": rng.choice(self.labels)},
                )
            )
            self.add(**{**base, **key, **other, "debit_credit": rng.choice("CD")})

    # -- exact sizes ---------------------------------------------------------------------------------------------------

    def exact_practices(self, room: int) -> None:
        """Practices at the borders of the bands of the correction factor."""
        rng = self.rng
        endings = ("0000", "0010", "0020", "0031", "0040", "0050", "0060", "0070", "0080")
        pairs = [(bsn, ending) for bsn in self.clean for ending in endings]
        sizes = [*rng.sample((10, 11, 12, 13, 15, 16, 25, 26), 5), rng.choice((30, 31)), rng.choice((60, 61))]
        sizes += [rng.choice((9, 10)), rng.choice((10, 11)), 12]
        if self.seed % 4 == 0:
            sizes.append(rng.choice((150, 151)))
        if self.seed % 8 == 3:
            sizes.append(rng.choice((500, 501)))
        for i, size in enumerate(sizes):
            if size > room:
                continue
            room -= size
            longest = rng.choice((1, 1, 2, 2, 4)) if size < 100 else 1
            for bsn, ending in rng.sample(pairs, size):
                for _ in range(rng.randint(1, longest)):
                    self.add(
                        bsn=bsn,
                        practice_agb=f"0405{i:04d}",
                        csi_code="001",
                        diagnosis_code=ending,
                        performance_code="1000",
                    )

    def exact_basket(self) -> None:
        """One basket of 59, 60 or 61 combinations: a kind of patient that nobody else is."""
        rng = self.rng
        size = (59, 60, 61)[self.seed % 3]
        for i in range(size):
            bsn = self.new_bsn()
            home = rng.choice(self.labels)
            self.enrol(home, bsn, dt.date(self.year, 3, 3), "M", None, dt.date(self.year, 3, 3), None)
            for _ in range(rng.choice((1, 1, 2, 3))):
                self.add(
                    uzovi=home,
                    bsn=bsn,
                    practice_agb=PRACTICES[i % 4] if i < size // 2 else f"0405{30 + i % 5:04d}",
                    csi_code="019",
                    diagnosis_code="9995",
                    performance_code="1000",
                )

    def exact_halves(self) -> None:
        """Pairs of practices that share baskets with nobody, so that both indices end in exactly .5."""
        rng = self.rng
        shapes = (((1, 15),), ((3, 13),), ((5, 11),), ((7, 9),), ((1, 11), (1, 15), (1, 23)))
        first, second = f"0405{50:04d}", f"0405{51:04d}"
        for i, (one, other) in enumerate(rng.choice(shapes)):
            for practice, treatments in ((first, one), (second, other)):
                bsn = self.new_bsn()
                home = rng.choice(self.labels)
                birth = dt.date(self.year - (30, 55, 70)[i], 1, 1)
                self.enrol(home, bsn, birth, "M", None, dt.date(self.year - 1, 1, 1), None)
                for _ in range(treatments):
                    self.add(
                        uzovi=home,
                        bsn=bsn,
                        practice_agb=practice,
                        csi_code="010",
                        diagnosis_code="1290",
                        performance_code="1000",
                    )

    def make_claims(self) -> None:
        rng = self.rng
        if self.wanted >= 1000:
            self.exact_practices(room=self.wanted // 4)
            self.exact_basket()
            self.exact_halves()
        scenarios: tuple[tuple[Callable[[], None], int], ...] = (
            (self.popular_claim, 24),
            (self.plain_claim, 26),
            (self.dirty_claim, 26),
            (self.reference_credit, 5),
            (self.reference_elsewhere, 4),
            (self.reference_several, 3),
            (self.reference_chain, 2),
            (self.key_group, 5),
        )
        steps = [step for step, _ in scenarios]
        weights = [weight for _, weight in scenarios]
        while len(self.rows["claims"]) < self.wanted:
            rng.choices(steps, weights)[0]()
        del self.rows["claims"][self.wanted :]

    def build(self) -> tuple[dict[str, pa.Table], dict[str, Any]]:
        self.make_registers()
        self.make_ses()
        self.make_people()
        self.make_claims()
        self.make_cover()
        for rows in self.rows.values():
            self.rng.shuffle(rows)
        tables = {name: pa.Table.from_pylist(self.rows[name], schema=schema) for name, schema in SCHEMAS.items()}
        return tables, self.settings


def generate(seed: int, claims: int = 3000) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """The seven inputs and the parsed settings of one seed; the same seed gives the same rows."""
    return _World(seed, claims).build()
