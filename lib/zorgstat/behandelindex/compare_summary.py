"""What changed between two runs, for a person: totals beside each other, a distribution, the practices that moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.behandelindex import compare, summary
from zorgstat.behandelindex.compare import EDGES, FEWEST, PARTS, SIDES
from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.pipelines import BEFORE_AND_AFTER, Comparison, Frames
from zorgstat.text import figure, heading, side_by_side, signed

WIDTH = 55  # of the name of a practice or a basket, in characters
SIZES = ("practices", "combinations_before", "combinations_after")
SIDE_OF = {"appeared": "after", "disappeared": "before"}  # the run that they are in


def queries(before: Frames, after: Frames, most: int) -> dict[str, DataFrame]:
    """What is looked up in the outputs of two runs for `figures`."""
    practices = compare.compare_practices(before, after)
    moved = compare.find_moved(practices, most)
    chosen = F.broadcast(moved.select("practice_agb"))
    of_moved = [run["practice_baskets"].join(chosen, "practice_agb", "left_semi") for run in (before, after)]
    ranked = compare.rank_baskets(compare.explain_changes(*of_moved))
    return {
        **{
            f"{name}_{side}": frame
            for side, run in zip(BEFORE_AND_AFTER, (before, after), strict=True)
            for name, frame in summary.queries(run).items()
        },
        "presence": compare.count_presence(practices),
        "unmatched": compare.list_unmatched(practices, most),
        "changes": compare.count_changes(practices),
        "sides": compare.count_sides(practices),
        "moved": moved,
        "all_baskets": compare.add_up(ranked),
        "named_baskets": compare.name_baskets(ranked),
        "other_baskets": compare.add_up(ranked.where(~F.col("is_told"))),
    }


def figures(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Totals by side; practices by presence; the distribution of changes; sides of 100; the practices that moved."""
    return {**_totals(found), **presence(found), **_changes(found), "moved": list(_moved(found))}


