"""What a row of probe results means, by Kubernetes' thresholds. No clock, no I/O."""

from dataclasses import dataclass, replace

from localcloud.pods.records import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a probe says so far.

    Attributes:
        passing: What a threshold last confirmed; before that, what the kind of probe starts with.
        last: The last single result.
        run: How many results in a row were like the last.
    """

    passing: bool
    last: bool | None = None
    run: int = 0

    def observe(self, probe: Probe, *, result: bool) -> "Verdict":
        """Return the verdict after one more result: only as many in a row as the threshold asks change it."""
        run = self.run + 1 if result == self.last else 1
        threshold = probe.success_threshold if result else probe.failure_threshold
        seen = replace(self, last=result, run=run)
        return replace(seen, passing=result) if run >= threshold else seen

    def has_failed(self, probe: Probe) -> bool:
        """Return whether failures in a row have reached the threshold."""
        return self.last is False and self.run >= probe.failure_threshold
