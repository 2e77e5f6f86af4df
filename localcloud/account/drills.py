"""Losses for the drills: `python -m localcloud.account.drills lose-zone ZONE`.

The instances of the zone end, with their nodes, and nothing starts in their place: node groups heal when they are
changed next, as `pulumi up` with another size does.
"""

import argparse
import os

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


def main() -> None:
    """Reads the command line and does it."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.account.drills", description=__doc__)
    parser.add_argument("drill", choices=["lose-zone"])
    parser.add_argument("zone")
    arguments = parser.parse_args()
    lost = lose_zone(Home.from_environment(os.environ), arguments.zone)
    print(f"lost {len(lost)} nodes in {arguments.zone}: {', '.join(lost)}")


if __name__ == "__main__":
    main()
