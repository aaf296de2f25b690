"""One TOML file is one reporting version: defaults, replaced tables, and faults that name their key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import Settings, resolve
from zorgstat.errors import SettingsError
from zorgstat.io import config
from zorgstat.periods import ReportVersion

DEFAULTS = {
    "report": {"year": 2023, "version": 3},
    "participating": ("CZ", "Salland", "De Friesland", "Menzis", "VGZ", "Zilveren Kruis", "ASR", "Zorg en Zekerheid"),
    "netting": {},
    "av_source": {"Salland": "packages", "Zorg en Zekerheid": "packages"},
    "av_policy": {},
    "correction_factor": {"method": "computed"},
}


def faults_of(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        resolve(raw)
    return str(error.value).splitlines()


def test_an_empty_file_gives_every_default(tmp_path: Path) -> None:
    file = tmp_path / "2023-3.toml"
    file.write_text("")
    assert config.load(BEHANDELINDEX, file) == resolve({}) == Settings()
    assert Settings().as_json() == DEFAULTS


def test_a_file_with_every_default_changes_nothing() -> None:
    assert resolve(DEFAULTS | {"participating": list(DEFAULTS["participating"])}) == Settings()


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("report", {"year": 2024, "version": 1}),
        ("report", {"year": 2006, "version": 2}),  # the first and the last year there is
        ("report", {"year": 2099, "version": 3}),
        ("participating", ["CZ"]),
        ("netting", {"CZ": "reference", "VGZ": "key", "ASR": "none", "Menzis": "reference_then_key"}),
        ("av_source", {"CZ": "packages"}),  # Salland delivers now
        ("av_source", {}),
        ("av_policy", {"Salland": "latest", "Zorg en Zekerheid": "max"}),
        ("correction_factor", {"method": "table"}),
    ],
)
def test_what_is_given_replaces_the_default_as_a_whole(key: str, given: Any) -> None:
    resolved = resolve({key: given}).as_json()
    resolved["participating"] = list(resolved["participating"])
    assert resolved == DEFAULTS | {"participating": list(DEFAULTS["participating"])} | {key: given}


def test_a_correction_factor_without_a_method_is_computed() -> None:
    assert resolve({"correction_factor": {}}) == Settings()


def test_year_and_version_arrive_as_a_report_version() -> None:
    assert resolve({"report": {"year": 2024, "version": 2}}).report == ReportVersion(2024, 2)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({"nettings": {}}, "nettings"),
        ({"report": 2023}, "report"),
        ({"report": {"year": 2023, "version": 3, "month": 1}}, "report.month"),
        ({"report": {"version": 3}}, "report.year"),
        ({"report": {"year": 2023}}, "report.version"),
        *[
            ({"report": {"year": year, "version": 3}}, "report.year")
            for year in ("2023", 2023.0, True, 2005, 2100, [2023])
        ],
        *[({"report": {"year": 2023, "version": version}}, "report.version") for version in (0, 4, True, 1.0, "1")],
        *[
            ({"participating": value}, "participating")
            for value in ("CZ", [], ["CZ", 1], ["CZ", ""], {"CZ": True}, True)
        ],
        ({"netting": "key"}, "netting"),
        ({"netting": {"Voorbeeldzorg": "referense"}}, "netting.Voorbeeldzorg"),
        ({"netting": {"CZ": True}}, "netting.CZ"),
        ({"netting": {"CZ": ["key"]}}, "netting.CZ"),
        ({"av_source": 1.5}, "av_source"),
        ({"av_source": {"CZ": "package"}}, "av_source.CZ"),
        ({"av_policy": ["sum"]}, "av_policy"),
        ({"av_policy": {"Salland": "min"}}, "av_policy.Salland"),
        ({"av_policy": {"Salland": 12}}, "av_policy.Salland"),
        ({"correction_factor": "table"}, "correction_factor"),
        ({"correction_factor": {"method": "tabel"}}, "correction_factor.method"),
        ({"correction_factor": {"method": False}}, "correction_factor.method"),
        ({"correction_factor": {"methods": "table"}}, "correction_factor.methods"),
    ],
)
def test_a_fault_names_its_key(raw: dict[str, Any], key: str) -> None:
    (fault,) = faults_of(raw)
    assert fault.startswith(f"{key} is ")
    assert "; use " in fault


def test_a_fault_tells_what_stands_there_and_what_to_do() -> None:
    assert faults_of({"netting": {"Voorbeeldzorg": "referense"}}) == [
        'netting.Voorbeeldzorg is "referense"; use reference, key, reference_then_key or none.'
    ]


def test_every_fault_stands_in_one_message_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "2024-2.toml"
    file.write_text(
        """
        version = 2
        report = { year = "2024", version = 5, month = 1 }
        participating = []
        netting = { CZ = "kee", VGZ = "key", ASR = "nothing" }
        correction_factor = { methode = "table" }
        """
    )
    with pytest.raises(SettingsError) as error:
        config.load(BEHANDELINDEX, file)
    faults = str(error.value).splitlines()
    assert all(fault.startswith(f"{file}: ") for fault in faults)
    assert [fault.removeprefix(f"{file}: ").split(" is ")[0] for fault in faults] == [
        "version",
        "report.month",
        "report.year",
        "report.version",
        "participating",
        "netting.CZ",
        "netting.ASR",
        "correction_factor.methode",
    ]


@pytest.mark.parametrize(
    ("text", "message"), [(b"report = {", "is not valid TOML"), (b"# \xff", "cannot be read"), (None, "no such file")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: bytes | None, message: str) -> None:
    file = tmp_path / "2024-2.toml"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(SettingsError, match=f"2024-2.toml: .*{message}"):
        config.load(BEHANDELINDEX, file)


def test_a_choice_for_a_concern_that_nobody_knows_is_pointed_out() -> None:
    settings = resolve(
        {
            "participating": ["CZ", "Elders"],
            "netting": {"CZ": "key", "Sallland": "key", "Elders": "none"},
            # Salland takes no part this time, but is no typing error
            "av_source": {"Salland": "packages", "Zilverenkruis": "packages"},
            "av_policy": {"Zorg & Zekerheid": "max"},
        }
    )
    assert settings.without_effect == [
        "netting.Sallland",
        "av_source.Zilverenkruis",
        "av_policy.Zorg & Zekerheid",
    ]


def test_a_concern_that_is_named_twice_takes_part_once() -> None:
    assert resolve({"participating": ["VGZ", "CZ", "VGZ"]}).participating == ("VGZ", "CZ")
