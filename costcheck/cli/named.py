"""What `costcheck.toml` names must exist: models of the catalogue, instance types of the prices."""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from costcheck.catalogue import OpenWeights
from costcheck.errors import ConfigError
from costcheck.settings import Acceptance, Evaluation, ManagedQuote, Settings, Workload

About = TypeVar("About", Evaluation, Acceptance, ManagedQuote)


def resolve_models(settings: Settings, catalogue: Mapping[str, OpenWeights]) -> Settings:
    """Return the settings with every open-weights model under its short name.

    Raises:
        ConfigError: A candidate is not in the catalogue, or an evaluation, acceptance or quote is about a model that
            the workload does not name; the nearest is named.
    """
    short = {weights.huggingface_id: name for name, weights in catalogue.items()}

    def resolve(workload: Workload) -> Workload:
        for model in workload.candidates:
            if short.get(model, model) not in catalogue:
                raise _unknown_candidate(workload.name, model, catalogue)
        resolved = msgspec.structs.replace(
            workload,
            candidates=tuple(short.get(model, model) for model in workload.candidates),
            evaluations=tuple(map(shorten, workload.evaluations)),
            acceptances=tuple(map(shorten, workload.acceptances)),
            managed_quotes=tuple(map(shorten, workload.managed_quotes)),
        )
        _require_named(resolved)
        return resolved

    def shorten(row: About) -> About:
        return msgspec.structs.replace(row, model=short.get(row.model, row.model))

    return msgspec.structs.replace(settings, workload=tuple(map(resolve, settings.workload)))


def _require_named(workload: Workload) -> None:
    named = {*workload.candidates, workload.cheaper_request_model or ""} - {""}
    about = (
        ("evaluations", workload.evaluations),
        ("acceptances", workload.acceptances),
        ("managed_quotes", workload.managed_quotes),
    )
    for table, rows in about:
        for row in rows:
            if row.model not in named:
                message = (
                    f"workload {workload.name!r}: {table} is about {row.model!r}, which the workload does not name"
                )
                models = ", ".join(sorted(named)) or "none"
                raise ConfigError(
                    message,
                    expected=f"one of its candidates or its cheaper_request_model: {models}",
                    action="mend the name in costcheck.toml; a misspelt one would count for nothing",
                )


def require_known_types(settings: Settings, known: Iterable[str]) -> None:
    """Do nothing if the prices know every instance type that the settings name.

    Raises:
        ConfigError: One is unknown; the nearest is named.
    """
    types = sorted(known)
    hosting = settings.self_hosting
    for key, names in (
        ("instance_types", hosting.instance_types),
        ("refused_instance_types", hosting.refused_instance_types),
    ):
        for name in names:
            if name not in types:
                nearest = "".join(difflib.get_close_matches(name, types, n=1, cutoff=0.0))
                message = f"self_hosting.{key} names {name!r}, which the price snapshot does not know"
                raise ConfigError(
                    message,
                    expected=f"an instance type of the snapshot; the nearest is {nearest!r}",
                    action="mend costcheck.toml, or run `costcheck prices pull` for that type",
                )


def _unknown_candidate(workload: str, model: str, catalogue: Mapping[str, OpenWeights]) -> ConfigError:
    known = sorted({*catalogue, *(weights.huggingface_id for weights in catalogue.values())})
    nearest = difflib.get_close_matches(model, known, n=1, cutoff=0.0)[0]
    return ConfigError(
        f"workload {workload!r} names the candidate {model!r}, which is not in the catalogue",
        expected=f"one of {', '.join(sorted(catalogue))}; the nearest is {nearest!r}",
        action="mend candidates in costcheck.toml",
    )
