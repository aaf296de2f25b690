"""Documents from published tables to a folder, without an engine; never half of them, and nobody's number in them."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pypdf
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.oracle.wlz_cases import SCHEMAS
from tests.support import Command, citizens
from tests.wlz.support import write_inputs
from zorgstat.io import delta_rs, documents, reports, run, session
from zorgstat.io.attempt import Attempt
from zorgstat.io.engine import Engine
from zorgstat.io.place import Place
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.pipeline import WLZ
from zorgstat.wlz.settings import resolve
from zorgstat.wlz.tables import INPUTS, OUTPUTS

CLAIM = {
    "function_code": "H1",
    "zzp_code": "001",
    "time_unit": "01",
    "tariff_cents": 100,
    "debit_credit": "D",
    "prior_reference": None,
}


def claim(zorgkantoor: str, agb: str, code: str, day: date, quantity: int, cents: int, number: int) -> dict[str, Any]:
    return {
        **CLAIM,
        "zorgkantoor": zorgkantoor,
        "provider_agb": agb,
        "bsn": "900000012",
        "performance_code": code,
        "start_date": day,
        "end_date": day,
        "quantity": quantity,
        "amount_cents": cents,
        "claim_reference": f"R{number}",
        "received_on": day,
    }


# 12000001 was large in 2022 and sent nothing since; 5506 sent nothing in the second quarter of 2023.
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "wlz_organisations": [
        {"code": "5505", "name": "Zorgkantoor Noord & Zuid", "kind": "zorgkantoor", "concern": "A"},
        {"code": "5506", "name": "Zorgkantoor Oost", "kind": "zorgkantoor", "concern": "A"},
        {"code": "0201", "name": "Stichting Uitvoering", "kind": "uitvoerder", "concern": "B"},
    ],
    "wlz_providers": [
        {"provider_agb": "12000001", "name": "De Grote Hof", "replaced_by": None},
        {"provider_agb": "12000002", "name": "De Kleine Hof", "replaced_by": None},
    ],
    "wlz_claims": [
        claim("5505", "12000001", "Z001", date(2022, 5, 1), 4_000, 120_000_000, 1),
        claim("5505", "12000001", "V042", date(2022, 11, 1), 10, 199, 2),
        claim("5505", "12000002", "Z001", date(2022, 5, 2), 5, 1_050, 3),
        claim("5505", "12000002", "Z001", date(2023, 2, 1), 3, 12_345, 4),
        claim("5505", "12000002", "Z001", date(2023, 5, 1), 30, 654_321, 5),
        claim("5505", "12000002", "0042", date(2023, 5, 1), 1, 50, 6),
        claim("5506", "12000002", "Z001", date(2023, 2, 1), 1, 100, 7),
    ],
    "wlz_admin_costs": [
        {"organisation": code, "year": year, "quarter": quarter, "category": category, "amount_cents": cents}
        for code in ("5505", "5506", "0201")
        for year, quarter in ((2022, 2), (2023, 1), (2023, 2))
        for category, cents in (("internal_staff", 100_050), ("external_staff", -50), ("other", 25_049))
    ],
    "wlz_insured": [
        {
            "organisation": code,
            "bsn": f"90000{place:04}",
            "birth_date": date(1930 + place, 7, 1),
            "sex": "12"[place % 2],
            "registered_from": date(2020, 1, 1),
            "registered_to": None,
            "country": "NL",
        }
        for code, people in (("5505", range(60)), ("5506", range(60, 63)), ("0201", range(63, 70)))
        for place in people
    ],
    "wlz_pgb_grants": [
        {
            "zorgkantoor": "5505",
            "bsn": f"90000{place:04}",
            "start_date": date(2022, 1, 1),
            "end_date": None,
            "recorded_on": date(2022, 1, 1),
        }
        for place in range(12)
    ],
    "wlz_home_visits": [
        {
            "zorgkantoor": "5505",
            "bsn": "900000003",
            "visited_on": date(2022, 6, 1),
            "physical": True,
            "with_conscious_choice_talk": False,
            "recorded_on": date(2022, 6, 2),
        }
    ],
}
TABLES = {name: pa.Table.from_pylist(list(ROWS.get(name, [])), schema=schema) for name, schema in SCHEMAS.items()}


@dataclass(frozen=True)
class Office:
    """Three published statements, and the inputs that they were made of."""

    inputs: Path
    place: Place
    run_ids: Mapping[tuple[int, int], str]

    def table(self, name: str) -> list[dict[str, Any]]:
        """Of the second quarter of 2023, read by another road than the documents take."""
        rows = DeltaTable(str(Path(self.place.root) / name)).to_pyarrow_table().to_pylist()
        return [row for row in rows if row["run_id"] == self.run_ids[2023, 2]]


@pytest.fixture(scope="module")
def office(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("documents")
    inputs = write_inputs(folder / "in", TABLES)
    run_ids = {}
    for year, quarter in ((2022, 2), (2023, 1), (2023, 2)):
        settings = resolve({"statement": {"year": year, "quarter": quarter}})
        done = run.execute(WLZ, engine, settings, str(inputs), str(folder / "out"), report=lambda phase: None)
        run_ids[year, quarter] = done.run_id
    return Office(inputs, Place(str(folder / "out")), run_ids)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*arguments: object, **others: object) -> None:
        raise AssertionError("an engine was started")

    monkeypatch.setattr(session, "start", start)


@pytest.fixture
def folder(office: Office, tmp_path: Path, no_engine: None) -> Path:
    to = tmp_path / "q2"
    assert documents.write_documents(office.place, 2023, 2, str(to), every=True, input_root=str(office.inputs)) == 0
    return to


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def text_of(path: Path) -> str:
    """Everything that a document says, also where nobody looks."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return "\n".join(parts.read(name).decode() for name in parts.namelist())
    if path.suffix == ".pdf":
        pages = " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
        return re.sub(r"\s+", " ", pages) + path.read_bytes().decode("latin-1")
    return path.read_text(encoding="utf-8-sig")


