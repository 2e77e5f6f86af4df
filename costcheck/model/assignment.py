"""Which workload a row of usage belongs to, and what is shown but set aside."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from costcheck.records import Operation, UsageHour
from costcheck.settings import Match, Workload

UNASSIGNED = "no workload names it: it stays on the API"
SET_ASIDE_MODEL = "set_aside_models names its model"
_Key = tuple[Operation, str | None, str | None, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideUsage:
    """Usage that no workload holds, summed over all rows given, so that a report can show it.

    Attributes:
        reason: Why nothing of ours could replace it, or why nobody asked.
        requests: Counted ones; rows that do not count add none.
    """

    reason: str
    service_provider_name: str
    request_model: str
    operation: Operation
    input_tokens: int
    output_tokens: int
    requests: int


def assign(workloads: Sequence[Workload], row: UsageHour, *, set_aside_models: Iterable[str] = ()) -> str | None:
    """Return the name of the first workload that a row belongs to, None where it stays on the API.

    Only chat can move; declared workloads take no rows, because their demand is what a person stated.
    """
    if row.operation is not Operation.CHAT or row.request_model in set_aside_models:
        return None
    for workload in workloads:
        if workload.declared_demand is None and _fits(workload.match, row):
            return workload.name
    return None


def _fits(match: Match, row: UsageHour) -> bool:
    if match.everything:
        return True
    lists = (
        (match.sub_account_ids, (row.sub_account_id,)),
        (match.api_key_ids, (row.x_api_key_id,)),
        (match.request_models, (row.request_model,)),
        (match.tags, row.tags),
    )
    given = [(wanted, held) for wanted, held in lists if wanted]
    return bool(given) and all(any(value in wanted for value in held) for wanted, held in given)


def split_by_workload(
    workloads: Sequence[Workload], hours: Sequence[UsageHour], *, set_aside_models: Iterable[str] = ()
) -> dict[str | None, list[UsageHour]]:
    """Return the rows of each workload, in the order given, and under None those that stay on the API."""
    aside = frozenset(set_aside_models)
    rows: dict[str | None, list[UsageHour]] = {workload.name: [] for workload in workloads} | {None: []}
    names: dict[_Key, str | None] = {}
    for row in hours:
        key = (row.operation, row.sub_account_id, row.x_api_key_id, row.request_model, row.tags)
        if key not in names:
            names[key] = assign(workloads, row, set_aside_models=aside)
        rows[names[key]].append(row)
    return rows


def set_aside(
    workloads: Sequence[Workload], hours: Sequence[UsageHour], *, set_aside_models: Iterable[str] = ()
) -> tuple[SetAsideUsage, ...]:
    """Return what no workload holds, by reason, model and operation."""
    aside = frozenset(set_aside_models)
    groups: dict[tuple[str, str, str, Operation], list[UsageHour]] = {}
    for row in split_by_workload(workloads, hours, set_aside_models=aside)[None]:
        key = (_reason(row, aside), row.service_provider_name, row.request_model, row.operation)
        groups.setdefault(key, []).append(row)
    return tuple(
        SetAsideUsage(
            reason=key[0],
            service_provider_name=key[1],
            request_model=key[2],
            operation=key[3],
            input_tokens=_sum(rows, lambda row: row.input_tokens),
            output_tokens=_sum(rows, lambda row: row.output_tokens),
            requests=_sum(rows, lambda row: row.requests or 0),
        )
        for key, rows in sorted(groups.items())
    )


def _reason(row: UsageHour, aside: frozenset[str]) -> str:
    if row.operation is not Operation.CHAT:
        return f"{row.operation} is not chat"
    return SET_ASIDE_MODEL if row.request_model in aside else UNASSIGNED


def _sum(rows: Iterable[UsageHour], count: Callable[[UsageHour], int]) -> int:
    return sum(map(count, rows))
