"""The witness against numbers worked out by hand from the contract, on inputs of a few rows.

Assertions compare counts, codes and figures only: a citizen number is never printed.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from . import behandelindex_duckdb as oracle
from . import cases

Row = dict[str, Any]

YEAR = 2023
PRACTICE = "04000001"
LABEL = "0101"


def citizen(number: int) -> str:
    """The number-th string of nine digits from 900000000 on that satisfies the 11-test."""
    found = -1
    candidate = 900_000_000
    while True:
        digits = [int(c) for c in str(candidate)]
        if (sum((9 - i) * d for i, d in enumerate(digits[:8])) - digits[8]) % 11 == 0:
            found += 1
            if found == number:
                return str(candidate)
        candidate += 1


ANNA, BERT, CEES = citizen(0), citizen(1), citizen(2)


def claim(reference: str, **given: Any) -> Row:
    row: Row = {
        "uzovi": LABEL,
        "practice_agb": PRACTICE,
        "claim_reference": reference,
        "prior_reference": None,
        "debit_credit": "D",
        "bsn": ANNA,
        "treatment_date": dt.date(YEAR, 3, 1),
        "claim_date": dt.date(YEAR, 4, 1),
        "performance_code": "1000",
        "diagnosis_code": "0000",
        "csi_code": "001",
        "amount_cents": 3000,
        "status": "approved",
        "channel": "vecozo",
        "care_setting": "practice",
    }
    return row | given


def credit(reference: str, prior: str | None, **given: Any) -> Row:
    return claim(reference, **{"debit_credit": "C", "prior_reference": prior, **given})


def enrolment(bsn: str, **given: Any) -> Row:
    row: Row = {
        "uzovi": LABEL,
        "bsn": bsn,
        "birth_date": dt.date(1980, 1, 1),
        "sex": "M",
        "postcode": None,
        "valid_from": dt.date(2020, 1, 1),
        "valid_to": None,
    }
    return row | given


def tables(claims: list[Row], **given: list[Row]) -> dict[str, pa.Table]:
    """The seven inputs: CZ with two labels and a mandate, one practice, three people at one label."""
    rows: dict[str, list[Row]] = {
        "enrolments": [enrolment(bsn) for bsn in (ANNA, BERT, CEES)],
        "insurers": [
            {"uzovi": "0101", "concern": "CZ", "kind": "insurer"},
            {"uzovi": "0102", "concern": "CZ", "kind": "insurer"},
            {"uzovi": "0190", "concern": "CZ", "kind": "mandate"},
            {"uzovi": "0701", "concern": "Elders", "kind": "insurer"},
            {"uzovi": "0901", "concern": "CZ", "kind": "reserved"},
        ],
        "agb_register": [
            {"agb": f"0400000{i}", "kind": "practice", "name": "P", "started_on": None, "ended_on": None}
            for i in (1, 2, 3)
        ],
        "av_packages": [],
        "av_classes": [],
        "ses_woa": [],
        **given,
        "claims": claims,
    }
    return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in cases.SCHEMAS.items()}


def settings(**given: Any) -> dict[str, Any]:
    return {"report": {"year": YEAR, "version": 3}, **given}


def outcomes(result: dict[str, pa.Table]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in result["outcomes"].to_pylist():
        found[row["outcome"]] += row["records"]
    return found


def run(claims: list[Row], given_settings: dict[str, Any] | None = None, **given: list[Row]) -> dict[str, pa.Table]:
    return oracle.compute(tables(claims, **given), settings() if given_settings is None else given_settings)


def baskets(result: dict[str, pa.Table]) -> dict[int, int]:
    return {row["basket_id"]: row["treatments"] for row in result["national_baskets"].to_pylist()}


def strategy(name: str) -> dict[str, Any]:
    return settings(netting={"CZ": name})


def test_the_first_reason_in_the_order_of_the_contract_counts() -> None:
    """Everything is wrong at first; one fault fewer each time walks through the order."""
    everything: Row = {
        "uzovi": "0901",
        "status": None,
        "channel": None,
        "care_setting": "outpatient_clinic",
        "treatment_date": None,
        "claim_date": None,
        "performance_code": None,
        "bsn": None,
        "practice_agb": None,
        "diagnosis_code": None,
        "csi_code": "020",
    }
    repairs: list[tuple[str, Row]] = [
        ("reserved_uzovi", {"uzovi": "0190"}),
        ("mandate", {"uzovi": "0701"}),
        ("insurer_not_participating", {"uzovi": LABEL}),
        ("not_approved", {"status": "approved"}),
        ("restitution", {"channel": "vecozo"}),
        ("outpatient_clinic", {"care_setting": None}),
        ("outside_period", {"treatment_date": dt.date(YEAR, 12, 31)}),
        ("after_claim_cutoff", {"claim_date": dt.date(YEAR + 1, 2, 29)}),
        ("performance_code", {"performance_code": "1920"}),
        ("csi_covid", {"csi_code": None}),
        ("invalid_bsn", {"bsn": citizen(9)}),
        ("invalid_practice", {"practice_agb": PRACTICE}),
        ("invalid_diagnosis", {"diagnosis_code": "1256"}),
        ("invalid_csi", {"csi_code": "019"}),
        ("invalid_birth_date", {"bsn": BERT}),
        ("invalid_sex", {"bsn": ANNA}),
        ("counted", {}),
    ]
    current = everything
    for expected, repair in repairs:
        result = run([claim("1", **current)], enrolments=[enrolment(ANNA), enrolment(BERT, sex="X")])
        assert outcomes(result) == {expected: 1}
        current = current | repair


@pytest.mark.parametrize(
    ("version", "treated", "claimed", "expected"),
    [
        (1, dt.date(2023, 6, 30), dt.date(2023, 8, 31), "counted"),
        (1, dt.date(2023, 7, 1), dt.date(2023, 8, 31), "outside_period"),
        (1, dt.date(2023, 6, 30), dt.date(2023, 9, 1), "after_claim_cutoff"),
        (2, dt.date(2023, 9, 30), dt.date(2023, 11, 30), "counted"),
        (2, dt.date(2023, 9, 30), dt.date(2023, 12, 1), "after_claim_cutoff"),
        (3, dt.date(2023, 1, 1), dt.date(2024, 2, 29), "counted"),
        (3, dt.date(2022, 12, 31), dt.date(2024, 2, 29), "outside_period"),
        (3, dt.date(2023, 12, 31), dt.date(2024, 3, 1), "after_claim_cutoff"),
    ],
)
def test_period_and_cutoff(version: int, treated: dt.date, claimed: dt.date, expected: str) -> None:
    result = run(
        [claim("1", treatment_date=treated, claim_date=claimed)], {"report": {"year": 2023, "version": version}}
    )
    assert outcomes(result) == {expected: 1}


def test_reference_takes_the_first_of_two_credits_and_only_when_it_is_enough() -> None:
    early, late = dt.date(YEAR, 5, 1), dt.date(YEAR, 6, 1)
    claims = [
        claim("a", diagnosis_code="0000"),
        credit("c1", "a", amount_cents=2999, claim_date=early),  # too little: does not stand in the way
        credit("c2", "a", amount_cents=3500, claim_date=late),
        credit("c3", "a", claim_date=late),
        claim("b", diagnosis_code="0010"),
        credit("c4", "b", bsn=BERT),  # another patient
        credit("c5", "c4"),  # names a credit
    ]
    result = run(claims, strategy("reference"))
    assert outcomes(result) == {"netted": 1, "credit": 1, "credit_unmatched": 4, "counted": 1}
    assert baskets(result) == {1 + 9 * 10 + 9 + 1: 1}  # man, 18-44, pathology 2, insurance 1, middle: "b" is left


def test_the_credit_that_reference_used_is_not_there_for_key() -> None:
    """c1 comes first for debit a, so its own key twin x stays; c2 goes on by key and takes y."""
    day = dt.date(YEAR, 5, 1)
    claims = [
        claim("a"),
        credit("C1", "a", performance_code="1100", claim_date=day),
        credit("c2", "a", performance_code="1101", claim_date=day),
        claim("x", performance_code="1100", diagnosis_code="0010"),
        claim("y", performance_code="1101", diagnosis_code="0020"),
    ]
    both = run(claims)  # reference_then_key is the default
    assert outcomes(both) == {"netted": 2, "credit": 2, "counted": 1}
    assert baskets(both) == {101: 1}  # pathology 2: x
    by_key = run(claims, strategy("key"))
    assert outcomes(by_key) == {"netted": 2, "credit": 2, "counted": 1}
    assert baskets(by_key) == {92: 1}  # pathology 1: a
    neither = run(claims, strategy("none"))
    assert outcomes(neither) == {"credit_unmatched": 2, "counted": 3}


def test_key_pairs_stand_in_byte_order() -> None:
    """'10' < '9' < 'B' < 'a' < 'é' < '\uff5e' < '😀' by bytes; four credits take the first four."""
    references = ["😀", "\uff5e", "é", "a", "B", "9", "10"]
    diagnoses = ["0060", "0050", "0040", "0031", "0020", "0010", "0000"]
    claims = [claim(r, diagnosis_code=d) for r, d in zip(references, diagnoses, strict=True)]
    claims += [credit(f"c{i}", None, diagnosis_code=None) for i in range(4)]
    result = run(claims, strategy("key"))
    assert outcomes(result) == {"netted": 4, "credit": 4, "counted": 3}
    assert set(baskets(result)) == {92 + 9 * 4, 92 + 9 * 5, 92 + 9 * 6}


def test_only_a_missing_bsn_matches_a_missing_one() -> None:
    for name in ("reference", "key"):
        claims = [
            claim("1", bsn=None),
            credit("2", "1", bsn=None),
            claim("3", practice_agb=None),
            credit("4", "3", practice_agb=None),
            claim("5", practice_agb="", bsn=""),
            credit("6", "5", practice_agb="", bsn=""),
        ]
        assert outcomes(run(claims, strategy(name))) == {
            "netted": 2,
            "credit": 2,
            "credit_unmatched": 1,
            "invalid_practice": 1,
        }
    no_performance = [claim("1", performance_code=None), credit("2", "1", performance_code=None)]
    assert outcomes(run(no_performance, strategy("key"))) == {"performance_code": 1, "credit_unmatched": 1}
    assert outcomes(run(no_performance, strategy("reference"))) == {"netted": 1, "credit": 1}


def test_bsn_is_nine_characters_0_to_9() -> None:
    wide = "\uff19" + ANNA[1:]
    forms = [ANNA[:8], ANNA + "0", " " + ANNA, ANNA + " ", ANNA + "\n", "+" + ANNA[1:], wide, "000000000", "", None]
    wrong_check = ANNA[:8] + str((int(ANNA[8]) + 1) % 10)
    forms += ["00000012", wrong_check]
    result = run([claim(str(i), bsn=bsn) for i, bsn in enumerate(forms)] + [claim("ok")])
    assert outcomes(result) == {"invalid_bsn": len(forms), "counted": 1}


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        (dt.date(1903, 6, 30), 92 + 90 * 3),  # 120
        (dt.date(1902, 7, 1), 92 + 90 * 3),  # 120, 121 the next day
        (dt.date(1902, 6, 30), None),  # 121
        (dt.date(1948, 6, 30), 92 + 90 * 3),  # 75
        (dt.date(1948, 7, 1), 92 + 90 * 2),  # 74
        (dt.date(2005, 6, 30), 92),  # 18
        (dt.date(2005, 7, 1), 92 - 90),  # 17
        (dt.date(2023, 12, 31), 92 - 90),  # not yet born on 30 June: 0
        (dt.date(2024, 1, 1), None),  # after the end of the year
        (None, None),
    ],
)
def test_age_on_30_june(birth: dt.date | None, expected: int | None) -> None:
    result = run([claim("1")], enrolments=[enrolment(ANNA, birth_date=birth)])
    if expected is None:
        assert outcomes(result) == {"invalid_birth_date": 1}
    else:
        assert baskets(result) == {expected: 1}


def test_attributes_come_from_the_latest_that_knows_and_ties_go_up() -> None:
    """Woman of 60 by the tie on the label; '2' beats 'M' after translation; the mandate does not speak."""
    start = dt.date(2022, 1, 1)
    rows = [
        enrolment(ANNA, uzovi="0101", birth_date=dt.date(2010, 1, 1), sex="2", valid_from=start),
        enrolment(ANNA, uzovi="0102", birth_date=dt.date(1963, 1, 1), sex="M", valid_from=start),
        enrolment(ANNA, uzovi="0102", birth_date=dt.date(1950, 1, 1), sex="2", valid_from=start),
        enrolment(ANNA, uzovi="0102", birth_date=None, sex="9", valid_from=dt.date(2023, 5, 1)),
        enrolment(ANNA, uzovi="0190", birth_date=dt.date(2010, 1, 1), sex="X", valid_from=dt.date(2023, 6, 1)),
    ]
    assert baskets(run([claim("1")], enrolments=rows)) == {92 + 450 + 90: 1}


def ses_of(postcode: str | None, scores: list[tuple[str, float | None]]) -> int:
    result = run(
        [claim("1")],
        enrolments=[enrolment(ANNA, postcode=postcode)],
        ses_woa=[{"postcode4": p, "score": s} for p, s in scores],
    )
    return int(result["national_baskets"].to_pylist()[0]["ses_class"])


def test_ses_of_seven_postcodes_and_unusable_scores() -> None:
    """3 * 7 div 10 = 2 low and 2 high; -0.0 ties with 0.0, so the postcode decides who is second."""
    scores: list[tuple[str, float | None]] = [
        ("1001", 0.0),
        ("1002", -0.0),
        ("1003", -1.0),
        ("1004", 2.0),
        ("1005", 3.0),
        ("1006", 3.0),
        ("1007", 1.0),
        ("1008", None),
        ("1009", math.nan),
    ]
    expected = {1001: 1, 1002: 2, 1003: 1, 1004: 2, 1005: 3, 1006: 3, 1007: 2, 1008: 2, 1009: 2, 1010: 2}
    assert {code: ses_of(str(code), scores) for code in expected} == expected


def test_postcode_forms_and_the_enrolment_of_1_july() -> None:
    scores: list[tuple[str, float | None]] = [(str(p), 1.0) for p in range(1000, 1004)]  # 1 low, 1 high
    forms = {
        "1003AB": 3,
        "1003 ab": 3,
        "1003": 3,
        "1003  AB": 2,
        " 1003AB": 2,
        "1003A": 2,
        "1003AB\n": 2,
        "\uff11\uff10\uff10\uff13": 2,
    }
    assert {form: ses_of(form, scores) for form in forms} == forms
    ses_woa = [{"postcode4": p, "score": s} for p, s in scores]
    y = dt.date(YEAR, 7, 1)
    for latest, expected in (
        (enrolment(ANNA, postcode=None, valid_from=y), 2),  # it counts although it knows nothing
        (enrolment(ANNA, postcode="1003", valid_from=y), 3),
        (enrolment(ANNA, postcode="1003", valid_from=y, valid_to=dt.date(YEAR, 6, 30)), 1),  # valid on no day
        (enrolment(ANNA, postcode="1003", valid_from=dt.date(YEAR, 7, 2)), 1),
        (enrolment(ANNA, postcode="1003", valid_from=dt.date(YEAR, 6, 1), valid_to=y), 3),
    ):
        result = run([claim("1")], enrolments=[enrolment(ANNA, postcode="1000"), latest], ses_woa=ses_woa)
        assert result["national_baskets"].to_pylist()[0]["ses_class"] == expected


def package(sessions: int, name: str = "AV", uzovi: str = LABEL, **given: Any) -> Row:
    return {
        "uzovi": uzovi,
        "bsn": ANNA,
        "package": name,
        "insured_sessions": sessions,
        "valid_from": dt.date(2022, 1, 1),
        "valid_to": None,
    } | given


@pytest.mark.parametrize(
    ("policy", "packages", "expected"),
    [
        ("sum", [package(6), package(6, "B")], 2),
        ("sum", [package(6), package(7, uzovi="0102")], 3),
        ("sum", [package(6), package(7, uzovi="0190")], 2),  # a mandate's package is not the concern's
        ("max", [package(12), package(12)], 2),
        ("max", [package(1), package(9999)], 3),
        ("latest", [package(12, "a"), package(13, "B")], 2),  # 'a' is the higher by bytes
        ("latest", [package(12, "a"), package(13, "a", "0102")], 3),
        ("latest", [package(13, "a"), package(12, "a", "0102")], 2),
        ("latest", [package(12, "a"), package(13, "a")], 3),
        ("latest", [package(13), package(12, valid_from=dt.date(YEAR, 12, 31))], 2),
        ("latest", [package(13), package(12, valid_from=dt.date(YEAR + 1, 1, 1))], 3),
        ("max", [package(13, valid_to=dt.date(YEAR - 1, 12, 31))], 2),
        ("max", [package(13, valid_to=dt.date(YEAR, 1, 1))], 3),
        ("max", [package(13, valid_from=dt.date(YEAR, 3, 2), valid_to=dt.date(YEAR, 3, 1))], 2),
        ("max", [], 2),
    ],
)
def test_class_from_packages(policy: str, packages: list[Row], expected: int) -> None:
    result = run(
        [claim("1", csi_code="009")],
        settings(av_source={"CZ": "packages"}, av_policy={"CZ": policy}),
        av_packages=packages,
    )
    assert result["national_baskets"].to_pylist()[0]["insurance_class"] == expected


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ([(LABEL, YEAR, "low"), ("0102", YEAR, "high")], 3),
        ([(LABEL, YEAR, "low"), ("0190", YEAR, "high")], 2),
        ([(LABEL, YEAR - 1, "high")], 2),
        ([("0701", YEAR, "high")], 2),
        ([], 2),
    ],
)
def test_class_as_delivered(classes: list[tuple[str, int, str]], expected: int) -> None:
    rows = [{"uzovi": u, "bsn": ANNA, "report_year": y, "av_class": c} for u, y, c in classes]
    result = run([claim("1", csi_code="009")], av_classes=rows)
    assert result["national_baskets"].to_pylist()[0]["insurance_class"] == expected


def test_figures_of_two_practices_and_exact_halves() -> None:
    """1 and 15 treatments of one patient each: mean 8, indices 12.5 and 187.5, both rounded up."""
    other = {"practice_agb": "04000002", "bsn": BERT}
    result = run([claim("1")] + [claim(str(i), **other) for i in range(15)])
    rows = {row["practice_agb"]: row for row in result["practice_index"].to_pylist()}
    first, second = rows[PRACTICE], rows["04000002"]
    assert (first["index"], first["index_rounded"]) == (12.5, 13)
    assert (second["index"], second["index_rounded"]) == (187.5, 188)
    assert (first["expected_treatments"], second["treatments"], second["patients"]) == (8.0, 15, 1)
    assert first["correction_factor"] is None
    assert first["ci_lower"] is None
    assert first["index_excl_small"] is None
    assert first["small_baskets_matter"] is True
    assert result["correction_factors"]["sd"].to_pylist() == [0.0] * 8
    assert result["correction_factors"]["factor"].to_pylist() == [1] * 8
    basket = result["practice_baskets"].to_pylist()[0]
    assert (basket["practice_mean"], basket["national_mean"], basket["basket_index"]) == (1.0, 8.0, 0.125)
    assert (basket["weight"], basket["weighted_index"]) == (1.0, 0.125)


def many(people: int, practice: str, times: int, first: int, diagnosis: str = "0000") -> list[Row]:
    return [
        claim(f"{diagnosis}-{n}-{i}", bsn=citizen(first + n), practice_agb=practice, diagnosis_code=diagnosis)
        for n in range(people)
        for i in range(times)
    ]


def everybody(people: int) -> list[Row]:
    return [enrolment(citizen(n)) for n in range(people)]


def test_correction_factors_computed_and_of_2018() -> None:
    """11 patients x 1 against 11 x 3: indices 50 and 150, sd 70.71; 12 x 10 combinations at a third: no factor."""
    claims = many(11, PRACTICE, 1, 0) + many(11, "04000002", 3, 11) + many(10, "04000003", 5, 22, "0010")
    result = run(claims, enrolments=everybody(32))
    rows = {row["practice_agb"]: row for row in result["practice_index"].to_pylist()}
    assert [rows[p]["index_rounded"] for p in sorted(rows)] == [50, 150, 100]
    assert result["correction_factors"]["factor"].to_pylist() == [34, 31, 24, 22, 16, 10, 6, 1]
    assert result["correction_factors"]["upper"].to_pylist() == [12, 15, 25, 30, 60, 150, 500, None]
    assert result["correction_factors"]["sd"].to_pylist() == [math.sqrt(5000)] * 8
    assert (rows[PRACTICE]["ci_lower"], rows[PRACTICE]["ci_upper"]) == (16, 84)
    assert rows["04000003"]["correction_factor"] is None
    table = run(claims, settings(correction_factor={"method": "table"}), enrolments=everybody(32))
    assert table["correction_factors"]["factor"].to_pylist() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert table["correction_factors"]["sd"].to_pylist() == [math.sqrt(5000)] * 8
    assert table["practice_index"]["ci_upper"].to_pylist() == [58, 158, None]


def test_published_table_follows_from_the_published_deviation() -> None:
    assert oracle.factors(Fraction("15.82") ** 2, "computed", oracle.Codes()) == [8, 7, 6, 5, 4, 3, 2, 1]


def test_small_is_fewer_than_sixty_combinations() -> None:
    """Basket 92 has 59 or 60 combinations; two practices of 30 share it, the first treats twice as long."""
    for people, small in ((60, False), (59, True)):
        claims = many(30, PRACTICE, 2, 0) + many(people - 30, "04000002", 1, 30) + many(1, PRACTICE, 1, 0, "0010")
        result = run(claims, enrolments=everybody(60))
        is_small = {r["basket_id"]: r["is_small"] for r in result["national_baskets"].to_pylist()}
        assert is_small == {92: small, 101: True}
        row = result["practice_index"].to_pylist()[0]
        if small:
            assert row["index_excl_small"] is None
            assert row["small_baskets_matter"] is True
        else:  # mean 1.5: 133.33 without the basket of one, (30 * 133.33 + 100) / 31 = 132.26 with it
            assert (row["index_rounded"], row["index_excl_small_rounded"]) == (132, 133)
            assert row["small_baskets_matter"] is True


def test_first_and_last_basket() -> None:
    enrolments = [
        enrolment(ANNA, birth_date=dt.date(2020, 1, 1), sex="1", postcode="1000"),
        enrolment(BERT, birth_date=dt.date(1940, 1, 1), sex="V", postcode="1003ZZ"),
    ]
    ses = [{"postcode4": str(p), "score": float(p)} for p in range(1000, 1004)]
    claims = [claim("1"), claim("2", bsn=BERT, diagnosis_code="9999", csi_code="003")]
    assert baskets(run(claims, enrolments=enrolments, ses_woa=ses)) == {1: 1, 900: 1}


def test_nothing_counted_gives_outcomes_only() -> None:
    result = run([claim("1", status="rejected")])
    assert outcomes(result) == {"not_approved": 1}
    assert [result[name].num_rows for name in result if name != "outcomes"] == [0, 0, 0, 0]
    assert run([])["outcomes"].num_rows == 0


def test_defaults_of_the_settings() -> None:
    resolved = oracle.Settings.of({})
    assert (resolved.year, resolved.version, len(resolved.participating)) == (2023, 3, 8)
    assert resolved.av_source == {"Salland": "packages", "Zorg en Zekerheid": "packages"}
    assert oracle.Settings.of({"av_source": {"CZ": "packages"}}).av_source == {"CZ": "packages"}
    assert len(set(oracle.Codes().performance)) == 45


def test_generated_inputs_keep_the_contract_and_reach_every_outcome() -> None:
    """Unique, never null and closed stay so; six seeds see all outcomes, and the indices average 100."""
    seen: Counter[str] = Counter()
    for seed in range(6):
        generated, given = cases.generate(seed)
        again, _ = cases.generate(seed)
        # by text, as NaN equals nothing and -0.0 must stay what it is
        assert all(str(generated[name].to_pylist()) == str(again[name].to_pylist()) for name in generated)
        assert faults(generated) == []
        result = oracle.compute(generated, given)
        found = outcomes(result)
        assert sum(found.values()) == generated["claims"].num_rows == 3000
        assert found["credit"] == found["netted"]
        seen += found
        rows = result["practice_index"].to_pylist()
        total = sum(row["combinations"] for row in rows)
        assert sum(row["combinations"] * row["index"] for row in rows) / total == pytest.approx(100, abs=1e-9)
    assert {name for name in oracle.OUTCOMES if seen[name] < 20} == set()


def faults(generated: dict[str, pa.Table]) -> list[str]:
    """Names of the promises of the contract that the inputs break; no values, so that no number is printed."""
    found = []
    nullable = {
        "claims": set(cases.SCHEMAS["claims"].names) - {"uzovi", "claim_reference", "debit_credit", "amount_cents"},
        "enrolments": {"birth_date", "sex", "postcode", "valid_to"},
        "agb_register": {"started_on", "ended_on"},
        "av_packages": {"valid_to"},
        "ses_woa": {"score"},
    }
    for name, table in generated.items():
        for column in set(table.column_names) - nullable.get(name, set()):
            if table[column].null_count:
                found.append(f"{name}.{column} is null")
    keys = {
        "claims": ("uzovi", "practice_agb", "claim_reference"),
        "insurers": ("uzovi",),
        "agb_register": ("agb", "kind"),
        "av_classes": ("uzovi", "bsn", "report_year"),
        "ses_woa": ("postcode4",),
    }
    for name, key in keys.items():
        rows = [tuple(row[k] for k in key) for row in generated[name].to_pylist()]
        rows = [row for row in rows if None not in row]
        if len(rows) != len(set(rows)):
            found.append(f"{name} is not unique")
    closed = {
        ("claims", "debit_credit"): {"D", "C"},
        ("insurers", "kind"): {"insurer", "mandate", "reserved"},
        ("agb_register", "kind"): {"practice", "therapist", "institution"},
        ("av_classes", "av_class"): {"low", "high"},
    }
    for (name, column), allowed in closed.items():
        if set(generated[name][column].to_pylist()) - allowed:
            found.append(f"{name}.{column} is not closed")
    return found
