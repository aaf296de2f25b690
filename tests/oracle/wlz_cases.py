"""Seeded Wlz inputs that are dense in edge cases: every rule, tie and boundary day of the contract, nobody likely.

Few organisations, few people and few days, so that rows collide. Nothing here looks like a person: the numbers of
citizens start with 9, a range that is not issued.
"""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

Row = dict[str, Any]

SCHEMAS: dict[str, pa.Schema] = {
    "wlz_organisations": pa.schema(
        [("code", pa.string()), ("name", pa.string()), ("kind", pa.string()), ("concern", pa.string())]
    ),
    "wlz_claims": pa.schema(
        [
            ("zorgkantoor", pa.string()),
            ("provider_agb", pa.string()),
            ("bsn", pa.string()),
            ("function_code", pa.string()),
            ("zzp_code", pa.string()),
            ("performance_code", pa.string()),
            ("start_date", pa.date32()),
            ("end_date", pa.date32()),
            ("quantity", pa.int64()),
            ("time_unit", pa.string()),
            ("tariff_cents", pa.int64()),
            ("amount_cents", pa.int64()),
            ("debit_credit", pa.string()),
            ("claim_reference", pa.string()),
            ("prior_reference", pa.string()),
            ("received_on", pa.date32()),
        ]
    ),
    "wlz_pgb_grants": pa.schema(
        [
            ("zorgkantoor", pa.string()),
            ("bsn", pa.string()),
            ("start_date", pa.date32()),
            ("end_date", pa.date32()),
            ("recorded_on", pa.date32()),
        ]
    ),
    "wlz_deaths": pa.schema([("bsn", pa.string()), ("died_on", pa.date32()), ("recorded_on", pa.date32())]),
    "wlz_admissions": pa.schema(
        [
            ("bsn", pa.string()),
            ("admitted_on", pa.date32()),
            ("discharged_on", pa.date32()),
            ("recorded_on", pa.date32()),
        ]
    ),
    "wlz_home_visits": pa.schema(
        [
            ("zorgkantoor", pa.string()),
            ("bsn", pa.string()),
            ("visited_on", pa.date32()),
            ("physical", pa.bool_()),
            ("with_conscious_choice_talk", pa.bool_()),
            ("recorded_on", pa.date32()),
        ]
    ),
    "wlz_conscious_choice_talks": pa.schema(
        [("zorgkantoor", pa.string()), ("bsn", pa.string()), ("held_on", pa.date32()), ("new_applicant", pa.bool_())]
    ),
    "wlz_admin_costs": pa.schema(
        [
            ("organisation", pa.string()),
            ("year", pa.int32()),
            ("quarter", pa.int32()),
            ("category", pa.string()),
            ("amount_cents", pa.int64()),
        ]
    ),
    "wlz_insured": pa.schema(
        [
            ("organisation", pa.string()),
            ("bsn", pa.string()),
            ("birth_date", pa.date32()),
            ("sex", pa.string()),
            ("registered_from", pa.date32()),
            ("registered_to", pa.date32()),
            ("country", pa.string()),
        ]
    ),
    "wlz_providers": pa.schema([("provider_agb", pa.string()), ("name", pa.string()), ("replaced_by", pa.string())]),
}

QUARTERS = (2, 4, 1, 2, 3)  # the second has most parts
YEARS = (2023, 2024, 2025, 2022, 2021, 2028, 2029)  # T-1, T and T+1 in turn are leap years; due dates at weekends

ZORGKANTOREN = ("5501", "5502", "5503")
UITVOERDERS = ("0301", "3302")
UNKNOWN_CODES = ("9901", "550", "301", "5501 ", "", "550a", "\uff15\uff15\uff10\uff11")
SEXES = ("1", "M", "2", "V", "1", "M", "2", "V", None, None, None, "9", "0", "X", "m", "v", "", " M", "01", "é", "😀")
COSTS = ("internal_staff", "external_staff", "other")
NO_COSTS = ("Internal_staff", "other ", "staff", "", "total")
MILLION_CENTS = 100_000_000


def _day(value: dt.date, offset: int) -> dt.date:
    return value + dt.timedelta(days=offset)


