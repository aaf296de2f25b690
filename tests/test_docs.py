"""The pages say what the code says, and lead somewhere."""

from __future__ import annotations

import re
import runpy
from dataclasses import fields
from pathlib import Path

import pytest

from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.behandelindex.settings import Settings
from zorgstat.io.attempt import EXIT_CODES
from zorgstat.periods import ReportVersion
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.findings import RULES
from zorgstat.wlz.settings import KEYS as WLZ_KEYS

ROOT = Path(__file__).parents[1]
DOCS, PACKAGE = ROOT / "docs", ROOT / "lib" / "zorgstat"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def test_the_page_of_tables_is_what_the_declarations_give(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DOCS / "tables.py"))
    assert (DOCS / "tables.md").read_text(encoding="utf-8") == capsys.readouterr().out, "make docs"


def test_every_setting_is_described() -> None:
    keys = set(Settings().as_json()) - {"report", "correction_factor"}
    keys |= {f"report.{field.name}" for field in fields(ReportVersion)} | {"correction_factor.method"}
    keys |= {f"statement.{field.name}" for field in fields(Statement)} | (set(WLZ_KEYS) - {"statement"})
    assert {cell.strip("`") for cell in first_cells("settings.md", r"`[a-z_.]+`")} == keys


def test_every_exit_code_is_described() -> None:
    assert [int(code) for code in first_cells("settings.md", r"\d+")] == list(EXIT_CODES)


def test_every_outcome_is_described_in_the_order_of_the_rules() -> None:
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \|", (DOCS / "method.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [(str(place), name) for place, name in enumerate(OUTCOME_NAMES, start=1)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        found = (page.parent / target).resolve() if target else page
        assert found.is_relative_to(ROOT)
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"


def test_every_rule_of_findings_is_described_in_their_order() -> None:
    page = (DOCS / "wlz.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (error|warning) \|", page, re.MULTILINE)
    assert listed == [(rule.name, rule.severity) for rule in RULES]


@pytest.mark.parametrize(("page", "pipeline"), [("method.md", "behandelindex"), ("wlz.md", "wlz")])
def test_the_method_names_code_that_exists(page: str, pipeline: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    named = {pair for pair in re.findall(r"`(\w+)\.(_?\w+)`", text) if pair[1] not in ("py", "csv", "toml")}
    assert len(named) > 20
    for module, name in named:
        [path] = [*PACKAGE.glob(f"{module}.py"), *PACKAGE.glob(f"{pipeline}/{module}.py")]
        assert re.search(rf"^(def|class) {name}\b", path.read_text(encoding="utf-8"), re.MULTILINE), f"{path}: {name}"


def first_cells(page: str, pattern: str) -> list[str]:
    """What fits the pattern in the first column of the tables on a page."""
    return re.findall(rf"^\| ({pattern}) \|", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)


def links(page: Path) -> list[tuple[str, str]]:
    """The relative links of a page: path (empty: this page) and anchor. What stands in code blocks is no link."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)", text)
    return [(target, anchor) for target, anchor in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> list[str]:
    """The headings of a page as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
