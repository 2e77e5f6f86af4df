"""`drill`: a fault, made on purpose, to see what the stack and its runbooks make of it."""

from collections.abc import Sequence

from localcloud.account.drills import lose_zone
from localcloud.environment import read
from localcloud.errors import LocalCloudError
from localcloud.paths import Home
from localcloud.processes import Processes, end_all


def kill(home: Home, names: Sequence[str]) -> None:
    """Kill processes of the cloud; `up` brings them back.

    Raises:
        LocalCloudError: One of them does not run; then none is killed.
    """
    processes = Processes(home.run, mark=str(home.root))
    running = {name: identity for name in processes.recorded() if (identity := processes.running(name))}
    unknown = [name for name in names if name not in running]
    if unknown:
        raise LocalCloudError(
            seen=f"{', '.join(unknown)} does not run in {home.root}",
            expected=f"one of {', '.join(running) or 'none: the cloud is down'}",
            action="python -m localcloud doctor",
        )
    end_all([running[name] for name in names], grace_seconds=0)
    print(f"killed {', '.join(names)}; python -m localcloud up brings it back")


def lose(home: Home, zone: str) -> None:
    """End every machine of a zone.

    Raises:
        LocalCloudError: The cloud is not up.
    """
    read(home)
    lost = lose_zone(home, zone)
    print(f"lost {len(lost)} nodes in {zone}: {', '.join(lost) or 'none was there'}")
