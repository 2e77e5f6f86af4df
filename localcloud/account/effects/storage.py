"""Keys wait before they go, and buckets go only when they are empty."""

import re
import time
from dataclasses import replace

from localcloud.account.effects.base import Effect
from localcloud.account.errors import ApiError
from localcloud.account.making import make
from localcloud.account.store import Resource, State

_DAY_S = 86_400
WINDOW_DAYS = 30  # https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html, 2026-11-26


class KeyEffect(Effect):
    """Deleting a key only schedules it: it stays in the account, pending, for 7 to 30 days. It is not billed."""

    def removed(self, state: State, resource: Resource) -> None:
        """Leaves the key behind as one that waits for its deletion."""
        leave_pending(state, resource, days=resource.inputs.get("deletionWindowInDays", WINDOW_DAYS))


def leave_pending(state: State, key: Resource, *, days: int) -> Resource:
    """The key as one that waits for its deletion; no program manages it any more."""
    deletion = round(time.time()) + days * _DAY_S
    outputs = {**key.outputs, "keyState": "PendingDeletion", "deletionDate": deletion}
    return state.put(replace(key, outputs=outputs, made_by="kms"))


def is_pending_deletion(resource: Resource) -> bool:
    """True for a key that waits for its deletion: no program can use or find it any more."""
    return resource.outputs.get("keyState") == "PendingDeletion"


class BucketEffect(Effect):
    """A bucket with object versions stays, unless the program said `forceDestroy`."""

    def removed(self, state: State, resource: Resource) -> None:  # noqa: ARG002
        """Refuses to delete what is not empty; the API server counts the versions."""
        versions = resource.outputs.get("objectVersions", 0)
        if versions and not resource.inputs.get("forceDestroy"):
            message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
            msg = "BucketNotEmpty"
            raise ApiError(msg, f"{message} ({resource.id}: {versions} versions and delete markers)")


class LogGroupEffect(Effect):
    """EKS writes its last control-plane logs when the cluster is already gone."""

    def removed(self, state: State, resource: Resource) -> None:
        """Lets the group of a deleted cluster come back, when the account's settings ask for that."""
        cluster = re.fullmatch(r"/aws/eks/(.+)/cluster", resource.id)
        if state.settings.late_logs and cluster and not resource.made_by:
            state.remove(resource)
            make(state, resource.type, {"name": resource.id}, made_by=cluster[1])
