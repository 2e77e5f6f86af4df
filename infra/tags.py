"""Cost-allocation tags, from one place: every taggable resource carries these three and may add a `Name`."""

from enum import StrEnum

PROJECT = "worthwhile"

PROJECT_TAG = "worthwhile:project"
STACK_TAG = "worthwhile:stack"
PART_TAG = "worthwhile:part"
"""Keys under which the bill is split; activate them once in the payer account's billing settings.

They show on the bill from then on, up to a day later, and never for the past:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
"""


class Part(StrEnum):
    """What a resource is for; the only values of the part tag."""

    NETWORK = "network"
    CLUSTER = "cluster"
    GPU = "gpu"
    MODEL_STORE = "model-store"
    MODEL_SERVER = "model-server"
    PLATFORM = "platform"
    BUDGET = "budget"


def cost_tags(stack: str, part: Part) -> dict[str, str]:
    """Return the tags of a resource of this stack and part."""
    return {PROJECT_TAG: PROJECT, STACK_TAG: stack, PART_TAG: part.value}
