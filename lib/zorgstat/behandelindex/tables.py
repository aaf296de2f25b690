"""The tables that the Behandelindex reads and writes (docs/tables.md)."""

from __future__ import annotations

from zorgstat.tables import RUN_COLUMNS, Column, Table

CLAIMS = Table(
    "claims",
    "One declaration record, debit or credit, as an insurer delivers it.",
    key=("uzovi", "practice_agb", "claim_reference"),
    columns=(
        Column("uzovi", "string", "label that the claim was sent to"),
        Column("practice_agb", "string", "AGB code of the practice when it treated", nullable=True),
        Column("claim_reference", "string", "reference of this record, unique within uzovi and practice"),
        Column("prior_reference", "string", "on a credit: reference of the debit it takes back", nullable=True),
        Column("debit_credit", "string", "D debit, C credit", values=("D", "C")),
        Column("bsn", "string", "citizen number, 9 digits", nullable=True),
        Column("treatment_date", "date", "day of the treatment", nullable=True),
        Column("claim_date", "date", "when the insurer received the record", nullable=True),
        Column("performance_code", "string", "prestatiecode", nullable=True),
        Column("diagnosis_code", "string", "DCSPH, 4 digits", nullable=True),
        Column("csi_code", "string", "CSI, 3 digits", nullable=True),
        Column("amount_cents", "bigint", "euro cents, positive on debit and on credit"),
        Column("status", "string", "approved or rejected", nullable=True),
        Column("channel", "string", "vecozo or restitution", nullable=True),
        Column("care_setting", "string", "practice, hospital_primary_care or outpatient_clinic", nullable=True),
    ),
)

ENROLMENTS = Table(
    "enrolments",
    "What a label knew of a person, and for how long.",
    columns=(
        Column("uzovi", "string", "label"),
        Column("bsn", "string", "citizen number, 9 digits"),
        Column("birth_date", "date", "date of birth", nullable=True),
        Column("sex", "string", "M, V, X or COD046: 0 unknown, 1 man, 2 woman, 9 not specified", nullable=True),
        Column("postcode", "string", "1234AB, 1234 AB or 1234; anything else is foreign", nullable=True),
        Column("valid_from", "date", "first day"),
        Column("valid_to", "date", "last day; null: still valid", nullable=True),
    ),
)

INSURERS = Table(
    "insurers",
    "The UZOVI register: which concern a label belongs to.",
    key=("uzovi",),
    columns=(
        Column("uzovi", "string", "label"),
        Column("concern", "string", "insurer group"),
        Column("kind", "string", "what stands behind the code", values=("insurer", "mandate", "reserved")),
    ),
)

AGB_REGISTER = Table(
    "agb_register",
    "Registered providers of care, started, stopped or not.",
    key=("agb", "kind"),
    columns=(
        Column("agb", "string", "AGB code"),
        Column("kind", "string", "what the code stands for", values=("practice", "therapist", "institution")),
        Column("name", "string", "name"),
        Column("started_on", "date", "first day", nullable=True),
        Column("ended_on", "date", "last day", nullable=True),
    ),
)

AV_PACKAGES = Table(
    "av_packages",
    "Supplementary cover, for concerns whose insurance class is derived from it.",
    columns=(
        Column("uzovi", "string", "label"),
        Column("bsn", "string", "citizen number, 9 digits"),
        Column("package", "string", "code of the package"),
        Column("insured_sessions", "int", "treatments insured in a year; 9999: unlimited"),
        Column("valid_from", "date", "first day"),
        Column("valid_to", "date", "last day; null: still valid", nullable=True),
    ),
)

AV_CLASSES = Table(
    "av_classes",
    "Supplementary class of a person as a concern delivers it.",
    key=("uzovi", "bsn", "report_year"),
    columns=(
        Column("uzovi", "string", "label"),
        Column("bsn", "string", "citizen number, 9 digits"),
        Column("report_year", "int", "year that the class is for"),
        Column("av_class", "string", "low: at most 12 treatments insured", values=("low", "high")),
    ),
)

SES_WOA = Table(
    "ses_woa",
    "Socio-economic score of a postcode (Statistics Netherlands).",
    key=("postcode4",),
    columns=(
        Column("postcode4", "string", "four digits"),
        Column("score", "double", "higher is better off; null or NaN: no score", nullable=True),
    ),
)