def cell(path: Path, name: str) -> Any:
    book = openpyxl.load_workbook(path, data_only=True)
    [(sheet, place)] = book.defined_names[name].destinations
    return book[sheet][place.replace("$", "")].value


def test_everybody_has_the_documents_that_it_owes(folder: Path) -> None:
    assert names_in(folder) == [
        "0201/Wlz-2023-KW2-0201-bestuursverklaring.pdf",
        "0201/Wlz-2023-KW2-0201-dossier.pdf",
        "0201/Wlz-2023-KW2-0201-kwartaalstaat.xlsx",
        "5505/Wlz-2023-KW2-5505-begeleidende-tekst.txt",
        "5505/Wlz-2023-KW2-5505-bestuursverklaring.pdf",
        "5505/Wlz-2023-KW2-5505-dossier.pdf",
        "5505/Wlz-2023-KW2-5505-kwartaalstaat.xlsx",
        "5505/Wlz-2023-KW2-5505-schatting-ontbrekende-declaraties.xlsx",
        "5506/Wlz-2023-KW2-5506-bestuursverklaring-CONCEPT.pdf",
        "5506/Wlz-2023-KW2-5506-dossier-CONCEPT.pdf",
        "5506/Wlz-2023-KW2-5506-kwartaalstaat-CONCEPT.xlsx",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["q2"]


def test_documents_say_what_was_published(office: Office, folder: Path) -> None:
    statement = folder / "5505" / "Wlz-2023-KW2-5505-kwartaalstaat.xlsx"
    lines = {
        (row["part"], row["line"]): row["value"]
        for row in office.table("wlz_statement_lines")
        if row["organisation"] == "5505"
    }
    assert lines["insured", "total"] == 60
    assert {key: cell(statement, documents.workbook.texts.CELLS[key]) for key in lines} == lines
    euros = [row["amount_euro"] for row in office.table("wlz_production") if row["zorgkantoor"] == "5505"]
    assert cell(statement, "productie_totaal") == sum(euros) == 6_544
    assert cell(statement, "organisatie_naam") == "Zorgkantoor Noord & Zuid"
    assert "60 verzekerden Wlz op de peildatum 1 juli 2023" in text_of(
        folder / "5505" / "Wlz-2023-KW2-5505-bestuursverklaring.pdf"
    )


def test_the_estimate_and_its_letter(office: Office, folder: Path) -> None:
    """Missing since the first quarter of 2023: that quarter was published too, and it was missing then."""
    book = openpyxl.load_workbook(folder / "5505" / "Wlz-2023-KW2-5505-schatting-ontbrekende-declaraties.xlsx")
    estimates = sorted(
        (row["performance_code"], row["quantity"], row["amount_euro"]) for row in office.table("wlz_missing_estimates")
    )
    assert estimates == [("V042", 3, 0), ("Z001", 1_000, 300_000)]
    assert list(book["12000001"].iter_rows(min_row=2, values_only=True)) == estimates
    letter = text_of(folder / "5505" / "Wlz-2023-KW2-5505-begeleidende-tekst.txt")
    assert "De Grote Hof, AGB-code 12000001" in letter
    assert "In elk geval sinds 1 april 2023 geen declaraties. Ook ontbrekend in de staten vanaf het 1e" in letter
    assert "€\N{NO-BREAK SPACE}1.200.001,99." in letter


def test_the_dossier_tells_where_the_figures_come_from(office: Office, folder: Path) -> None:
    text = text_of(folder / "5505" / "Wlz-2023-KW2-5505-dossier.pdf")
    assert "wlz_insured inschrijvingen van verzekerden 0 70" in text
    assert "2e kwartaal 2023 vergeleken met 2e kwartaal 2022" in text
    assert "2e kwartaal 2023 vergeleken met 1e kwartaal 2023" in text
    assert all(run_id in text for run_id in office.run_ids.values())
    assert "totaalbedrag € 6.544 € 123 +6.421" in text
    assert "Verplichte velden zijn gevuld" in text
    assert "De Kleine Hof" not in text
    concept = text_of(folder / "5506" / "Wlz-2023-KW2-5506-dossier-CONCEPT.pdf")
    assert "Er is geen enkele declaratieregel met een begindatum in dit kwartaal" in concept


def test_no_document_holds_a_number_of_a_citizen(folder: Path) -> None:
    people = citizens(TABLES)
    assert len(people) > 60
    for name in names_in(folder):
        assert not set(re.findall(r"(?<!\d)\d{9}(?!\d)", text_of(folder / name))) & people, name


def test_a_folder_is_checked_before_it_is_mailed(
    office: Office, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert documents.check_delivery(office.place, str(folder), organisations=["5505"]) == 4
    assert "5506 is not one of the organisations asked for." in capsys.readouterr().err
    assert documents.check_delivery(office.place, str(folder)) == 4
    told = capsys.readouterr()
    assert "5506: the statement is a concept (claims_missing)." in told.err
    assert "Mail nothing until this is mended." in told.err
    assert "to verslagdocumenten@zinl.nl by 14 August 2023" in told.out
    assert "to FCInformatie@zinl.nl by 24 August 2023" in told.out
    assert "stays with the organisation, for a review by the NZa" in told.out


def test_of_some_organisations_only(office: Office, tmp_path: Path, no_engine: None) -> None:
    to = tmp_path / "two"
    codes = ["0201", "5505"]
    assert documents.write_documents(office.place, 2023, 2, str(to), organisations=codes) == 0
    assert {path.name for path in to.iterdir()} == set(codes)
    assert cell(to / "0201" / "Wlz-2023-KW2-0201-kwartaalstaat.xlsx", "organisatie_naam") is None
    assert "statutaire naam" in text_of(to / "0201" / "Wlz-2023-KW2-0201-bestuursverklaring.pdf")
    assert "De rijen van de invoer zijn niet geteld" in text_of(to / "0201" / "Wlz-2023-KW2-0201-dossier.pdf")
    assert documents.check_delivery(office.place, str(to), organisations=codes) == 0
    assert documents.check_delivery(office.place, str(to)) == 4


def test_a_dossier_in_another_quarter(office: Office, tmp_path: Path, no_engine: None) -> None:
    to = tmp_path / "q1"
    assert documents.write_documents(office.place, 2023, 1, str(to), organisations=["0201"], with_dossier=True) == 0
    assert names_in(to) == ["0201/Wlz-2023-KW1-0201-dossier.pdf", "0201/Wlz-2023-KW1-0201-kwartaalstaat.xlsx"]
    assert documents.check_delivery(office.place, str(to), organisations=["0201"]) == 0


def test_what_cannot_be_asked(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine.txt").write_text("mine")

    def told(expected: int, **asked: Any) -> str:
        given = {"year": 2023, "quarter": 2, "folder": str(tmp_path / "new"), "every": True} | asked
        assert documents.write_documents(office.place, **given) == expected
        return capsys.readouterr().err

    assert "--organisation CODE (repeatable), or --all" in told(2, every=False)
    assert "--organisation CODE (repeatable), or --all" in told(2, organisations=["5505"])
    assert "it has 2022 quarter 2, 2023 quarter 1, 2023 quarter 2." in told(2, quarter=3)
    assert "9999: not in wlz-2023-2-001" in told(2, organisations=["9999"], every=False)
    assert "is there already" in told(2, folder=str(used))
    assert "s3://bucket/to is no folder of this machine" in told(2, folder="s3://bucket/to")
    nowhere = told(3, input_root=str(tmp_path / "nowhere"))
    assert all(f"{table.name} (version 0: " in nowhere for table in INPUTS)
    assert nowhere.count("Without --input documents are made without names.") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["used"]
    assert [path.name for path in used.iterdir()] == ["mine.txt"]
    assert documents.check_delivery(office.place, str(tmp_path / "nowhere")) == 2
    assert documents.check_delivery(office.place, str(used)) == 2
    assert "no file has the name and place of a document" in capsys.readouterr().err
    for quarter in (1, 2, 2):
        organisation = used / "5505"
        organisation.mkdir(exist_ok=True)
        (organisation / f"Wlz-2023-KW{quarter}-5505-kwartaalstaat.xlsx").touch()
    assert documents.check_delivery(office.place, str(used)) == 2
    assert "several quarters (1 of 2023 quarter 1, 1 of 2023 quarter 2)" in capsys.readouterr().err
    assert documents.check_delivery(Place(str(tmp_path / "empty")), str(used), year=2023, quarter=2) == 2


def test_names_come_from_the_tables_that_the_run_read(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A later version of a table does not change a document; another table is refused."""
    other = write_inputs(tmp_path / "in", TABLES)
    to = tmp_path / "new"
    assert documents.write_documents(office.place, 2023, 2, str(to), every=True, input_root=str(other)) == 3
    assert "is another one than wlz-2023-2-001" in capsys.readouterr().err
    assert not to.exists()

    register = TABLES["wlz_organisations"].to_pylist()
    later = pa.Table.from_pylist([row | {"name": "Nieuw"} for row in register], schema=SCHEMAS["wlz_organisations"])
    path = str(office.inputs / "wlz_organisations")
    write_deltalake(path, later, mode="overwrite")
    try:
        asked = reports.read(office.place, Attempt(), Statement(2023, 2), ["5505"], str(office.inputs))
        assert asked[0].name == "Zorgkantoor Noord & Zuid"
    finally:
        DeltaTable(path).restore(0)


def test_never_half_a_folder(
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_engine: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = []
    write_bytes = Path.write_bytes

    def write_some(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_some)
    assert documents.write_documents(office.place, 2023, 2, str(tmp_path / "to"), every=True) == 70
    assert "A disk is full" in capsys.readouterr().err
    assert len(written) == 4
    assert list(tmp_path.iterdir()) == []


def _without_a_table(table: Path) -> None:
    shutil.rmtree(table)


def _without_errors(findings: Path) -> None:
    DeltaTable(str(findings)).delete("severity = 'error'")


def _without_rows(table: Path) -> None:
    DeltaTable(str(table)).delete()


def refusal(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is told where the documents of the second quarter cannot be made; none is left."""
    to = tmp_path / "to"
    assert documents.write_documents(place, 2023, 2, str(to), every=True) == 4
    assert not to.exists()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "lose"),
    [
        ("wlz_statement_lines", _without_rows),
        ("wlz_findings", _without_a_table),
        ("wlz_findings", _without_errors),
        ("wlz_production", _without_rows),
        ("wlz_missing_estimates", _without_rows),
    ],
)
def test_rows_that_are_gone_are_told(
    office: Office,
    tmp_path: Path,
    no_engine: None,
    capsys: pytest.CaptureFixture[str],
    table: str,
    lose: Callable[[Path], None],
) -> None:
    """A statement whose findings are gone would look final."""
    root = shutil.copytree(office.place.root, tmp_path / "out")
    lose(root / table)
    told = refusal(Place(str(root)), tmp_path, capsys)
    assert re.search(rf"{table}: [\d,]+ rows of wlz-2023-2-001-\w+ were published, \d+ are stored\.", told)


def test_rows_of_an_earlier_statement_that_are_gone_are_told(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dossier would compare with less than was published."""
    root = shutil.copytree(office.place.root, tmp_path / "out")
    earlier = office.run_ids[2023, 1]
    DeltaTable(str(root / "wlz_production")).delete(f"run_id = '{earlier}'")
    told = refusal(Place(str(root)), tmp_path, capsys)
    assert re.search(rf"wlz_production: \d+ rows of {earlier} were published, 0 are stored\.", told)


def test_rows_that_came_later_are_told(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row twice would be a line too many in the estimate."""
    root = shutil.copytree(office.place.root, tmp_path / "out")
    estimates = DeltaTable(str(root / "wlz_missing_estimates")).to_pyarrow_table()
    of_run = estimates.filter(pc.field("run_id") == office.run_ids[2023, 2])
    write_deltalake(str(root / "wlz_missing_estimates"), of_run.slice(0, 1), mode="append")
    assert "were published, 3 are stored." in refusal(Place(str(root)), tmp_path, capsys)


def with_published(office: Office, root: Path, table: str, *added: Mapping[str, Any]) -> Place:
    """The published tables elsewhere, with rows more in one of them, as if the second quarter had been published so."""
    shutil.copytree(office.place.root, root)
    run_id = office.run_ids[2023, 2]
    schema = DeltaTable(str(root / table)).to_pyarrow_table().schema
    stamps = {"year": 2023, "quarter": 2, "known_at": date(2023, 8, 14), "run_id": run_id}
    rows = pa.Table.from_pylist([{**stamps, **row} for row in added], schema=schema)
    write_deltalake(str(root / table), rows, mode="append")
    runs = DeltaTable(str(root / "runs"))
    [row] = [row for row in runs.to_pyarrow_table().to_pylist() if row["run_id"] == run_id]
    counts = json.loads(row["row_counts"])
    counts[table] += len(added)
    runs.update({"row_counts": f"'{json.dumps(counts)}'"}, predicate=f"run_id = '{run_id}'")
    return Place(str(root))


def finding(organisation: str | None, rule: str, severity: str, count: int, detail: str = "") -> dict[str, Any]:
    return {"organisation": organisation, "rule": rule, "severity": severity, "count": count, "detail": detail}


def test_an_error_of_no_organisation_keeps_all_from_being_final(
    office: Office, tmp_path: Path, no_engine: None
) -> None:
    place = with_published(office, tmp_path / "out", "wlz_findings", finding(None, "successor_cycle", "error", 2))
    made = reports.read(place, Attempt(), Statement(2023, 2))
    assert [[found.rule for found in report.blocking] for report in made] == [
        ["successor_cycle"],
        ["successor_cycle"],
        ["claims_missing", "successor_cycle"],
    ]


def test_findings_are_told_errors_first_and_without_what_looks_like_a_bsn(
    office: Office, tmp_path: Path, no_engine: None
) -> None:
    """Rows of unknown codes are in nobody's findings: they are counted for all."""
    place = with_published(
        office,
        tmp_path / "out",
        "wlz_findings",
        finding("0201", "insured_rows_differ", "warning", 1),
        finding("0201", "insured_sex_unknown", "error", 1),
        finding("0201", "admin_cost_category_unknown", "error", 1, "bij 123456782"),
        finding("123456782", "unknown_organisation", "error", 3),
        finding("9999", "unknown_organisation", "error", 4),
        finding(None, "successor_cycle", "error", 2),
    )
    [report] = reports.read(place, Attempt(), Statement(2023, 2), ["0201"])
    assert [(found.rule, found.detail) for found in report.findings] == [
        ("admin_cost_category_unknown", "bij ..."),
        ("insured_sex_unknown", ""),
        ("successor_cycle", ""),
        ("insured_rows_differ", ""),
    ]
    assert report.provenance.unknown_rows == 7


def test_only_the_checks_of_the_run_are_told(office: Office, no_engine: None) -> None:
    [report] = reports.read(office.place, Attempt(), Statement(2023, 2), ["0201"])
    rules = [check.rule for check in report.provenance.checks]
    assert sorted(rules) == sorted(documents.workbook.texts.CHECKS)


def test_reports_are_the_same_however_the_rows_lie(office: Office, tmp_path: Path, no_engine: None) -> None:
    """Performances by code, missing providers by AGB."""
    missing = {"zorgkantoor": "5505", "provider_agb": "11000001", "prior_year_amount_cents": 100_000_001}
    place = with_published(office, tmp_path / "out", "wlz_missing_providers", missing)
    for table in OUTPUTS:
        path = str(Path(place.root) / table.name)
        rows = DeltaTable(path).to_pyarrow_table()
        for key in ("performance_code", "provider_agb"):
            if key in table.names:
                rows = rows.sort_by([(key, "descending")])
        write_deltalake(path, rows, mode="overwrite")
    [report] = reports.read(place, Attempt(), Statement(2023, 2), ["5505"])
    assert [row.code for row in report.figures.production] == ["0042", "Z001"]
    assert [provider.agb for provider in report.missing] == ["11000001", "12000001"]
    assert [row.code for row in report.missing[1].estimates] == ["V042", "Z001"]


def test_a_provider_is_told_missing_since_the_first_of_the_statements_in_a_row(
    office: Office, tmp_path: Path, no_engine: None
) -> None:
    """One that was not missing the quarter before is missing since this one."""
    missing = {"zorgkantoor": "5505", "provider_agb": "11000001", "prior_year_amount_cents": 100_000_001}
    place = with_published(office, tmp_path / "out", "wlz_missing_providers", missing)
    [report] = reports.read(place, Attempt(), Statement(2023, 2), ["5505"])
    assert {provider.agb: provider.told_since for provider in report.missing} == {
        "11000001": Statement(2023, 2),
        "12000001": Statement(2023, 1),
    }


def test_an_organisation_that_is_new_has_nothing_to_compare_with(
    office: Office, tmp_path: Path, no_engine: None
) -> None:
    """It is in no earlier statement; the others are."""
    root = tmp_path / "out"
    shutil.copytree(office.place.root, root)
    of_last_year = f"organisation = '0201' and run_id = '{office.run_ids[2022, 2]}'"
    DeltaTable(str(root / "wlz_statement_lines")).update({"organisation": "'0299'"}, predicate=of_last_year)
    made = reports.read(Place(str(root)), Attempt(), Statement(2023, 2))
    assert [[earlier.statement for earlier in report.earlier] for report in made] == [
        [Statement(2023, 1)],
        [Statement(2022, 2), Statement(2023, 1)],
        [Statement(2022, 2), Statement(2023, 1)],
    ]


def test_rows_that_make_no_whole_document_are_refused(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many rows as were published, but not the ones that add up; a code that names no folder."""
    for table, changes, where, fault in (
        (
            "wlz_statement_lines",
            {"value": "value - 1"},
            "organisation = '0201' and part = 'insured' and line = 'man'",
            "0201: insured, man is not the sum of its lines.",
        ),
        (
            "wlz_statement_lines",
            {"organisation": "'../0201'"},
            "organisation = '0201'",
            "1 organisations have a code that cannot name a folder.",
        ),
    ):
        root, to = tmp_path / "out", tmp_path / "to"
        shutil.copytree(office.place.root, root)
        DeltaTable(str(root / table)).update(changes, predicate=where)
        assert documents.write_documents(Place(str(root)), 2023, 2, str(to), every=True) == 4
        assert fault in capsys.readouterr().err
        assert not to.exists()
        shutil.rmtree(root)


def test_a_published_table_that_cannot_be_read(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "out"
    shutil.copytree(office.place.root, root)
    for file in (root / "wlz_production").glob("*.parquet"):
        file.unlink()
    assert documents.write_documents(Place(str(root)), 2023, 2, str(tmp_path / "to"), every=True) == 3
    assert "wlz_production" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, None),
        (" \t", None),
        ("Noord\nen  Zuid\r", "Noord en Zuid"),
        ("\u202eZorg\u00adgroep\x1b[31m", "Zorggroep [31m"),
        ("123456782 BV", "... BV"),
        ("x" * 300, "x" * 60 + "..."),
        ("Zorg " * 100, " ".join(["Zorg"] * 39) + "..."),
    ],
)
def test_a_name_as_it_can_be_shown(
    office: Office, tmp_path: Path, no_engine: None, name: str | None, shown: str | None
) -> None:
    register = [row | {"name": name} for row in TABLES["wlz_organisations"].to_pylist()]
    providers = [row | {"name": name} for row in TABLES["wlz_providers"].to_pylist()]
    changed = {"wlz_organisations": register, "wlz_providers": providers}
    inputs = write_inputs(tmp_path / "in", {**TABLES, **{
        table: pa.Table.from_pylist(rows, schema=SCHEMAS[table].remove_metadata()) for table, rows in changed.items()
    }})  # fmt: skip
    run_row = {
        "run_id": "run",
        "inputs": json.dumps(dict.fromkeys(SCHEMAS, 0)),
    }
    register_of_run = reports.read_register(office.place, Attempt(), run_row, str(inputs))
    assert {row["name"] for row in register_of_run.organisations.values()} == {shown}
    assert set(register_of_run.providers.values()) == {shown}


def test_with_an_engine_where_delta_rs_cannot_read(
    office: Office, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Statement(2023, 2)
    without = reports.read(office.place, Attempt(), asked, (), str(office.inputs))

    started: list[str] = []

    def start(name: str, *_: object, **others: object) -> AbstractContextManager[Engine]:
        started.append(name)
        return nullcontext(engine)

    monkeypatch.setattr(session, "start", start)
    for name in ("is_table", "state", "rows", "rows_of_runs", "rows_of_version", "count_of_version"):
        monkeypatch.setattr(delta_rs, name, lambda *arguments: None)
    by_engine = reports.read(office.place, Attempt(), asked, (), str(office.inputs))
    assert len(started) == 1  # for all that is read
    assert [report.figures for report in by_engine] == [report.figures for report in without]
    assert [report.name for report in by_engine] == [report.name for report in without]
    assert [report.missing for report in by_engine] == [report.missing for report in without]
    assert [report.findings for report in by_engine] == [report.findings for report in without]
    assert [report.kind for report in by_engine] == ["uitvoerder", "zorgkantoor", "zorgkantoor"]


def test_one_of_several_quarters_can_be_named(
    office: Office, tmp_path: Path, no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the quarter alone, where the files are all of one year; what a file manager hides is nobody's document."""
    for quarter in (1, 2):
        (tmp_path / "0201").mkdir(exist_ok=True)
        (tmp_path / "0201" / f"Wlz-2023-KW{quarter}-0201-kwartaalstaat.xlsx").touch()
    (tmp_path / ".DS_Store").touch()
    assert documents.check_delivery(office.place, str(tmp_path), quarter=1, organisations=["0201"]) == 4
    told = capsys.readouterr()
    assert f"Documents of {office.run_ids[2023, 1]}" in told.out
    assert "Wlz-2023-KW2-0201-kwartaalstaat.xlsx: is of another quarter." in told.err
    assert ".DS_Store" not in told.err


def test_a_letter_can_be_opened_by_notepad(folder: Path) -> None:
    letter = (folder / "5505" / "Wlz-2023-KW2-5505-begeleidende-tekst.txt").read_bytes()
    assert letter.startswith(b"\xef\xbb\xbfAan: ")
    assert letter.count(b"\n") == letter.count(b"\r\n") > 10


def test_as_a_person_meets_it(office: Office, tmp_path: Path) -> None:
    command = Command(tmp_path)
    root, to = office.place.root, tmp_path / "q2"
    asked = ("--output", root, "--year", 2023, "--quarter", 2, "--to", to, "--organisation", "5505")
    made = command.run("wlz", "documents", *asked, "--input", office.inputs)
    assert (made.returncode, made.stderr) == (0, "")
    assert "5 documents" in made.stdout
    checked = command.run("wlz", "deliver", "--check", to, "--output", root, "--organisation", "5505")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "FCInformatie@zinl.nl by 24 August 2023" in checked.stdout
    statement = to / "5505" / "Wlz-2023-KW2-5505-kwartaalstaat.xlsx"
    statement.write_bytes(statement.read_bytes()[:1000])
    checked = command.run("wlz", "deliver", "--check", to, "--output", root, "--organisation", "5505")
    assert checked.returncode == 4
    assert "cannot be read as xlsx" in checked.stderr


def test_a_workbook_opens_without_repair(folder: Path) -> None:
    """Every part that is named is there, and the XML is whole."""
    for path in folder.rglob("*.xlsx"):
        assert openpyxl.load_workbook(io.BytesIO(path.read_bytes())).sheetnames