def _two_months_later(day: dt.date) -> dt.date:
    year, month = (day.year, day.month + 2) if day.month <= 10 else (day.year + 1, day.month - 10)
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _due(year: int, quarter: int) -> dt.date:
    day = dt.date(year + quarter // 4, (5, 8, 11, 2)[quarter - 1], 12)
    return _day(day, max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


class _World:
    """One seed's inputs while they grow."""

    def __init__(self, seed: int, size: int) -> None:
        self.rng = rng = random.Random(seed)
        self.seed, self.size = seed, size
        self.quarter = QUARTERS[seed % len(QUARTERS)]
        self.year = year = YEARS[(seed // len(QUARTERS)) % len(YEARS)]
        self.q_start = dt.date(year, 3 * self.quarter - 2, 1)
        self.q_end = dt.date(year, 3 * self.quarter, (31, 30, 30, 31)[self.quarter - 1])
        self.prior_start, self.prior_end = dt.date(year - 1, 1, 1), dt.date(year - 1, 12, 31)
        self.four_start = self.q_start.replace(year=year - 1)
        self.settings: dict[str, Any] = {"statement": {"year": year, "quarter": self.quarter}}
        self.known_at = due = _due(year, self.quarter)
        if rng.random() < 0.5:
            self.known_at = rng.choice(
                (
                    due,
                    _day(due, -1),
                    _day(due, 1),
                    _day(due, 3),
                    self.q_end,
                    self.q_start,
                    _day(self.q_start, 40),
                    dt.date(year - 1, 11, 30),
                    dt.date(year, 1, 1),
                    dt.date(year + 2, 1, 1),
                    dt.date(year + 2, 1, 1),
                )
            )
            self.settings["known_at"] = self.known_at
        self.rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
        self.references = 0
        self.performances = 0
        self.people = [f"9{rng.randrange(10**7):07d}{n % 10}" for n in range(16)]
        self.zorgkantoren: list[str] = []
        self.uitvoerders: list[str] = []
        self.unknown = rng.sample(UNKNOWN_CODES, 2)
        # (the AGB that counts, the AGBs that count as it)
        self.groups: list[tuple[str, list[str]]] = []

    # -- registers -----------------------------------------------------------------------------------------------------

    def make_organisations(self) -> None:
        rng = self.rng
        self.zorgkantoren = list(ZORGKANTOREN[: rng.choice((1, 2, 2, 3))])
        self.uitvoerders = list(UITVOERDERS[: rng.choice((1, 1, 2))])
        listed_zorgkantoren, listed_uitvoerders = self.zorgkantoren, self.uitvoerders
        if self.seed % 37 in (15, 16):  # nobody is a zorgkantoor
            listed_zorgkantoren = []
        if self.seed % 37 == 16:  # nobody is known at all
            listed_uitvoerders = []
        for kind, codes in (("zorgkantoor", listed_zorgkantoren), ("uitvoerder", listed_uitvoerders)):
            for code in codes:
                row = {"code": code, "name": f"Organisation {code}", "kind": kind, "concern": rng.choice("AB")}
                self.rows["wlz_organisations"].append(row)

    def make_providers(self) -> None:
        """Chains, chains that leave the register, cycles, self loops, and roads into them."""
        rng = self.rng
        numbers = iter(rng.sample(range(75_000_001, 75_000_999), 120))

        odd = ["9500001", "08000001"]
        rng.shuffle(odd)

        def some(count: int) -> list[str]:
            return [str(next(numbers)) for _ in range(count)]

        def register(agb: str, replaced_by: str | None) -> None:
            self.rows["wlz_providers"].append({"provider_agb": agb, "name": "P", "replaced_by": replaced_by})

        def add_chain(length: int, last_registered: bool) -> None:
            agbs = some(length)
            for agb, following in pairwise(agbs):
                register(agb, following)
            if last_registered:
                register(agbs[-1], None)
            self.groups.append((agbs[-1], [agbs[0], *agbs] if length < 6 else [agbs[0], agbs[1], agbs[-1]]))

        def add_cycle(length: int, leading: int) -> None:
            agbs = some(length)
            if length > 1 and odd and rng.random() < 0.3:
                agbs[0] = odd.pop()  # lowest as a number is not lowest as a text
            for agb, following in zip(agbs, [*agbs[1:], agbs[0]], strict=True):
                register(agb, following)
            into: list[str] = []
            for _ in range(leading):
                lead = some(1)[0]
                register(lead, rng.choice([*agbs, *into]))
                into.append(lead)
            self.groups.append((min(agbs), [*into, *agbs]))

        add_chain(1, True)
        add_chain(1, False)
        add_chain(2, rng.random() < 0.5)
        add_chain(3, rng.random() < 0.5)
        if rng.random() < 0.25:
            add_chain(rng.choice((5, 9, 17, 40)), rng.random() < 0.5)
        if rng.random() < 0.25:  # two roads that come together
            end, left, right = some(3)
            register(left, end)
            register(right, end)
            self.groups.append((end, [left, right, end]))
        if rng.random() < 0.5:
            add_cycle(rng.choice((1, 2, 2, 3, 3, 5)), rng.choice((0, 0, 1, 2, 3)))
        if rng.random() < 0.15:
            add_cycle(rng.choice((1, 1, 2)), rng.choice((0, 1)))

    def codes(self, part_of_zorgkantoor: bool = True) -> str:
        """Mostly an organisation that has the part, now and then one that has not, or that nobody knows."""
        rng = self.rng
        dice = rng.random()
        if dice < 0.08:
            return rng.choice(self.unknown)
        if dice < (0.16 if part_of_zorgkantoor else 0.45):
            return rng.choice(self.uitvoerders)
        return rng.choice(self.zorgkantoren)

    # -- claims --------------------------------------------------------------------------------------------------------

    def claim_day(self) -> dt.date:
        """Half of them in the quarter, the others around its borders and those of T-1 and of the four quarters."""
        rng = self.rng
        inside = _day(self.q_start, rng.randrange((self.q_end - self.q_start).days + 1))
        borders = (
            self.q_start,
            self.q_end,
            _day(self.q_start, -1),
            _day(self.q_end, 1),
            self.prior_start,
            self.prior_end,
            _day(self.prior_start, -1),
            self.four_start,
            _day(self.four_start, -1),
            self.q_start.replace(year=self.year + 1),
        )
        return inside if rng.random() < 0.5 else rng.choice(borders)

    def received(self, start: dt.date) -> dt.date:
        """Mostly known; sometimes on the last day, and sometimes just too late."""
        rng = self.rng
        if rng.random() < 0.8:
            return min(_day(start, rng.choice((0, 20, 20, 45))), self.known_at)
        return rng.choice((self.known_at, _day(self.known_at, 1), _day(self.known_at, 1), _day(start, 400)))

    def reference(self) -> str:
        self.references += 1
        return f"{self.rng.choice('Rr')}{self.references}"

    def performance(self) -> str:
        """A code of its own, so that a sum stands alone."""
        self.performances += 1
        return f"N{self.performances:03d}"

    def claim(self, **given: Any) -> Row:
        rng = self.rng
        start = given.get("start_date") or self.claim_day()
        row: Row = {
            "zorgkantoor": self.codes(),
            "provider_agb": rng.choice(rng.choice(self.groups)[1] if rng.random() < 0.05 else ("06000001", "6000001")),
            "bsn": rng.choice(self.people),
            "function_code": rng.choice(("01", "02")),
            "zzp_code": rng.choice(("000", "4VV")),
            "performance_code": rng.choice(("Z041", "Z041", "z041", "H126", "H127", "")),
            "start_date": start,
            "end_date": _day(start, rng.choice((0, 6, 30, 100))),
            "quantity": rng.choice((1, 2, 3, 7, 30)),
            "time_unit": "14",
            "tariff_cents": 100,
            "amount_cents": rng.choice((1, 49, 50, 51, 100, 150, 1250, 98765)),
            "debit_credit": "D",
            "claim_reference": self.reference(),
            "prior_reference": None,
            "received_on": self.received(start),
        }
        row |= given
        self.rows["wlz_claims"].append(row)
        return row

    def repeat(self, row: Row, **given: Any) -> Row:
        again = row | {"claim_reference": self.reference()} | given
        self.rows["wlz_claims"].append(again)
        return again

    def plain_claim(self) -> None:
        self.claim(debit_credit="D" if self.rng.random() < 0.9 else "C")

    def half_euros(self) -> None:
        """A net amount of just under, exactly or just over a half, of either sign; and one that nets to zero."""
        rng = self.rng
        code, sign = self.performance(), rng.choice("DC")
        base: Row = {"performance_code": code, "start_date": rng.choice((self.q_start, self.q_end)), "quantity": 2}
        first = self.claim(**base, debit_credit=sign, amount_cents=rng.choice((49, 50, 51, 149, 150, 151, 250, 1050)))
        dice = rng.random()
        if dice < 0.3:
            self.repeat(first, debit_credit="C" if sign == "D" else "D")
        elif dice < 0.5:
            self.repeat(first, amount_cents=100)

    def credit(self) -> None:
        """A credit and the debit that it names, or something that is almost it."""
        rng = self.rng
        start = self.claim_day()
        known = min(_day(start, 10), _day(self.known_at, -2))
        debit = self.claim(start_date=start, received_on=known)
        if rng.random() < 0.25:  # the debit may lie in any other quarter
            debit["start_date"] = rng.choice((self.prior_start, _day(self.q_end, 1), dt.date(self.year - 4, 2, 2)))
        base: Row = {
            "debit_credit": "C",
            "prior_reference": debit["claim_reference"],
            "received_on": _day(known, rng.choice((0, 0, 1, 2, 3))),
            "start_date": rng.choice((start, self.q_start, self.q_end)),
            "quantity": rng.choice((debit["quantity"], 1)),
        }
        near_misses: tuple[Callable[[], Row], ...] = (
            lambda: {"received_on": _day(known, -1)},  # the debit is received a day later
            lambda: {"provider_agb": rng.choice(rng.choice(self.groups)[1])},
            lambda: {"zorgkantoor": rng.choice((*self.zorgkantoren, *self.uitvoerders, *self.unknown))},
            lambda: {"prior_reference": None},
            lambda: {"prior_reference": rng.choice(("", debit["claim_reference"].swapcase()))},
            lambda: {"prior_reference": debit["claim_reference"] + " "},
            lambda: {"claim_reference": debit["claim_reference"]},  # a duplicate as well
        )
        dice = rng.random()
        if dice < 0.5:
            base |= rng.choice(near_misses)()
        elif dice < 0.58:  # what it names is a credit, or it names itself
            debit["debit_credit"] = "C"
        elif dice < 0.64:
            base["prior_reference"] = base["claim_reference"] = self.reference()
        elif dice < 0.70:  # both under AGBs of one chain: as written they are two
            _, members = rng.choice(self.groups)
            debit["provider_agb"], base["provider_agb"] = rng.choice(members), rng.choice(members)
        credit = self.repeat(debit, **base)
        if rng.random() < 0.15:  # a second debit under that reference, late or in time
            late = _day(credit["received_on"], rng.choice((-1, 0, 1)))
            self.repeat(debit, claim_reference=credit["prior_reference"] or "", debit_credit="D", received_on=late)

    def duplicate(self) -> None:
        """A reference that occurs twice: in this quarter, another one, elsewhere, or not yet."""
        rng = self.rng
        start = rng.choice((self.q_start, self.q_end, self.claim_day()))
        first = self.claim(start_date=start, received_on=min(start, self.known_at))
        group = rng.choice(self.groups)[1]
        others: tuple[Row, ...] = (
            {},
            {"start_date": rng.choice((self.prior_start, _day(self.q_end, 1), dt.date(self.year - 5, 3, 3)))},
            {"start_date": self.q_end, "debit_credit": "C"},
            {"received_on": _day(self.known_at, 1)},
            {"received_on": self.known_at, "bsn": rng.choice(self.people)},
            {"zorgkantoor": rng.choice((*self.zorgkantoren, *self.uitvoerders, *self.unknown))},
            {"provider_agb": rng.choice(group)},
            {"claim_reference": first["claim_reference"].swapcase()},
        )
        if rng.random() < 0.2:
            first["provider_agb"] = rng.choice(group)
        for _ in range(rng.choice((1, 1, 1, 2))):
            self.rows["wlz_claims"].append(first | rng.choice(others))

    def dated(self, first: dt.date, last: dt.date) -> dt.date:
        """A day of a period, one of its ends more often than not."""
        inside = _day(first, self.rng.randrange((last - first).days + 1))
        return self.rng.choice((first, last, inside))

    def million(self) -> None:
        """A provider around a million in T-1, with or without a line in Q, and what an estimate is made of."""
        rng = self.rng
        _, members = rng.choices(self.groups, [1, 1, *(2 for _ in self.groups[2:])])[0]
        zorgkantoor = rng.choice(self.zorgkantoren) if rng.random() < 0.95 else self.codes()
        early = self.quarter > 1 and rng.random() < 0.5
        first = self.prior_start if early or self.quarter == 1 else self.four_start
        last = _day(self.four_start, -1) if early else self.prior_end

        def line(**given: Any) -> Row:
            start = given.pop("start_date", None) or self.dated(first, last)
            fixed: Row = {"zorgkantoor": zorgkantoor, "provider_agb": rng.choice(members), "start_date": start}
            received = self.known_at if rng.random() < 0.2 else min(_day(start, 15), self.known_at)
            return self.claim(**{**fixed, "received_on": received, **given})

        # small codes whose quarter is a half, just not, or nothing; credits alone are negative
        spent = 0
        for _ in range(rng.choice((1, 2, 4))):
            code = self.performance()
            kinds = rng.choice(("D", "D", "C", "DD", "DC", "DC", "CC"))
            cents = rng.choice((1, 99, 100, 199, 200, 201, 599, 600, 1000, 4000))
            for kind in kinds:
                quantity = rng.choice((1, 2, 2, 3, 6)) if kinds != "DC" else 2
                row = line(
                    performance_code=code,
                    debit_credit=kind,
                    amount_cents=cents + (kinds != "DC" and rng.random() < 0.1),
                    quantity=quantity,
                )
                spent += row["amount_cents"] if kind == "D" else -row["amount_cents"]
        wanted = MILLION_CENTS + rng.choice((0, 0, 1, 1, 1, 99, -1, 5_000, 50_000_000))
        rest = wanted - spent
        if rng.random() < 0.3:  # more was claimed, and part of it taken back
            line(performance_code="Z041", amount_cents=777, quantity=1, debit_credit="C")
            rest += 777
        part = rng.choice((1, rest // 2, rest - 50))
        for cents in (part, rest - part):
            line(performance_code=rng.choice(("Z041", "H126")), amount_cents=cents, quantity=rng.choice((1, 2, 3, 4)))

        # lines that would tip the scale if they counted
        for given in (
            {"start_date": _day(self.prior_start, -1)},
            {"start_date": self.q_end.replace(year=self.year + 1)},
            {"received_on": _day(self.known_at, 1)},
            {"zorgkantoor": self.codes()},
        ):
            if rng.random() < 0.2:
                line(**given, debit_credit=rng.choice("DC"), amount_cents=rng.choice((1, 2, 5_000)))

        if early and rng.random() < 0.3:  # not this zorgkantoor, so its year stays empty
            line(start_date=self.four_start, zorgkantoor=rng.choice(self.zorgkantoren))

        # the last four quarters: cancelled out, or something that turns an empty year into one that is not
        if early and rng.random() < 0.4:
            code, start = self.performance(), rng.choice((self.four_start, _day(self.q_start, -1)))
            cancelled = line(performance_code=code, start_date=start, quantity=2, amount_cents=400)
            if rng.random() < 0.6:
                self.repeat(cancelled, debit_credit="C")
                if start <= self.prior_end and rng.random() < 0.5:
                    self.repeat(cancelled, start_date=self.prior_start, received_on=self.prior_start)

        # a line in Q ends the finding; most of these are not one
        in_quarter: tuple[Row, ...] = (
            {"start_date": self.q_start, "debit_credit": "C"},
            {"start_date": self.q_end},
            {"start_date": self.q_start, "received_on": _day(self.known_at, 1)},
            {"start_date": _day(self.q_start, -1), "end_date": self.q_end, "amount_cents": 150},
            {"start_date": _day(self.q_end, 1)},
            {"start_date": self.q_start, "zorgkantoor": self.codes()},
            {"start_date": self.q_start, "provider_agb": "06000001"},
        )
        if rng.random() < 0.5:
            line(**rng.choice(in_quarter))

    def make_claims(self) -> None:
        rng = self.rng
        dice = rng.random()  # one zorgkantoor sends nothing for the quarter, or nothing but credits
        for _ in range(rng.choice((2, 3, 4, 5))):
            self.million()
        steps = (self.plain_claim, self.half_euros, self.credit, self.duplicate)
        for _ in range(self.size):
            rng.choices(steps, (2, 1, 3, 2))[0]()
        for row in self.rows["wlz_claims"]:
            if row["zorgkantoor"] == self.zorgkantoren[-1] and self.q_start <= row["start_date"] <= self.q_end:
                if dice < 0.15:
                    row["start_date"] = rng.choice((_day(self.q_start, -1), _day(self.q_end, 1)))
                elif dice < 0.25:
                    row["debit_credit"] = "C"

    # -- personal budgets ----------------------------------------------------------------------------------------------

    def recorded(self) -> dt.date:
        """Few days, so that rows tie; some of them just too late."""
        return self.rng.choice(
            (
                _day(self.known_at, -30),
                _day(self.known_at, -30),
                _day(self.known_at, -31),
                self.known_at,
                self.known_at,
                _day(self.known_at, 1),
            )
        )

    def versions(self, table: str, key: Row, column: str, values: Sequence[dt.date | None]) -> None:
        """One to three rows that replace each other, often recorded on one day."""
        rng = self.rng
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            self.rows[table].append(key | {column: rng.choice(values), "recorded_on": self.recorded()})

    def plain_holder(self, bsn: str) -> None:
        """One old grant and one thing that ends it on 29 June, 30 June or never."""
        rng, y = self.rng, self.year
        recorded = {"recorded_on": min(self.prior_start, self.known_at)}
        grant = {"zorgkantoor": rng.choice(self.zorgkantoren), "bsn": bsn, "start_date": dt.date(y - 2, 3, 15)}
        self.rows["wlz_pgb_grants"].append(grant | recorded | {"end_date": None})
        if rng.random() < 0.2:
            died = dt.date(y, 6, 29 + rng.randrange(2)) if rng.random() < 0.5 else dt.date(y, 7, 1)
            self.rows["wlz_deaths"].append({"bsn": bsn, "died_on": died} | recorded)
            return
        ends = (dt.date(y, 4, 29), dt.date(y, 4, 30), dt.date(y, 5, 1))
        admitted = rng.choice((*ends, *(dt.date(y - 1, 12, day) for day in (28, 29, 30, 31))))
        limit = _two_months_later(admitted)
        discharged = rng.choice((None, _day(limit, -1), _day(limit, -1), limit, limit, _day(limit, 1)))
        stay = {"bsn": bsn, "admitted_on": admitted, "discharged_on": discharged}
        self.rows["wlz_admissions"].append(stay | recorded)

    def budget_holder(self, bsn: str) -> None:
        """A person with grants, stays, a death and visits on the days around all of them."""
        rng, y = self.rng, self.year
        june = dt.date(y, 6, 30)
        starts = rng.sample(
            (
                dt.date(y - 2, 3, 15),
                dt.date(y - 1, 2, 28),
                dt.date(y - 1, 5, 1),
                dt.date(y - 1, 11, 15),
                dt.date(y, 4, 1),
                dt.date(y, 5, 5),
                dt.date(y, 6, 15),
                _day(june, -1),
                june,
                _day(june, 1),
            ),
            rng.choice((1, 1, 2)),
        )
        moments: list[dt.date] = []
        offices = [self.codes(), rng.choice(self.zorgkantoren)][: rng.choice((1, 1, 2))]
        if rng.random() < 0.3:
            offices = self.zorgkantoren[:2]
        for start in starts:
            ends = (
                None,
                None,
                None,
                _day(june, -1),
                june,
                _day(june, 1),
                _day(start, -1),
                start,
                dt.date(y - 1, 7, 15),
                dt.date(y - 1, 12, 31),
            )
            for office in offices:
                key = {"zorgkantoor": office, "bsn": bsn, "start_date": start}
                self.versions("wlz_pgb_grants", key, "end_date", ends)
            moments += [start, _day(start, -1), dt.date(y - 1, 7, 15), dt.date(y - 1, 7, 16)]
        if rng.random() < 0.3:
            died = (_day(june, -5), _day(june, -1), june, _day(june, 1), _day(june, 2), dt.date(y - 1, 8, 8))
            self.versions("wlz_deaths", {"bsn": bsn}, "died_on", died)
            moments += [dt.date(y - 1, 8, 7), dt.date(y - 1, 8, 8)]
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            admitted = rng.choice(
                (
                    dt.date(y, 4, 25),
                    dt.date(y, 4, 29),
                    dt.date(y, 4, 30),
                    dt.date(y, 4, 30),
                    dt.date(y, 5, 1),
                    dt.date(y - 1, 12, 28),
                    dt.date(y - 1, 12, 29),
                    dt.date(y - 1, 12, 30),
                    dt.date(y - 1, 12, 31),
                    dt.date(y - 2, 12, 31),
                    dt.date(y - 2, 12, 29),
                    dt.date(y - 1, 7, 31),
                    dt.date(y - 2, 6, 30),
                    _day(starts[0], -70),
                    _day(starts[0], -10),
                )
            )
            limit = _two_months_later(admitted)
            left = (
                None,
                _day(limit, -1),
                limit,
                _day(limit, 1),
                dt.date(limit.year, 3, 1),
                starts[0],
                _day(starts[0], 1),
                _day(starts[0], -1),
                _day(admitted, 3),
                _day(limit, 30),
            )
            self.versions("wlz_admissions", {"bsn": bsn, "admitted_on": admitted}, "discharged_on", left)
            moments += [_day(limit, -1), limit, _day(limit, 40)]
        for _ in range(rng.choice((0, 1, 1, 2, 2))):
            near = [day for day in moments if day.year == y - 1]
            self.visit(bsn, rng.choice(near) if near and rng.random() < 0.8 else None, rng.choice(offices))

    def visit(self, bsn: str, visited: dt.date | None, office: str | None = None) -> None:
        rng, y = self.rng, self.year
        borders = (
            self.prior_start,
            self.prior_end,
            _day(self.prior_start, -1),
            dt.date(y, 1, 1),
            dt.date(y - 1, 5, 5),
        )
        day = visited or rng.choice(borders)
        in_time = min(_day(day, 10), self.prior_end)
        late = (dt.date(y, 1, 1), self.known_at, _day(self.known_at, 1))
        outcomes = (in_time,) * 5 + (self.prior_end, min(self.known_at, self.prior_end), *late)
        self.rows["wlz_home_visits"].append(
            {
                "zorgkantoor": office if office is not None and rng.random() < 0.9 else self.codes(),
                "bsn": bsn,
                "visited_on": day,
                "physical": rng.random() < 0.9,
                "with_conscious_choice_talk": rng.random() < 0.1,
                "recorded_on": rng.choice(outcomes),
            }
        )

    def make_budgets(self) -> None:
        rng, y = self.rng, self.year
        for bsn in self.people:
            dice = rng.random()
            if dice < 0.3:
                self.plain_holder(bsn)
            elif dice < 0.85:
                self.budget_holder(bsn)
            if rng.random() < 0.3:
                self.visit(bsn, None)
            held = (
                dt.date(y, 1, 1),
                dt.date(y, 12, 31),
                dt.date(y, 8, 8),
                dt.date(y - 1, 12, 31),
                dt.date(y + 1, 1, 1),
                _day(self.known_at, 1),
            )
            office = self.codes()
            for _ in range(rng.choice((0, 0, 1, 2, 3))):
                self.rows["wlz_conscious_choice_talks"].append(
                    {
                        "zorgkantoor": office if rng.random() < 0.7 else self.codes(),
                        "bsn": bsn,
                        "held_on": rng.choice(held),
                        "new_applicant": rng.random() < 0.75,
                    }
                )

    # -- insured and costs ---------------------------------------------------------------------------------------------

    def make_insured(self) -> None:
        """People with several rows on 1 July that tie and disagree."""
        rng, y = self.rng, self.year
        july = dt.date(y, 7, 1)
        births = (
            dt.date(y - 65, 7, 1),
            dt.date(y - 65, 7, 2),
            dt.date(y - 65, 6, 30),
            dt.date(y - 64, 1, 1),
            dt.date(y - 66, 12, 31),
            dt.date(1956, 2, 29),
            dt.date(y, 7, 2),
            dt.date(1899, 12, 31),
        )
        froms = (july, july, _day(july, -1), dt.date(y - 9, 1, 1), dt.date(y - 9, 1, 1), _day(july, 1))
        tos = (None, None, None, None, july, july, _day(july, -1), _day(july, 1))
        for bsn in self.people:
            own = rng.sample(births, 2)
            home = self.codes(part_of_zorgkantoor=False)
            same = rng.random() < 0.4
            tied = rng.choice(froms) if rng.random() < 0.4 else None
            sex = rng.choice(SEXES)
            for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 4))):
                start, end = tied or rng.choice(froms), rng.choice(tos)
                if rng.random() < 0.05:
                    end = _day(start, -1)
                self.rows["wlz_insured"].append(
                    {
                        "organisation": home if rng.random() < 0.75 else self.codes(part_of_zorgkantoor=False),
                        "bsn": bsn,
                        "birth_date": own[0] if same or rng.random() < 0.6 else own[1],
                        "sex": sex if rng.random() < 0.5 else rng.choice(SEXES),
                        "registered_from": start,
                        "registered_to": end,
                        "country": rng.choice(("NL", "NL", "BE", "")),
                    }
                )

    def make_costs(self) -> None:
        """Cents around halves of either sign; other quarters, years and categories; now and then nothing."""
        rng = self.rng
        amounts = (50, 50, 50, -50, -50, 49, -49, 51, -51, 150, -150, 250, 100, -100, 1, 0, 123_456_789_050)
        for code in (*self.zorgkantoren, *self.uitvoerders, *self.unknown):
            dice = rng.random()
            if dice < 0.1 or (code in self.unknown and dice < 0.6):
                continue
            count = rng.choice((1, 3, 3, 4, 6))
            for _ in range(count):
                category = rng.choice(NO_COSTS if dice < 0.2 or rng.random() < 0.1 else COSTS)
                year, quarter = self.year, self.quarter
                other = rng.random()
                if other < 0.12:
                    quarter = rng.choice([q for q in (1, 2, 3, 4) if q != self.quarter])
                elif other < 0.2:
                    year += rng.choice((-1, 1))
                self.rows["wlz_admin_costs"].append(
                    {
                        "organisation": code,
                        "year": year,
                        "quarter": quarter,
                        "category": category,
                        "amount_cents": rng.choice(amounts),
                    }
                )

    def build(self) -> tuple[dict[str, pa.Table], dict[str, Any]]:
        self.make_organisations()
        self.make_providers()
        self.make_claims()
        self.make_budgets()
        self.make_insured()
        self.make_costs()
        for row in self.rows["wlz_claims"]:  # a line that was moved keeps its order of days
            row["end_date"] = max(row["end_date"], row["start_date"])
        for rows in self.rows.values():
            self.rng.shuffle(rows)
        tables = {name: pa.Table.from_pylist(self.rows[name], schema=schema) for name, schema in SCHEMAS.items()}
        return tables, self.settings


def generate(seed: int, size: int = 40) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """The ten inputs and the parsed settings of one seed; the same seed gives the same rows. size: claim scenarios."""
    return _World(seed, size).build()
