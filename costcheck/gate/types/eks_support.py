"""Whether EKS charges a cluster for the extended support of its version."""

import functools
from collections.abc import Mapping
from datetime import date

from costcheck.facts import Typed, read_data_toml
from costcheck.gate.view import UnpriceableError, View

STANDARD, EXTENDED = "STANDARD", "EXTENDED"


class Version(Typed, frozen=True, kw_only=True):
    """One minor version of Kubernetes."""

    kubernetes: str
    end_of_standard_support: date
    source_url: str
    checked: date


class Versions(Typed, frozen=True, kw_only=True):
    """The whole list."""

    version: tuple[Version, ...]


@functools.cache
def support_ends() -> Mapping[str, date]:
    """Return the day on which standard support of each version ends."""
    listed = read_data_toml("kubernetes_versions.toml", Versions)
    return {row.kubernetes: row.end_of_standard_support for row in listed.version}


def pays_extended_support(view: View) -> bool:
    """Return whether a cluster is charged for extended support today; one that EKS upgrades by itself never is.

    EKS turns extended support on where nothing is said
    (https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html).

    Raises:
        UnpriceableError: Its version, when that leaves standard support, or what day it is, is not known.
    """
    policy = view.text("upgradePolicy", "supportType", default=EXTENDED)
    if policy == STANDARD:
        return False
    version, today = view.text("version"), view.side.today
    ends = support_ends().get(version)
    if policy != EXTENDED or ends is None or today is None:
        message = (
            f"nobody knows until when version {version[:20]!r} is supported at the standard price; "
            f"upgradePolicy.supportType {STANDARD} rules the surcharge out"
        )
        raise UnpriceableError(message)
    return ends <= today
