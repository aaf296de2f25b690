"""What was known on the day of the run: nothing recorded or received later, and of what was replaced the last word."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import privacy
from zorgstat.packing import DAY, LAST_DAY, Packing, day_number, day_of, literal
from zorgstat.pipelines import Frames
from zorgstat.privacy import PERSON_KEY
from zorgstat.tables import Table
from zorgstat.wlz.settings import Settings
from zorgstat.wlz.tables import INPUTS, WLZ_CLAIMS

MOMENTS = ("recorded_on", "received_on")
# The earlier a day the higher its earliness; none is lowest.
LAST_WORD = Packing({"recorded_on": DAY, "earliness": DAY})


def as_known(inputs: Frames, settings: Settings) -> dict[str, DataFrame]:
    """The inputs by name as they were on known_at; from here on a citizen is `person`, and in claims nobody.

    + person_hash (bigint; equal for equal people, and hardly ever for two): for what counts many of them.
    Tables that do not tell when something was known are taken as they are.
    """
    key = inputs[PERSON_KEY.name]
    return {table.name: _people(_until(inputs[table.name], table, settings), table, key) for table in INPUTS}


def _until(frame: DataFrame, table: Table, settings: Settings) -> DataFrame:
    for moment in MOMENTS:
        if moment in table.names:
            frame = frame.where(F.col(moment) <= literal(settings.known_at))
    return frame


def _people(frame: DataFrame, table: Table, key: DataFrame) -> DataFrame:
    """The one place where the pipeline meets a bsn: rules only ask whether two rows are about the same person.

    `person` is a text, since a bsn may be any text here: equal for equal ones and for no others. A number of the run
    has ten digits, a digest sixty-four.
    """
    if "bsn" not in table.names:
        return frame
    if table is WLZ_CLAIMS:  # no rule asks whose care it was
        return frame.drop("bsn")
    keyed = privacy.with_key(frame, key).withColumn("person_hash", privacy.keyed_hash(F.col("bsn")))
    named = privacy.name_people(keyed)
    person = F.coalesce(F.col("person").cast("string"), F.col("stranger"))
    return named.withColumn("person", person).drop("stranger")


def organisations(wlz_organisations: DataFrame) -> DataFrame:
    """Out: code, kind, place (int; in the order of code, from 1)."""
    place = F.row_number().over(Window.orderBy("code"))
    return wlz_organisations.select("code", "kind", place.alias("place"))


def grants(pgb_grants: DataFrame) -> DataFrame:
    """The last word on every grant. One that then ends before its start_date is void: no day lies in it.

    Out: zorgkantoor, person, start_date, end_date; unique by the first three.
    """
    return _last_word(pgb_grants, ["zorgkantoor", "person", "start_date"], "end_date")


def deaths(wlz_deaths: DataFrame) -> DataFrame:
    """The last word on every death. Out: person, died_on; unique by person."""
    return _last_word(wlz_deaths, ["person"], "died_on")


def admissions(wlz_admissions: DataFrame) -> DataFrame:
    """The last word on every admission. Out: person, admitted_on, discharged_on; unique by the first two."""
    return _last_word(wlz_admissions, ["person", "admitted_on"], "discharged_on")


def _last_word(rows: DataFrame, key: list[str], day: str) -> DataFrame:
    """Of the rows of one key that with the latest recorded_on; of several, that with the earliest day, null the latest.

    Rows that agree in all of this are one row to every rule. Two dates say it all, so it is the largest of one number.
    """
    earliness = LAST_DAY - day_number(F.col(day))
    word = LAST_WORD.pack(recorded_on=day_number(F.col("recorded_on")), earliness=earliness)
    last = rows.groupBy(*key).agg(F.max(word).alias("word"))
    return last.select(*key, day_of(LAST_DAY - LAST_WORD.unpack(F.col("word"), "earliness")).alias(day))