INPUTS = (CLAIMS, ENROLMENTS, INSURERS, AGB_REGISTER, AV_PACKAGES, AV_CLASSES, SES_WOA)

OUTCOMES = Table(
    "outcomes",
    "What became of every input record; adds up to all of them.",
    key=("uzovi", "outcome", "run_id"),
    columns=(
        Column("uzovi", "string", "label"),
        Column("concern", "string", "insurer group; null when the label is unknown", nullable=True),
        Column("outcome", "string", "the first rule that applied"),
        Column("records", "bigint", "number of records, at least 1"),
        *RUN_COLUMNS,
    ),
)

NATIONAL_BASKETS = Table(
    "national_baskets",
    "Every filled basket of like patients, over all practices.",
    key=("basket_id", "run_id"),
    columns=(
        Column("basket_id", "int", "1 to 900"),
        Column("sex", "string", "M or V"),
        Column("age_class", "int", "1: 0-17, 2: 18-44, 3: 45-64, 4: 65-74, 5: 75 and older"),
        Column("pathology_class", "int", "1 to 10, by the last two digits of the diagnosis"),
        Column("insurance_class", "int", "1: Bzv, 2: supplementary low, 3: supplementary high"),
        Column("ses_class", "int", "1 low, 2 middle, 3 high"),
        Column("combinations", "bigint", "patients, once per practice"),
        Column("treatments", "bigint", "counted treatments"),
        Column("national_mean", "double", "treatments per combination"),
        Column("is_small", "boolean", "fewer than 60 combinations"),
        *RUN_COLUMNS,
    ),
)

PRACTICE_BASKETS = Table(
    "practice_baskets",
    "Every basket of every practice, compared with the national mean.",
    key=("practice_agb", "basket_id", "run_id"),
    columns=(
        Column("practice_agb", "string", "AGB code of the practice"),
        Column("basket_id", "int", "1 to 900"),
        Column("combinations", "bigint", "patients of the practice in the basket"),
        Column("treatments", "bigint", "counted treatments"),
        Column("practice_mean", "double", "treatments per combination, here"),
        Column("national_mean", "double", "treatments per combination, nationally"),
        Column("basket_index", "double", "practice_mean / national_mean"),
        Column("weight", "double", "share of the practice's combinations; adds up to 1"),
        Column("weighted_index", "double", "weight * basket_index"),
        *RUN_COLUMNS,
    ),
)

PRACTICE_INDEX = Table(
    "practice_index",
    "The index of a practice, with its interval.",
    key=("practice_agb", "run_id"),
    columns=(
        Column("practice_agb", "string", "AGB code of the practice"),
        Column("combinations", "bigint", "patients, once per basket"),
        Column("patients", "bigint", "unique people"),
        Column("treatments", "bigint", "counted treatments"),
        Column("expected_treatments", "double", "what the national means would give for these combinations"),
        Column("index", "double", "100 is the national mean"),
        Column("index_rounded", "int", "index in whole points, half up; 100 is the national mean"),
        Column(
            "correction_factor",
            "int",
            "half the width of the interval; null at 10 combinations or fewer",
            nullable=True,
        ),
        Column("ci_lower", "int", "index_rounded - correction_factor", nullable=True),
        Column("ci_upper", "int", "index_rounded + correction_factor", nullable=True),
        Column("index_excl_small", "double", "index over baskets that are not small", nullable=True),
        Column("index_excl_small_rounded", "int", "index_excl_small in whole points, half up", nullable=True),
        Column("small_baskets_matter", "boolean", "the two rounded indices differ, or only one exists"),
        *RUN_COLUMNS,
    ),
)

CORRECTION_FACTORS = Table(
    "correction_factors",
    "Half the width of the interval around an index, by size of practice.",
    key=("lower", "run_id"),
    columns=(
        Column("lower", "bigint", "combinations, exclusive"),
        Column("upper", "bigint", "combinations, inclusive; null in the last band", nullable=True),
        Column("factor", "int", "index points, at least 1"),
        Column("sd", "double", "spread of the practice indices, in index points"),
        *RUN_COLUMNS,
    ),
)

OUTPUTS = (OUTCOMES, NATIONAL_BASKETS, PRACTICE_BASKETS, PRACTICE_INDEX, CORRECTION_FACTORS)
