"""checkov on a rendered file: it exits 0 on an empty, malformed or missing file, so its report is counted.

Measured with 3.3.30: `resource_count` is the number of objects and one more for each pod template.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from chart_scan.rendered import Json, Resource
from chart_scan.run import output
from chart_scan.skips import Finding
from costcheck.errors import InputFileError

NAME = "checkov"


def scan(files: Mapping[Path, Sequence[Resource]], program: Path) -> list[Finding]:
    """Returns what checkov does not like, in one run over all files, as most of its time is its start.

    Args:
        files: The rendered files, and what is in each.
        program: The `checkov` command.

    Raises:
        InputFileError: It did not check everything, or skipped something by itself.
    """
    named = (word for path in files for word in ("-f", path))
    how = ("--framework", "kubernetes", "--output", "json", "--compact", "--skip-download")
    report, _ = output(program, *named, *how)
    return findings_of(_report(report), [resource for resources in files.values() for resource in resources])


def findings_of(report: Json, resources: Sequence[Resource]) -> list[Finding]:
    """Returns the failed checks of a report that covers everything.

    Args:
        report: checkov's JSON.
        resources: What was rendered.

    Raises:
        InputFileError: The report does not cover everything.
    """
    summary = report.get("summary", report)  # with nothing to check, checkov prints the summary alone
    rendered = len(resources) + sum(1 for resource in resources if resource.pod)
    counted = {name: summary.get(name) for name in ("resource_count", "parsing_errors", "skipped")}
    if counted != {"resource_count": rendered, "parsing_errors": 0, "skipped": 0} or not summary["passed"]:
        message = f"checkov reports {summary}"
        expected = f"{rendered} resources, no parsing errors, nothing skipped, something passed"
        raise InputFileError(message, expected=expected, action="see why it did not check everything")
    return [
        Finding(
            scanner=NAME,
            check=failed["check_id"],
            kind=failed["resource"].partition(".")[0],
            where=f"{failed['resource']}: {failed['check_name']}",
        )
        for failed in report["results"]["failed_checks"]
    ]


def _report(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"checkov printed no report: {text!r:.200}"
        raise InputFileError(message, expected="its JSON report", action="run `make scanners` again") from error
