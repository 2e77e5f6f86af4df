"""Keys wait before they go, and buckets go only when they are empty."""

import time

from localcloud.account.effects.base import Effect
from localcloud.account.errors import ApiError
from localcloud.account.making import make
from localcloud.account.store import Resource, State

_DAY_S = 86_400
_WINDOW_DAYS = 30  # https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html, 2026-11-26
PENDING_KEY = "aws:kms/key:Key"


class KeyEffect(Effect):
    """Deleting a key only schedules it: it stays in the account, pending, for 7 to 30 days. It is not billed."""

    def removed(self, state: State, resource: Resource) -> None:
        """Leaves the key behind as one that waits for its deletion."""
        days = resource.inputs.get("deletionWindowInDays", _WINDOW_DAYS)
        state.remove(resource)
        left = make(state, resource.type, resource.inputs, made_by="kms", resource_id=resource.id)
        tags = {"tagsAll": resource.tags, "arn": resource.arn}
        state.set_outputs(left, keyState="PendingDeletion", deletionDate=round(time.time()) + days * _DAY_S, **tags)


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
