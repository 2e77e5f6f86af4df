"""What a run may set in `--policy-pack-config`; paths count from the root of the repository."""

from pulumi_policy import PolicyConfigSchema

DECISION, PRICES, GATED = "decision", "prices", "gated"
DECISION_FILE = "runbooks/decisions/current.json"

CAPACITY_SCHEMA = PolicyConfigSchema(
    properties={
        DECISION: {
            "type": "string",
            "minLength": 1,
            "default": DECISION_FILE,
            "description": "Record written by `costcheck decide`.",
        },
        PRICES: {
            "type": "string",
            "minLength": 1,
            "description": "Snapshot written by `costcheck prices pull`; the bundled one if left out.",
        },
    }
)
GATED_SCHEMA = PolicyConfigSchema(
    properties={
        GATED: {
            "type": "string",
            "minLength": 1,
            "description": "File written by `costcheck gate --gated`; nothing is compared if left out.",
        },
    }
)
