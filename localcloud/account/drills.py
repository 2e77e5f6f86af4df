"""Losses for the drills: `python -m localcloud drill lose-zone ZONE`.

The instances of the zone end, with their nodes, and nothing starts in their place: node groups heal when they are
changed next, as `pulumi up` with another size does.
"""

from localcloud.account.instances import INSTANCE, terminate
from localcloud.account.kubernetes_api import connect
from localcloud.account.nodes import follow_instances
from localcloud.account.store import Account
from localcloud.paths import Home


def lose_zone(home: Home, zone: str) -> list[str]:
    """Ends every instance of the zone and returns the names of the nodes that went with them."""
    account, api = Account(home.account_file), connect(home.kubeconfig)
    with account.change() as state:
        lost = [each for each in state.of_type(INSTANCE) if each.inputs["zone"] == zone]
        for each in lost:
            terminate(state, each)
    if api:
        follow_instances(api, account)
    return [each.inputs["nodeName"] for each in lost]
