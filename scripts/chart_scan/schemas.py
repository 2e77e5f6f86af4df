"""Rendered objects against the schemas of Kubernetes, and of those custom kinds that the chart renders.

kubernetes-validate exits 0 on an empty file and only warns of a kind that it does not know, so its lines are counted:
each object must have passed, and each custom kind is held against its own schema in scripts/data/crds instead.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import jsonschema

from chart_scan.rendered import Json, Resource
from chart_scan.run import output
from chart_scan.skips import Finding
from costcheck.errors import InputFileError

NAME = "kubernetes-validate"
VERSIONS = ("1.35", "1.36", "1.37")
CRDS = Path(__file__).resolve().parents[1] / "data" / "crds"
PASSED = re.compile(r"(?m)^INFO (?P<object>.*) passed for resource (?P<name>\S+) against version (?P<version>\S+)$")
FAILED = re.compile(
    r"(?m)^ERROR (?P<object>.*) did not validate for resource (?P<name>\S+) against version \S+: (?P<problem>.*)$"
)


def scan(files: Mapping[Path, Sequence[Resource]], program: Path) -> list[Finding]:
    """Returns what is not valid, in each Kubernetes version; one run a version over all files.

    Args:
        files: The rendered files, and what is in each.
        program: The `kubernetes-validate` command.

    Raises:
        InputFileError: An object was not checked, or is of a kind that nothing here knows.
    """
    found: list[Finding] = []
    for version in VERSIONS:
        said, complained = output(program, "--kubernetes-version", version, "--strict", *files)
        found += findings_of(said + complained, files, version)
    return [*found, *(one for resources in files.values() for resource in resources for one in _custom(resource))]


def findings_of(report: str, files: Mapping[Path, Sequence[Resource]], version: str) -> list[Finding]:
    """Returns the invalid objects of a report that covers every object, but for custom kinds.

    Args:
        report: What kubernetes-validate printed.
        files: The rendered files, and what is in each.
        version: The version asked for.

    Raises:
        InputFileError: The report leaves an object out, or is of another version.
    """
    passed = [
        f"{match['object']} {match['name']}" for match in PASSED.finditer(report) if match["version"] == version
    ]
    failed = {f"{match['object']} {match['name']}": match["problem"] for match in FAILED.finditer(report)}
    expected = sorted(
        f"{path} {resource.kind.lower()}/{resource.name}"
        for path, resources in files.items()
        for resource in resources
        if resource.kind not in custom_kinds()
    )
    if (covered := sorted([*passed, *failed])) != expected or not covered:
        message = f"kubernetes-validate checked {covered} against {version}"
        action = f"see why an object was left out; a custom kind needs its schema in {CRDS}"
        raise InputFileError(message, expected=str(expected), action=action)
    return [
        Finding(
            scanner=NAME, check=version, kind=name.rpartition(" ")[2].partition("/")[0], where=f"{name}: {problem}"
        )
        for name, problem in failed.items()
    ]


@cache
def custom_kinds() -> dict[str, Json]:
    """Returns kind -> its record: apiVersion, schema, source."""
    return {
        record["kind"]: record for record in (json.loads(path.read_text()) for path in sorted(CRDS.glob("*.json")))
    }


def _custom(resource: Resource) -> Iterator[Finding]:
    record = custom_kinds().get(resource.kind)
    if record is None:
        return
    if resource.api_version != record["apiVersion"]:
        yield _invalid(resource, f"apiVersion is {resource.api_version}; expected: {record['apiVersion']}")
    checker = jsonschema.Draft7Validator(closed(record["schema"]))
    for error in checker.iter_errors(resource.body):
        yield _invalid(resource, f"{error.json_path}: {error.message}")


def _invalid(resource: Resource, problem: str) -> Finding:
    return Finding(
        scanner="crd-schema", check=resource.api_version, kind=resource.kind, where=f"{resource}: {problem}"
    )


def closed(schema: Json) -> Json:
    """Returns a CRD's schema that refuses unknown fields, which the API server would drop in silence.

    Args:
        schema: openAPIV3Schema.
    """
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(part) for name, part in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not is_open:
        shut["additionalProperties"] = False
    return shut
