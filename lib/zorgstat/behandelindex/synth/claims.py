"""Claims: treatments of patients, what went wrong with them, and their records in order of receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.behandelindex.synth.draws import Draws, pick, spread
from zorgstat.behandelindex.synth.practices import MOST_PRACTICES
from zorgstat.behandelindex.tables import CLAIMS

MEAN_OTHER, MEAN_CHRONIC = 845, 2280  # hundredths of treatments, before caps and rounding
CORRECTED = 31  # of 1000 treatments
DIAGNOSIS_SLOTS, CODE_SLOTS, INTAKE = 8192, 2048, 3
MOST_TREATMENTS = 150

# kinds of record: a debit, and what may follow it
DEBIT, BY_REFERENCE, BY_KEY, PARTIAL, UNKNOWN, OTHER_PERSON = range(6)


@dataclass(frozen=True)
class Correction:
    """What follows the debits that a practice corrects: one or two more records each, in `share` of 100 cases."""

    share: int
    records: tuple[int, ...]


CORRECTIONS = (
    Correction(38, (BY_REFERENCE,)),
    Correction(26, (BY_REFERENCE, DEBIT)),  # credited and declared again
    Correction(10, (BY_KEY,)),
    Correction(6, (DEBIT, BY_KEY)),  # declared twice, one taken back
    Correction(6, (PARTIAL,)),
    Correction(6, (BY_REFERENCE, BY_REFERENCE)),  # taken back twice
    Correction(6, (UNKNOWN,)),
    Correction(2, (OTHER_PERSON,)),
)

# what is wrong with a treatment's records: of 100,000 treatments
FAULTS = {
    "rejected": 1200,
    "status missing": 20,
    "channel missing": 20,
    "setting missing": 40,
    "last year": 350,
    "next year": 250,
    "treatment date missing": 20,
    "claim date missing": 20,
    "performance code missing": 20,
    "covid": 250,
    "covid, other": 80,
    "csi unknown": 80,
    "csi missing": 40,
    "csi short": 20,
    "diagnosis gap": 120,
    "diagnosis missing": 40,
    "diagnosis text": 30,
    "diagnosis short": 20,
    "bsn missing": 60,
    "bsn zeros": 20,
    "bsn short": 20,
    "bsn check digit": 50,
    "bsn letters": 10,
    "practice is therapist": 60,
    "practice unknown": 40,
    "practice missing": 30,
    "label unknown": 50,
}


def has_fault(name: str) -> Column:
    names = list(FAULTS)
    first = sum(FAULTS[before] for before in names[: names.index(name)])
    return (F.col("fault") >= first) & (F.col("fault") < first + FAULTS[name])


def days_from(year: int) -> date:
    """Days are numbers, counted from 1 January of the year before, until the very end."""
    return date(year - 1, 1, 1)


def add_care(insured: DataFrame, practices: int, draws: Draws) -> DataFrame:
    """+ what is the same for all treatments of a person: complaints, number of treatments, how often, how billed."""
    age_class = sum((F.when(F.col("age_days") >= days, 1).otherwise(0) for days in (6575, 16436, 23741, 27394)), F.lit(0))
    drawn = insured.where(F.col("effect") > 0).select("*", age_class.alias("age"))
    drawn = drawn.select(
        "*",
        (draws.number("chronic", "person", 1000) < pick([100, 95, 150, 215, 280], F.col("age"), "int")).alias("is_chronic"),
        (draws.number("second", "person", 100) < 12).alias("has_second"),
        draws.number("away", "person", 100).alias("away"),
        draws.number("number", "person", 256).alias("quantile"),
    )
    quantiles = codes.rows("synth_quantiles")
    other = pick([row["treatments_other_percent"] for row in quantiles], F.col("quantile"), "bigint") * MEAN_OTHER
    chronic = pick([row["treatments_chronic_percent"] for row in quantiles], F.col("quantile"), "bigint") * MEAN_CHRONIC
    by_age = pick([96, 92, 100, 104, 112], F.col("age"), "bigint")
    drawn = drawn.select(
        "*",
        complaint("first complaint", draws).alias("first_complaint"),
        complaint("other complaint", draws).alias("other_complaint"),
        (F.when(F.col("is_chronic"), chronic).otherwise(other) * by_age * F.col("effect")).alias("wanted"),
    )
    csi = F.substring("first_complaint", 5, 3)
    cap = F.when(csi == "009", F.least(F.col("sessions"), F.lit(MOST_TREATMENTS))).when(csi == "003", 18)
    rounded = F.floor((F.col("wanted") + draws.number("rounding", "person", 1_000_000_000)) / 1_000_000_000)
    treatments = F.greatest(F.lit(1), F.least(rounded, F.coalesce(cap, F.lit(MOST_TREATMENTS))))
    drawn = drawn.select("*", treatments.alias("treatments"))
    corrected = F.floor((F.col("treatments") * CORRECTED + draws.number("corrected", "person", 1000)) / 1000)
    style = draws.number("correction", "person", 100)
    styles = [CORRECTIONS[entry] for entry in spread([each.share for each in CORRECTIONS], 100)]
    split = F.when(F.col("has_second"), F.floor(F.col("treatments") * 3 / 5)).otherwise(MOST_TREATMENTS)
    goes_away = F.col("has_second") & (F.col("away") < 30)
    away = (F.col("practice") + 1 + draws.number("other practice", "person", practices - 1)) % practices
    return drawn.select(
        "person", "bsn", "label", "label_before", "event_day", "treatments", "first_complaint", "other_complaint",
        corrected.alias("corrected"),
        pick([len(each.records) for each in styles], style, "int").alias("extra"),
        pick([each.records[0] for each in styles], style, "int").alias("extra_first"),
        pick([each.records[-1] for each in styles], style, "int").alias("extra_second"),
        draws.number("corrected from", "person", 997).alias("corrected_from"),
        split.cast("int").alias("split"),
        goes_away.alias("goes_away"),
        digits("practice").alias("practice_digits"),
        digits_of(away).alias("away_digits"),
        F.col("local"),
        pick([0, 1, 1, 1, 2], F.col("age"), "int").alias("code_group"),
        draws.number("usual code", "person", CODE_SLOTS).cast("int").alias("code_slot"),
        (F.col("practice") % 7 * 25).cast("bigint").alias("surcharge"),
        pick([7, 14, 30, 30], draws.number("cycle", "practice", 4), "int").alias("cycle"),
        draws.number("phase", "practice", 30).cast("int").alias("phase"),
        draws.number("start", "person", 250).cast("int").alias("start"),
        draws.number("pace", "person", 4).cast("int").alias("pace"),
        draws.number("policy", "person", 1000).cast("int").alias("policy"),
        F.col("is_chronic"),
    )  # fmt: skip


def complaint(purpose: str, draws: Draws) -> Column:
    """Diagnosis and CSI in one text of seven digits, by whether somebody is a child and whether chronic."""
    slot = draws.number(purpose, "person", DIAGNOSIS_SLOTS)

    def of(patients: str) -> Column:
        listed = [row for row in codes.rows("synth_diagnoses") if row["patients"] == patients]
        places = spread([int(row["weight"]) for row in listed], DIAGNOSIS_SLOTS)
        return pick([listed[place]["diagnosis_code"] + listed[place]["csi_code"] for place in places], slot)

    child = F.when(F.col("is_chronic"), of("child_chronic")).otherwise(of("child_other"))
    adult = F.when(F.col("is_chronic"), of("adult_chronic")).otherwise(of("adult_other"))
    return F.when(F.col("age") == 0, child).otherwise(adult)


def digits(practice: str) -> Column:
    return digits_of(F.col(practice))


def digits_of(practice: Column) -> Column:
    """The last five digits of an AGB code, as `practices.agb_number` has them."""
    return F.lpad(((practice.cast("bigint") * 61_803 + 10_007) % MOST_PRACTICES).cast("string"), 5, "0")


def records(patients: DataFrame, year: int, draws: Draws) -> DataFrame:
    """One row per record, compact: days as numbers, references as numbers, kind and fault as numbers."""
    workdays = [day for day in range(365 + 366) if is_workday(days_from(year) + timedelta(days=day), year)]
    last = F.col("treatments") + F.col("corrected") * F.col("extra") - 1
    listed = patients.select("*", F.explode(F.sequence(F.lit(0), last.cast("int"))).alias("ordinal"))
    beyond = (F.col("ordinal") - F.col("treatments")).cast("int")
    by_pair = F.when(F.col("extra") == 2, F.shiftright(beyond, 1)).otherwise(beyond)
    listed = listed.select(
        *[name for name in patients.columns if name not in ("corrected", "corrected_from", "extra")],
        "ordinal",
        F.when(beyond < 0, F.col("ordinal"))
        .otherwise(((F.col("corrected_from") + by_pair) % F.col("treatments")).cast("int")).alias("sequence"),
        F.when(beyond < 0, 0).when(F.col("extra") == 2, 1 + beyond % 2).otherwise(1).alias("follows"),
    )  # fmt: skip
    listed = listed.select("*", (F.col("person") * 256 + F.col("sequence")).alias("treatment"))
    room = F.floor(F.lit(len(workdays)) / F.col("treatments")).cast("int")
    listed = listed.select(
        "*",
        F.least(F.col("pace") + F.when(F.col("is_chronic"), 5).otherwise(2), room).alias("gap"),
        draws.number("fault", "treatment", 100_000).cast("int").alias("fault"),
        draws.number("late", "treatment", 1000).cast("int").alias("late"),
        draws.number("code", "treatment", 100 * CODE_SLOTS).cast("int").alias("code_draw"),
        draws.number("jitter", "treatment", 720).cast("int").alias("jitter"),
        F.when(F.col("follows") == 0, DEBIT).when(F.col("follows") == 1, F.col("extra_first"))
        .otherwise(F.col("extra_second")).alias("kind"),
        (F.col("sequence") >= F.col("split")).alias("is_second"),
    )  # fmt: skip
    workday = (F.col("start") + F.col("sequence") * F.col("gap") + F.col("jitter") % F.col("gap")) % len(workdays)
    in_year = pick(workdays, workday, "int")
    new_year = (date(year, 1, 1) - days_from(year)).days
    next_year = (date(year + 1, 1, 1) - days_from(year)).days
    listed = listed.select(
        "*",
        F.when(has_fault("last year"), new_year - 1 - F.col("jitter") % 25)
        .when(has_fault("next year"), next_year + 1 + F.col("jitter") % 25)
        .otherwise(in_year).alias("treatment_day"),
    )  # fmt: skip
    billed = F.col("treatment_day") + F.col("cycle") - (F.col("treatment_day") + F.col("phase")) % F.col("cycle") + 1
    late = F.when(F.col("late") < 30, 10 + F.col("jitter") % 90).when(F.col("late") < 35, 60 + F.col("jitter") % 180)
    follow_up = F.when(F.col("follows") == 0, 0).otherwise(5 + F.col("jitter") % 37 + F.col("follows") * 3)
    away = F.col("is_second") & F.col("goes_away")
    owner = F.when(away, F.col("person") + (1 << 33)).otherwise(F.col("local"))
    reference = owner * 2048 + F.col("sequence") * 8 + F.col("follows")
    code = (
        F.when((F.col("sequence") == 0) & (F.col("code_draw") % 100 < 60), INTAKE * CODE_SLOTS + F.floor(F.col("code_draw") / 100))
        .when(F.col("code_draw") % 100 > 94, F.col("code_group") * CODE_SLOTS + F.floor(F.col("code_draw") / 100))
        .otherwise(F.col("code_group") * CODE_SLOTS + F.col("code_slot"))
    )
    chosen = F.when(F.col("is_second"), F.col("other_complaint")).otherwise(F.col("first_complaint"))
    listed = listed.select(
        "person", "ordinal", "bsn", "treatment_day", "kind", "fault", "policy", "sequence", "surcharge",
        F.when(F.col("treatment_day") < F.col("event_day"), F.col("label_before")).otherwise(F.col("label")).alias("label"),
        F.when(away, F.col("away_digits")).otherwise(F.col("practice_digits")).alias("practice_digits"),
        (billed + F.coalesce(late, F.lit(0)) + follow_up).alias("claim_day"),
        reference.alias("reference"),
        F.col("follows"),
        code.cast("int").alias("code"),
        chosen.alias("complaint"),
        (F.col("jitter") % 7 == 0).alias("is_bare"),
    )  # fmt: skip
    return listed.select(
        "*",
        (F.col("claim_day") * (1 << 43) + F.col("person") * 1024 + F.col("ordinal")).alias("receipt"),
    )


def is_workday(day: date, year: int) -> bool:
    return day.year == year and day.weekday() < 5 and (day.month, day.day) not in ((1, 1), (12, 25), (12, 26))


def in_order_of_receipt(listed: DataFrame, files: int) -> DataFrame:
    """By claim date, then practice and patient; `receipt` is one number per record, so the order is total."""
    return listed.repartitionByRange(files, "receipt").sortWithinPartitions("receipt")


def as_delivered(listed: DataFrame, year: int) -> DataFrame:
    """The columns of the contract, faults included."""
    codes_listed, tariffs = performance_codes()
    origin = F.lit(days_from(year))
    kind = F.col("kind")
    debit = kind == DEBIT
    amount = pick(tariffs, F.col("code"), "bigint") + F.col("surcharge")
    csi = F.substring("complaint", 5, 3)
    bare = ~debit & F.col("is_bare")  # credits may come without diagnosis and CSI
    reference = F.col("reference")
    prior = (
        F.when(debit | (kind == BY_KEY), F.lit(None))
        .when(kind == UNKNOWN, reference - F.col("follows") + 7)
        .otherwise(reference - F.col("follows"))
    )
    bsn = F.col("bsn")
    columns = {
        "uzovi": F.when(has_fault("label unknown"), "9999").otherwise(F.col("label")),
        "practice_agb": F.when(has_fault("practice missing"), F.lit(None))
        .when(has_fault("practice is therapist"), F.concat(F.lit("048"), "practice_digits"))
        .when(has_fault("practice unknown"), F.concat(F.lit("047"), "practice_digits"))
        .otherwise(F.concat(F.lit("049"), "practice_digits")),
        "claim_reference": reference.cast("string"),
        "prior_reference": prior.cast("string"),
        "debit_credit": F.when(debit, "D").otherwise("C"),
        "bsn": F.when(has_fault("bsn missing") | (kind == OTHER_PERSON), F.lit(None))
        .when(has_fault("bsn zeros"), "000000000")
        .when(has_fault("bsn short"), F.substring(bsn, 1, 8))
        .when(has_fault("bsn check digit"), F.concat(F.substring(bsn, 1, 8), ((F.substring(bsn, 9, 1).cast("int") + 1) % 10).cast("string")))
        .when(has_fault("bsn letters"), F.concat(F.substring(bsn, 1, 8), F.lit("X")))
        .otherwise(bsn),
        "treatment_date": F.when(~has_fault("treatment date missing"), F.date_add(origin, F.col("treatment_day").cast("int"))),
        "claim_date": F.when(~has_fault("claim date missing"), F.date_add(origin, F.col("claim_day").cast("int"))),
        "performance_code": F.when(~has_fault("performance code missing"), pick(codes_listed, F.col("code"))),
        "diagnosis_code": F.when(bare | has_fault("diagnosis missing"), F.lit(None))
        .when(has_fault("diagnosis gap"), F.concat(F.substring("complaint", 1, 2), pick(["29", "30", "49", "57", "59"], F.col("fault") % 5)))
        .when(has_fault("diagnosis text"), F.concat(F.substring("complaint", 1, 2), F.lit("A1")))
        .when(has_fault("diagnosis short"), F.substring("complaint", 2, 3))
        .otherwise(F.substring("complaint", 1, 4)),
        "csi_code": F.when(bare | has_fault("csi missing"), F.lit(None))
        .when(has_fault("covid"), "020")
        .when(has_fault("covid, other"), "021")
        .when(has_fault("csi unknown"), pick(["002", "006", "007", "099", "022"], F.col("fault") % 5))
        .when(has_fault("csi short"), "9")
        .when((csi == "008") & (F.col("sequence") >= 20), "001")  # the first twenty are for the patient
        .otherwise(csi),
        "amount_cents": F.when(kind == PARTIAL, F.floor(amount / 2)).when(kind == UNKNOWN, amount + 5).otherwise(amount),
        "status": F.when(has_fault("rejected"), "rejected").when(~has_fault("status missing"), "approved"),
        "channel": F.when(F.col("policy") < 12, "restitution").when(~has_fault("channel missing"), "vecozo"),
        "care_setting": F.when(F.col("policy").between(20, 27), "outpatient_clinic")
        .when(F.col("policy").between(30, 44), "hospital_primary_care")
        .when(~has_fault("setting missing"), "practice"),
    }
    return listed.select(*[columns[column.name].cast(column.type).alias(column.name) for column in CLAIMS.columns])


def performance_codes() -> tuple[list[str], list[str]]:
    """Codes and tariffs by slot: those of children, adults and old people, and of a first treatment."""
    listed = codes.rows("synth_treatments")
    chosen = []
    for patients in ("child", "adult", "elder", "intake"):
        group = [row for row in listed if row["patients"] == patients]
        chosen += [group[place] for place in spread([int(row["weight"]) for row in group], CODE_SLOTS)]
    return [row["performance_code"] for row in chosen], [row["tariff_cents"] for row in chosen]
