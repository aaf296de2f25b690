"""Who took whose place: the provider at the end of every chain of successors."""

from __future__ import annotations

from collections.abc import Mapping


def follow(replaced_by: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """For every provider that is replaced: its AGB, the AGB that its lines count under, and whether it is in a cycle.

    The AGB at the end of the chain counts, also when the register does not know it; in a cycle, or on the way into one,
    the lowest AGB of the cycle. Plain data in, plain data out: a register is a few thousand rows, and no chain is too
    long for a loop that visits each provider once.
    """
    ends: dict[str, str] = {}
    in_cycle: set[str] = set()
    for provider in replaced_by:
        on_the_way: dict[str, None] = {}  # in the order of the visits
        agb = provider
        while agb in replaced_by and agb not in ends and agb not in on_the_way:
            on_the_way[agb] = None
            agb = replaced_by[agb]
        if agb in on_the_way:
            visited = list(on_the_way)
            cycle = visited[visited.index(agb) :]
            in_cycle.update(cycle)
            end = min(cycle)
        else:
            end = ends.get(agb, agb)
        ends.update(dict.fromkeys(on_the_way, end))
    return [(agb, end, agb in in_cycle) for agb, end in ends.items()]
