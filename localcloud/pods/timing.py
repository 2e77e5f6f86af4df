"""Grace periods and back-off, in seconds, as the kubelet counts them. No clock of its own."""

import math
from dataclasses import dataclass

# kubernetes v1.36: minimumGracePeriodInSeconds of pkg/kubelet/kuberuntime, back-off of pkg/kubelet/kubelet.go
MINIMUM_GRACE = 2.0
FIRST_BACK_OFF = 10.0
LONGEST_BACK_OFF = 300.0


def grace_left(grace: float, elapsed: float) -> float:
    """Return what is left for SIGTERM after hooks or others took `elapsed`: whole seconds, at least the minimum."""
    return max(grace - math.floor(elapsed), MINIMUM_GRACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """How long a container waits before it starts again.

    Attributes:
        seconds: The wait that follows the next end, counted from that end; 0 before the first.
        updated: When it was last raised.
    """

    seconds: float = 0
    updated: float = 0

    def wait(self, finished: float, now: float) -> float:
        """Return the seconds still to wait at `now` after an end at `finished`."""
        return 0 if self._is_stale(finished) else max(0.0, self.seconds - (now - finished))

    def raised(self, finished: float, now: float) -> "BackOff":
        """Return the back-off after a start: doubled up to the longest, or begun anew after a long run."""
        longer = (
            FIRST_BACK_OFF
            if self.seconds == 0 or self._is_stale(finished)
            else min(2 * self.seconds, LONGEST_BACK_OFF)
        )
        return BackOff(seconds=longer, updated=now)

    def _is_stale(self, finished: float) -> bool:
        return finished - self.updated > 2 * LONGEST_BACK_OFF
