"""What every controller gets: the cluster, its API and the account."""

from dataclasses import dataclass

from localcloud.account.effects.eks_cluster import CLUSTER
from localcloud.account.kubernetes_api import KubernetesApi
from localcloud.account.store import Account, Resource, State


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One look at everything.

    Attributes:
        account: The account file, for changes.
        api: The control plane.
        cluster: The cluster whose controllers these are; the first one when there are several.
    """

    account: Account
    api: KubernetesApi
    cluster: Resource


def cluster_of(state: State) -> Resource | None:
    """The cluster that the local control plane stands for: without one no controller runs."""
    return next(iter(state.of_type(CLUSTER)), None)
