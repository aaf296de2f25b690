"""What was known on the day of the run: the filter, and the last word on grants, deaths and admissions."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from tests.support import assert_rows, frame
from tests.wlz.support import inputs, people, rows, settings
from zorgstat.wlz import known
from zorgstat.wlz.tables import INPUTS


def test_nothing_recorded_or_received_later(spark: SparkSession) -> None:
    given = inputs(
        spark,
        {
            "wlz_claims": """
                claim_reference | received_on
                before          | 2023-08-13
                on the day      | 2023-08-14
                after           | 2023-08-15
            """,
            "wlz_home_visits": """
                bsn        | visited_on | recorded_on
                on the day | 2022-05-01 | 2023-08-14
                after      | 2022-05-01 | 2023-08-15
            """,
            "wlz_pgb_grants": """
                bsn        | start_date | recorded_on
                on the day | 2023-01-01 | 2023-08-14
                after      | 2023-01-01 | 2023-08-15
            """,
            "wlz_deaths": """
                bsn        | died_on    | recorded_on
                on the day | 2023-06-25 | 2023-08-14
                after      | 2023-06-25 | 2023-08-15
            """,
            "wlz_admissions": """
                bsn        | admitted_on | recorded_on
                on the day | 2023-04-25  | 2023-08-14
                after      | 2023-04-25  | 2023-08-15
            """,
            # This table does not tell when a talk was known.
            "wlz_conscious_choice_talks": """
                bsn | held_on
                any | 2023-12-31
            """,
        },
    )
    found = known.as_known(given, settings(known_at=date(2023, 8, 14)))
    assert sorted(found) == sorted(table.name for table in INPUTS)
    assert not [name for name, table in found.items() if "bsn" in table.columns]
    told_late = ("wlz_home_visits", "wlz_pgb_grants", "wlz_deaths", "wlz_admissions")
    names = {"wlz_claims": "claim_reference", "wlz_conscious_choice_talks": "held_on"}
    names |= dict.fromkeys(told_late, "recorded_on")
    assert {name: sorted(row[0] for row in found[name].select(column).collect()) for name, column in names.items()} == {
        "wlz_claims": ["before", "on the day"],
        "wlz_conscious_choice_talks": [date(2023, 12, 31)],
        **{name: [date(2023, 8, 14)] for name in told_late},
    }
    later = known.as_known(given, settings(known_at=date(2023, 8, 15)))  # not the day on which the statement is due
    assert {name: later[name].count() for name in ("wlz_claims", *told_late)} == {
        "wlz_claims": 3,
        **dict.fromkeys(told_late, 2),
    }


def test_a_person_is_a_citizen_number_without_the_number(spark: SparkSession) -> None:
    """Equal for equal texts and for no others, be they nine digits or anything else; claims are of nobody."""
    texts = ["012345678", "12345678", " 12345678", "123456789", "1234567890", "12345678x", "''", "X", "x"]
    lines = "\n".join(f"{text} | 2023-01-0{1 + place % 2}" for place, text in enumerate([*texts, *texts]))
    given = inputs(spark, {"wlz_deaths": f"bsn | died_on\n{lines}", "wlz_claims": "case\nany"})
    found = known.as_known(given, settings(known_at=date(2023, 8, 14)))
    assert [name for name in found["wlz_claims"].columns if name in ("bsn", "person", "stranger")] == []
    persons = [row["person"] for row in found["wlz_deaths"].collect()]
    assert len(persons) == 2 * len(texts)
    assert len(set(persons)) == len({text.strip() for text in texts})  # a table in text has no room for a space
    assert not {text.strip() for text in texts} & set(persons)


def test_the_last_word_on_a_grant(spark: SparkSession) -> None:
    grants = rows(
        spark,
        "wlz_pgb_grants",
        """
        bsn           | zorgkantoor | start_date | end_date   | recorded_on | case
        later         | 5505        | 2023-01-01 | 2023-03-31 | 2023-01-01  |
        later         | 5505        | 2023-01-01 | 2023-06-30 | 2023-01-02  | replaces it, though its end is later
        opened        | 5505        | 2023-01-01 | 2023-03-31 | 2023-01-01  |
        opened        | 5505        | 2023-01-01 |            | 2023-01-02  | replaces it with no end
        tie           | 5505        | 2023-01-01 | 2023-06-30 | 2023-01-02  |
        tie           | 5505        | 2023-01-01 | 2023-03-31 | 2023-01-02  | of one day: the earliest end
        tie           | 5505        | 2023-01-01 |            | 2023-01-02  | no end is the latest
        tie           | 5505        | 2023-01-01 | 2023-02-28 | 2023-01-01  | earlier still, but recorded before
        twice         | 5505        | 2023-01-01 |            | 2023-01-02  |
        twice         | 5505        | 2023-01-01 |            | 2023-01-02  |
        far away      | 5505        | 2023-01-01 |            | 9999-12-31  |
        far away      | 5505        | 2023-01-01 | 9999-12-31 | 9999-12-31  | an end too, before no end
        long ago      | 5505        | 2023-01-01 | 1900-01-02 | 0001-01-01  |
        long ago      | 5505        | 2023-01-01 | 1900-01-01 | 0001-01-01  |
        other start   | 5505        | 2023-01-01 | 2023-03-31 | 2023-01-01  |
        other start   | 5505        | 2023-01-02 | 2023-06-30 | 2023-01-02  | another grant
        other office  | 5505        | 2023-01-01 | 2023-03-31 | 2023-01-01  |
        other office  | 5506        | 2023-01-01 | 2023-06-30 | 2023-01-02  | another grant
        """,
    )
    expected = frame(
        spark,
        "person string, zorgkantoor string, start_date date, end_date date",
        """
        person       | zorgkantoor | start_date | end_date
        later        | 5505        | 2023-01-01 | 2023-06-30
        opened       | 5505        | 2023-01-01 |
        tie          | 5505        | 2023-01-01 | 2023-03-31
        twice        | 5505        | 2023-01-01 |
        far away     | 5505        | 2023-01-01 | 9999-12-31
        long ago     | 5505        | 2023-01-01 | 1900-01-01
        other start  | 5505        | 2023-01-01 | 2023-03-31
        other start  | 5505        | 2023-01-02 | 2023-06-30
        other office | 5505        | 2023-01-01 | 2023-03-31
        other office | 5506        | 2023-01-01 | 2023-06-30
        """,
    )
    assert_rows(known.grants(people(grants)), expected, key=["person", "zorgkantoor", "start_date"])


def test_the_last_word_on_deaths_and_admissions(spark: SparkSession) -> None:
    deaths = rows(
        spark,
        "wlz_deaths",
        """
        bsn   | died_on    | recorded_on
        later | 2023-06-25 | 2023-07-01
        later | 2023-07-02 | 2023-07-03
        tie   | 2023-06-26 | 2023-07-01
        tie   | 2023-06-25 | 2023-07-01
        """,
    )
    died = frame(
        spark,
        "person string, died_on date",
        """
        person | died_on
        later  | 2023-07-02
        tie    | 2023-06-25
        """,
    )
    assert_rows(known.deaths(people(deaths)), died, key=["person"])
    admissions = rows(
        spark,
        "wlz_admissions",
        """
        bsn    | admitted_on | discharged_on | recorded_on
        later  | 2023-04-25  | 2023-05-01    | 2023-05-01
        later  | 2023-04-25  |               | 2023-05-02
        tie    | 2023-04-25  |               | 2023-05-01
        tie    | 2023-04-25  | 2023-07-01    | 2023-05-01
        tie    | 2023-04-25  | 2023-06-24    | 2023-05-01
        others | 2023-04-25  | 2023-05-01    | 2023-05-01
        others | 2023-05-25  |               | 2023-05-01
        """,
    )
    stays = frame(
        spark,
        "person string, admitted_on date, discharged_on date",
        """
        person | admitted_on | discharged_on
        later  | 2023-04-25  |
        tie    | 2023-04-25  | 2023-06-24
        others | 2023-04-25  | 2023-05-01
        others | 2023-05-25  |
        """,
    )
    assert_rows(known.admissions(people(admissions)), stays, key=["person", "admitted_on"])
