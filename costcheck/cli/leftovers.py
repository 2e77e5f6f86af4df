"""`costcheck leftovers`: what of a destroyed stack is still in the account, and whether it bills."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import click

from costcheck.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from costcheck.cli.context import Context
    from costcheck.sources.leftovers.things import Leftover, LeftoverReport

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names of stacks and of EKS clusters; an empty one would match nothing, which would read as a proof."""

HEADINGS = {"yes": "Bills", "prepaid": "Paid in advance", "no": "Does not bill"}


@click.command()
@click.option("--stack", required=True, help="Name of the Pulumi stack, as in the tag worthwhile:stack.")
@click.option("--cluster", help="Name of the EKS cluster that the stack made.")
@click.option(
    "--existing-cluster",
    is_flag=True,
    help="Instead of --cluster: the cluster was there before the stack and stays, so that only what carries the "
    "stack's own tag counts.",
)
@click.option("--region", "region_id", required=True, help="AWS region of the stack.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def leftovers(  # noqa: PLR0913, PLR0917 - one argument an option
    context: Context,
    stack: str,
    cluster: str | None,
    existing_cluster: bool,  # noqa: FBT001 - click's flag
    region_id: str,
    style: Literal["text", "json"],
) -> int:
    """Prove after `pulumi destroy` that nothing of a stack bills any more, or list what does.

    Uses your AWS credentials, only reads, and costs nothing. Exits 0 where nothing bills, 3 where something does,
    and 4 where a listing could not be made, so that nobody can tell.
    """
    from costcheck.sources.leftovers.survey import IAM_ACTIONS  # noqa: PLC0415 - boto3 is slow to load

    _check_name("--stack", stack)
    _check_cluster(cluster, existing=existing_cluster)
    click.echo("This reads, changes nothing, and AWS charges nothing for it. IAM actions it needs:", err=True)
    click.echo(f"  {', '.join(IAM_ACTIONS)}", err=True)
    report = _surveyed(context, stack, cluster, region_id)
    click.echo(_json(report) if style == "json" else "\n".join(render_leftovers(report)))
    return exit_code(report)


def exit_code(report: LeftoverReport) -> ExitCode:
    """Return 4 where a listing is missing, else 3 where something bills, else 0: what is prepaid is spent already."""
    from costcheck.sources.leftovers.things import Bills  # noqa: PLC0415 - boto3 comes with its package

    if report.unlisted:
        return ExitCode.INSUFFICIENT_EVIDENCE
    return ExitCode.DENIED if report.count(Bills.YES) else ExitCode.DONE


def _check_cluster(cluster: str | None, *, existing: bool) -> None:
    if cluster is not None:
        _check_name("--cluster", cluster)
    if existing is (cluster is None):
        return
    message = f"--cluster is {cluster!r}" + (" beside --existing-cluster" if existing else "")
    raise UsageError(
        message,
        expected="either the cluster that the stack made, or --existing-cluster",
        action="give --cluster NAME, or --existing-cluster where the stack was put into a cluster that stays",
    )


def _check_name(option: str, name: str) -> None:
    if NAME.fullmatch(name):
        return
    message = f"{option} {name!r}"
    raise UsageError(
        message,
        expected="1 to 100 letters, digits, dots, dashes or underscores",
        action=f"give {option} the name that the stack was made with",
    )


def _surveyed(context: Context, stack: str, cluster: str | None, region_id: str) -> LeftoverReport:
    """Return the report of one stack, made behind a progress bar on stderr."""
    from rich.console import Console  # noqa: PLC0415 - keeps `costcheck --help` light
    from rich.progress import Progress  # noqa: PLC0415 - the same

    from costcheck.sources.leftovers.calls import open_clients  # noqa: PLC0415 - the same
    from costcheck.sources.leftovers.marks import Marks  # noqa: PLC0415 - the same
    from costcheck.sources.leftovers.survey import fetch_leftovers  # noqa: PLC0415 - the same

    clients = open_clients(region_id)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("listing", total=None)
        return fetch_leftovers(
            clients,
            Marks(stack=stack, cluster=cluster),
            region_id,
            now=context.now,
            progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )


def _json(report: LeftoverReport) -> str:
    import msgspec  # noqa: PLC0415 - only this format needs it

    return msgspec.json.format(msgspec.json.encode(report)).decode()


def render_leftovers(report: LeftoverReport) -> Iterator[str]:
    """Yield the lines of a report: what was looked at, what is left, what could not be listed, and the verdict."""
    yield (f"{_named(report)}: account {report.account_id}, {report.region_id}, {report.as_of:%Y-%m-%d %H:%M} UTC")
    yield "Listed: " + ", ".join(f"{count} {name}" for name, count in report.listed.items())
    for bills, heading in HEADINGS.items():
        some = [leftover for leftover in report.leftovers if leftover.bills == bills]
        if some:
            yield f"\n{heading} ({len(some)}), in the order in which to remove it:"
            yield from (line for leftover in some for line in _lines(leftover))
    if report.unlisted:
        yield "\nCould not be listed:"
    for listing in report.unlisted:
        yield f"  {listing.listing}: {listing.seen}\n    expected: {listing.expected}\n    to do:    {listing.action}"
    yield f"\n{_verdict(report)}"


def _lines(leftover: Leftover) -> Iterator[str]:
    since = f", since {leftover.since:%Y-%m-%d}" if leftover.since else ""
    yield f"  {leftover.service}  {leftover.id}  {leftover.what}{since}"
    yield f"    why:    {leftover.why}"
    if leftover.remove:
        yield f"    remove: {leftover.remove}"
    if leftover.note:
        yield f"    note:   {leftover.note}"


def _verdict(report: LeftoverReport) -> str:
    code, billing = exit_code(report), sum(leftover.bills == "yes" for leftover in report.leftovers)
    if code is ExitCode.INSUFFICIENT_EVIDENCE:
        return (
            f"Nobody can tell. Listings that could not be made: {len(report.unlisted)}; "
            f"things that bill among what could be listed: {billing}."
        )
    if code is ExitCode.DENIED:
        return f"Things of stack {report.stack} that still bill: {billing}."
    mistyped = "If a name was mistyped, this proves nothing: compare it with your stack."
    return f"{_named(report)}: nothing bills in {report.region_id}. {mistyped}{_untold(report)}"


def _named(report: LeftoverReport) -> str:
    return f"Stack {report.stack}" + (f", cluster {report.cluster}" if report.cluster else " in an existing cluster")


def _untold(report: LeftoverReport) -> str:
    if report.cluster:
        return ""
    return (
        " Volumes, load balancers and logs that the existing cluster made for the stack carry no tag of it and "
        "were not looked for: compare them with its own claims and services."
    )
