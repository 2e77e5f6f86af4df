"""Whether replicas find room on the nodes of a pool."""

from collections.abc import Mapping


def first_without_room(servers: Mapping[str, tuple[int, int]], *, nodes: int, gpus: int) -> str | None:
    """Return the first server with a replica that finds no node, None where all of them do.

    Largest replicas are placed first, each on the first node with room: exact where sizes divide each other, as
    tensor parallelism of 1, 2, 4 and 8 does.

    Args:
        servers: Replicas, and GPUs of one replica, by server.
        nodes: Nodes of the pool.
        gpus: GPUs of one node.
    """
    free = [gpus] * nodes
    for server, (replicas, size) in sorted(servers.items(), key=lambda item: -item[1][1]):
        for _ in range(replicas):
            node = next((index for index, room in enumerate(free) if room >= size), None)
            if node is None:
                return server
            free[node] -= size
    return None
