"""The loop of all controllers: `python -m localcloud.account.controllers`.

Twice a second it looks at the control plane and the account, and does what EKS, Karpenter, the load balancer
controller, the EBS driver and Auto Scaling would have done.
"""

import os
import time
from datetime import UTC, datetime

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from localcloud.account.effects.eks_cluster import CLUSTER, ensure_log_group
from localcloud.account.errors import ApiError
from localcloud.account.kubernetes_api import KubernetesApi, connect
from localcloud.account.nodes import follow_instances
from localcloud.account.side_effects.load_balancers import follow_load_balancers
from localcloud.account.side_effects.node_pools import NodePools
from localcloud.account.side_effects.schedules import follow_schedules
from localcloud.account.side_effects.volumes import follow_claims
from localcloud.account.side_effects.world import World, cluster_of
from localcloud.account.store import Account
from localcloud.paths import Home

PERIOD_S = 0.5


class Controllers:
    """Everything that acts by itself."""

    def __init__(self, account: Account, api: KubernetesApi) -> None:
        self._account = account
        self._api = api
        self._node_pools = NodePools()

    def follow(self) -> None:
        """One round."""
        follow_schedules(self._account, datetime.now(UTC))
        cluster = cluster_of(self._account.read())
        if cluster is not None:
            world = World(account=self._account, api=self._api, cluster=cluster)
            self._keep_log_group()
            follow_load_balancers(world)
            follow_claims(world)
            self._node_pools.follow(world)
        follow_instances(self._api, self._account)

    def _keep_log_group(self) -> None:
        """Brings back the log group of a living cluster when somebody has deleted it, as EKS does."""
        with self._account.change() as state:
            for cluster in state.of_type(CLUSTER):
                ensure_log_group(state, cluster)


def run(home: Home) -> None:
    """Runs until the process ends; a control plane that is away for a moment is asked again."""
    api = connect(home.kubeconfig)
    if api is None:
        message = f"{home.kubeconfig} is not there: start the control plane first, `python -m localcloud up`"
        raise SystemExit(message)
    controllers = Controllers(Account(home.account_file), api)
    while True:
        try:
            controllers.follow()
        except (ApiError, ApiException, HTTPError) as error:
            print(f"{datetime.now(UTC):%H:%M:%S} {error}", flush=True)
        time.sleep(PERIOD_S)


if __name__ == "__main__":
    run(Home.from_environment(os.environ))