def _totals(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    of = {
        side: summary.figures({name: found[f"{name}_{side}"] for name in ("totals", "records", "bands")})
        for side in BEFORE_AND_AFTER
    }
    factors = zip(*[of[side]["correction_factors"] for side in BEFORE_AND_AFTER], strict=True)
    return {
        "records": {
            name: {side: of[side]["records"].get(name, 0) for side in BEFORE_AND_AFTER}
            for name in OUTCOME_NAMES
            if any(name in of[side]["records"] for side in BEFORE_AND_AFTER)
        },
        "totals": {
            name: {side: of[side][name] for side in BEFORE_AND_AFTER}
            for name in ("practices", "combinations", "treatments", "sd")
        },
        "correction_factors": [
            {"lower": one["lower"], "upper": one["upper"], "before": one["factor"], "after": other["factor"]}
            for one, other in factors
        ],
    }


def presence(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Practices by the runs that they are in, and those of one run only; combinations that are not told are null."""
    counted = {row["presence"]: row for row in found["presence"]}
    unmatched = sorted(found["unmatched"], key=lambda row: row["place"])
    sums = {
        name: {size: int(counted[name][size]) if name in counted else 0 for size in SIZES}
        for name in ("both", *SIDE_OF)
    }
    listed = {
        name: [
            {column: row[column] for column in ("practice_agb", "combinations", "index_rounded")}
            for row in unmatched
            if row["presence"] == name
        ]
        for name in SIDE_OF
    }
    # Then not of those in both runs either: together they are the total of the run, which is told.
    hidden = {
        f"combinations_{side}"
        for name, side in SIDE_OF.items()
        if compare.gives_away(
            sums[name]["practices"],
            sums[name][f"combinations_{side}"],
            [practice["combinations"] for practice in listed[name]],
        )
    }
    return {
        "presence": {
            name: {size: None if number and size in hidden else number for size, number in numbers.items()}
            for name, numbers in sums.items()
        },
        **listed,
    }


def _changes(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    counted = {int(row["bin"]): row for row in found["changes"]}
    sides = sorted(found["sides"], key=lambda row: (SIDES.index(row["side_before"]), SIDES.index(row["side_after"])))
    with_interval = [row for row in sides if "none" not in (row["side_before"], row["side_after"])]
    return {
        "index_changes": [
            {
                "from": lower,
                "to": upper,
                **{name: int(counted[bin_][name]) if bin_ in counted else 0 for name in ("practices", "with_interval")},
            }
            for bin_, lower, upper in _bins()
        ],
        "index_rounded_changed": sum(int(row["rounded_changed"]) for row in sides),
        "with_interval": sum(int(row["practices"]) for row in with_interval),
        "side_changed": sum(int(row["practices"]) for row in with_interval if row["side_before"] != row["side_after"]),
        "sides": [
            {"before": row["side_before"], "after": row["side_after"], "practices": int(row["practices"])}
            for row in sides
        ],
    }


def _bins() -> Iterator[tuple[int, int | None, int | None]]:
    """Number, lower and upper edge in index points; null: there is none; 0 and 0: no change."""
    edges = [0, *EDGES]
    for place in range(len(edges), 0, -1):
        yield -place, -edges[place] if place < len(edges) else None, -edges[place - 1]
    yield 0, 0, 0
    for place in range(1, len(edges) + 1):
        yield place, edges[place - 1], edges[place] if place < len(edges) else None


def _moved(found: Mapping[str, list[Row]]) -> Iterator[dict[str, Any]]:
    in_all, in_others = ({row["practice_agb"]: row for row in found[name]} for name in ("all_baskets", "other_baskets"))
    named = sorted(found["named_baskets"], key=lambda row: row["place"])
    for row in sorted(found["moved"], key=lambda row: row["place"]):
        agb = row["practice_agb"]
        names = ("combinations", "index", "index_rounded", "ci_lower", "ci_upper")
        yield {
            "practice_agb": agb,
            **{f"{name}_{side}": row[f"{name}_{side}"] for name in names for side in BEFORE_AND_AFTER},
            "change": row["change"],
            **{name: in_all[agb][name] for name in PARTS[1:]},
            "baskets": in_all[agb]["baskets"],
            "named_baskets": [
                {name: value for name, value in basket.asDict().items() if name not in ("practice_agb", "place")}
                for basket in named
                if basket["practice_agb"] == agb
            ],
            "other_baskets": {name: in_others[agb][name] for name in ("baskets", *PARTS)} if agb in in_others else None,
        }


def describe(figures: Mapping[str, Any]) -> list[str]:
    """The figures in lines."""
    return [
        *_describe_totals(figures),
        *_describe_practices(figures),
        *_describe_changes(figures),
        *_describe_sides(figures),
        *_describe_moved(figures),
    ]


def _describe_totals(figures: Mapping[str, Any]) -> list[str]:
    totals, records = figures["totals"], figures["records"]
    read = {side: sum(counts[side] for counts in records.values()) for side in BEFORE_AND_AFTER}
    per_combination = {side: totals["treatments"][side] / totals["combinations"][side] for side in BEFORE_AND_AFTER}
    lines = [
        heading("records", "before", "after", "change"),
        side_by_side("records read", **read),
        *[side_by_side(f"  {name}", **counts) for name, counts in records.items()],
        "",
        heading("totals", "before", "after", "change"),
        *[side_by_side(name, **totals[name]) for name in ("practices", "combinations", "treatments")],
        side_by_side("treatments per combination", **per_combination),
        side_by_side("spread of the indices", **totals["sd"]),
    ]
    bands = figures["correction_factors"]
    if any(band["before"] != band["after"] for band in bands):
        lines += ["", figure("combinations of a practice", "".join(f"{summary.name_band(band):>9}" for band in bands))]
        lines += [
            figure(f"correction factor {side}", "".join(f"{'± ' + str(band[side]):>9}" for band in bands))
            for side in BEFORE_AND_AFTER
        ]
    return [*lines, ""]


def _describe_practices(figures: Mapping[str, Any]) -> list[str]:
    lines = ["practices in one run or both"]
    for name, counts in figures["presence"].items():
        sizes = [counts[f"combinations_{side}"] for side in BEFORE_AND_AFTER if SIDE_OF.get(name, side) == side]
        told = ["not shown" if size is None else f"{size:,}" for size in sizes]
        held = f"   combinations {_from_to(*told)}" if counts["practices"] else ""
        lines.append(figure(f"in {name}" if name == "both" else name, f"{counts['practices']:,}", held))
        for practice in figures.get(name, []):
            is_told = practice["combinations"] is not None
            size = f"{practice['combinations']:,}" if is_told else f"fewer than {FEWEST}"
            index = f", index {practice['index_rounded']}" if is_told else ""
            lines.append(f"    {practice['practice_agb']}  {size} combinations{index}")
        left = counts["practices"] - len(figures.get(name, []))
        if name != "both" and left and figures[name]:
            lines.append(f"    and {left:,} smaller ones")
    return [*lines, ""]


def _describe_changes(figures: Mapping[str, Any]) -> list[str]:
    bins = figures["index_changes"]
    widest = max(max(row["practices"] for row in bins), 1)
    return [
        heading("change of the index, points", "practices", "with interval"),
        *[
            figure(
                _name_bin(row["from"], row["to"]),
                f"{row['practices']:,}",
                f"{row['with_interval']:>14,}  {'█' * -(-30 * row['practices'] // widest)}",
            )
            for row in bins
        ],
        "",
    ]


def _describe_sides(figures: Mapping[str, Any]) -> list[str]:
    counts = {(row["before"], row["after"]): row["practices"] for row in figures["sides"]}
    names = {"below": "below 100", "around": "around 100", "above": "above 100", "none": "no interval"}
    table = [
        figure(names[before], f"{counts.get((before, SIDES[0]), 0):,}")
        + "".join(f"{counts.get((before, after), 0):>14,}" for after in SIDES[1:])
        for before in SIDES
        if any(counts.get((before, after)) for after in SIDES)
    ]
    return [
        figure("rounded index changed", f"{figures['index_rounded_changed']:,}"),
        figure("interval changed side", f"{figures['side_changed']:,}", f"   of {figures['with_interval']:,} with one"),
        "",
        heading("interval before, after:", *names.values()),
        *table,
        "",
    ]


def _describe_moved(figures: Mapping[str, Any]) -> list[str]:
    moved, of = figures["moved"], figures["with_interval"]
    if not moved:
        return [f"no index moved of the {of:,} practices with an interval in both runs"]
    lines = [
        f"the {len(moved):,} practices that moved most, of {of:,} with an interval in both runs",
        f"  {'':<{WIDTH}}" + "".join(f"{name:>11}" for name in ("change", "own mean", "mix", "national")),
    ]
    for practice in moved:
        index = _from_to(*[f"{practice[f'index_{side}']:.2f}" for side in BEFORE_AND_AFTER])
        size = _from_to(*[f"{practice[f'combinations_{side}']:,}" for side in BEFORE_AND_AFTER])
        lines.append(_parts(f"{practice['practice_agb']}  {index}, {size} combinations", practice))
        for basket in practice["named_baskets"]:
            if basket["is_told"]:
                lines.append(_parts(f"    {_name_basket(basket)}", basket))
            else:
                told = f"fewer than {FEWEST}" if basket["is_small"] else "not shown"
                lines.append(f"  {'    ' + _name_basket(basket):<{WIDTH}} {told:>21}")
        others = practice["other_baskets"]
        if others and others["baskets"] < practice["baskets"]:
            lines.append(_parts(f"    {others['baskets']:,} without figures, together", others))
    return [
        *lines,
        "",
        "In points of the index; parts add up to the change, baskets to the practice. A basket is measured against",
        "100: its share of the combinations, times how far its own index lies from 100. Own mean: treatments per",
        "combination at the practice. Mix: a larger share above 100, or a smaller one below. National: the means that",
        "it is compared with.",
    ]


def _parts(name: str, of: Mapping[str, Any]) -> str:
    return f"  {name:<{WIDTH}}" + "".join(f"{signed(of[part], 2):>11}" for part in PARTS)


def _from_to(*told: str) -> str:
    return " -> ".join(dict.fromkeys(told))


def _name_bin(lower: int | None, upper: int | None) -> str:
    if lower is None:
        return f"  {upper} or less"
    if upper is None:
        return f"  +{lower} or more"
    return "  none" if lower == upper else f"  {lower:+} to {upper:+}".replace("+0", "0")


def _name_basket(basket: Mapping[str, Any]) -> str:
    return (
        f"{basket['basket_id']:>3}: {'MV'[basket['sex_class'] - 1]} {_ages()[basket['age_class']]}, "
        f"pathology {basket['pathology_class']}, insurance {basket['insurance_class']}, ses {basket['ses_class']}"
    )


@cache
def _ages() -> dict[int, str]:
    """Names of the age classes, for a reader: the last that the list has."""
    return {
        int(row["age_class"]): f"{row['first']}-{row['last']}" if int(row["last"]) < 120 else f"{row['first']}+"
        for row in codes.rows("age_classes")
    }


COMPARISON = Comparison(queries=queries, figures=figures, describe=describe)
