"""Everything that may be broken or empty, and what the gate must answer: the rows of docs/fail-open.md.

`python -m tests.costcheck.gate.fail_open` writes the page anew; test_fail_open.py asks the command about every row.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from costcheck.plan.records import SECRET, STACK_TOKEN, UNKNOWN
from tests.costcheck.gate.broken import (
    DECISION,
    GPUS,
    PASSED,
    PLAN,
    PRICES,
    STATE,
    STOPPED,
    TODAY,
    Row,
    both,
    directory,
    duplicate_keys,
    edited,
    gpus,
    limited,
    page,
    plan,
    priced,
    removed,
    sized,
    standing,
    text,
    truncated,
    two_stacks,
    waived,
    without,
    without_inputs,
    worth,
)
from tests.costcheck.gate.plans import NODE_GROUP, create, pool, preview, state_of, update

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "fail-open.md"
FAILED = ROOT / "tests" / "data" / "plans" / "failed_preview.json"
SHOWN = "not asked: the engine shows it the value"
GATE_ALONE = "not asked: limits are the gate's"
MALFORMED = {"checkov": "0 (silent)", "kube-score": "1", "kubernetes-validate": "1"}
EMPTY = dict.fromkeys(("checkov", "kube-score", "kubeconform", "kubernetes-validate"), "0")
UNKNOWN_KIND = {
    "checkov": "ignored",
    "kube-score": "ignored",
    "kubeconform": "1; 0 with -ignore-missing-schemas",
    "kubernetes-validate": "0, and a warning",
}
STANDS = state_of(NODE_GROUP, "standing", pool(0, desired=0))

OTHER_CLOUD = create("runpod:index:Pod", "chat", {"gpuTypeId": "NVIDIA H100 80GB HBM3", "gpuCount": 8})
CUSTOM_KIND = create("kubernetes:example.com/v1:Farm", "farm", {
    "apiVersion": "example.com/v1", "kind": "Farm", "spec": {"gpus": 16, "model": "H100"},
})  # fmt: skip
LOWERED = update(NODE_GROUP, "gpu", pool(4), pool(2))
RESIZED = create("aws:scheduler/schedule:Schedule", "morning", {"target": {
    "arn": "arn:aws:scheduler:::aws-sdk:autoscaling:updateAutoScalingGroup",
    "input": '{"AutoScalingGroupName": "elsewhere", "MaxSize": 400}',
}})  # fmt: skip
LIFTED = create("aws:appautoscaling/scheduledAction:ScheduledAction", "morning", {
    "serviceNamespace": "sagemaker", "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "resourceId": "endpoint/chat/variant/all", "scalableTargetAction": {"minCapacity": 64, "maxCapacity": 64},
})  # fmt: skip

FINE = (
    Row(what="a plan with two GPU nodes that an accepted decision covers", code=0, pack=PASSED),
    Row(what="a plan without GPUs, within a limit", code=0, arrange=limited(), pack=PASSED),
    Row(what="a plan and the state that it leaves as it is", code=0, arrange=standing(STANDS),
        options=("--state", str(STATE))),
    Row(what="a limit that is exceeded, waived by a person until next week", code=0, arrange=waived()),
)  # fmt: skip
PLANS = (
    Row(what="malformed", code=4, arrange=text("{'steps': ["), others=MALFORMED),
    Row(what="empty file", code=4, arrange=text(""), others=EMPTY),
    Row(what="missing file", code=2, arrange=without(PLAN), others={"checkov": "0 (missing directory)"}),
    Row(what="a directory", code=2, arrange=directory(PLAN)),
    *(Row(what=f"cut off after {tenths} tenths", code=4, arrange=truncated(tenths)) for tenths in range(1, 10)),
    Row(what="an error page in HTML", code=4, arrange=text("<html><body>502 Bad Gateway</body></html>")),
    Row(what="not UTF-8", code=4, arrange=text(b'{"steps": "\xff\xfe"}')),
    Row(what="empty object", code=4, arrange=text("{}"), others={"Rego": "allow"}),
    Row(what="`null`", code=4, arrange=text("null")),
    Row(what="no steps and nothing counted", code=4, arrange=plan(preview()),
        others={"Rego": "allow (no resources)"}),
    Row(what="steps missing", code=4, arrange=plan(removed(preview(GPUS), "steps"))),
    Row(what="changeSummary missing", code=4, arrange=plan(removed(preview(GPUS), "changeSummary"))),
    Row(what="one step fewer than counted", code=4, arrange=plan(preview(GPUS) | {"steps": []})),
    Row(what="one step more than counted", code=4, arrange=plan(preview(GPUS) | {"changeSummary": {"same": 1}})),
    Row(what="of a preview that failed (recorded)", code=4,
        arrange=text(FAILED.read_bytes())),
    Row(what="of a preview that failed half-way: the failure stands only in its diagnostics", code=4,
        arrange=plan(preview(GPUS, diagnostics=[{"severity": "error", "message": "it broke"}]))),
    Row(what="steps of two stacks", code=4, arrange=two_stacks),
    Row(what="of another stack than --stack names", code=2, options=("--stack", "prod")),
    Row(what="a key twice in one object", code=4, arrange=duplicate_keys),
    Row(what="nested 100,000 deep", code=4, arrange=text('{"steps": ' + "[" * 100_000 + "]" * 100_000 + "}")),
    Row(what="nothing but the stack itself", code=0,
        arrange=plan(preview(create(STACK_TOKEN, "shop-dev", {}, custom=False))), pack=STOPPED),
)  # fmt: skip
VALUES = (
    Row(what="instance type only known after the update", code=4, arrange=gpus(instanceTypes=[UNKNOWN]),
        pack=STOPPED),
    Row(what="most nodes only known after the update", code=4, arrange=sized(UNKNOWN), pack=STOPPED),
    Row(what="most nodes a secret", code=4, arrange=sized(SECRET), pack=SHOWN),
    Row(what="most nodes missing", code=4, arrange=gpus(scalingConfig={"minSize": 0}), pack=STOPPED),
    Row(what="most nodes negative", code=4, arrange=sized(-5), pack=STOPPED),
    Row(what="most nodes `NaN`", code=4, arrange=sized(float("nan")), pack=STOPPED),
    Row(what="most nodes `Infinity`", code=4, arrange=sized(float("inf")), pack=STOPPED),
    Row(what="most nodes `1e400`", code=4, arrange=both(sized(12345), edited(PLAN, "12345", "1e400")), pack=STOPPED),
    Row(what="most nodes a word", code=4, arrange=sized("many"), pack=STOPPED),
    Row(what='a number as text: most nodes `"5000"`', code=3, arrange=sized("5000"), pack=STOPPED,
        others={"Rego": "allow"}),
    Row(what="an instance type that nobody has heard of", code=3, arrange=gpus(instanceTypes=["g99.huge"]),
        pack=STOPPED),
    Row(what="GPU servers of another cloud", code=4, arrange=plan(preview(OTHER_CLOUD)), pack=STOPPED),
    Row(what="a custom kind of Kubernetes that names GPUs", code=4, arrange=plan(preview(CUSTOM_KIND)), pack=STOPPED),
    Row(what="a pool becomes smaller, and a new one by as many nodes comes beside it", code=3,
        arrange=plan(preview(LOWERED, create(NODE_GROUP, "beside", pool(2)))), pack=STOPPED),
    Row(what="a schedule that sets the size of what the plan does not show", code=4, arrange=plan(preview(RESIZED)),
        pack=STOPPED),
    Row(what="the same by Application Auto Scaling, of a SageMaker endpoint", code=4, arrange=plan(preview(LIFTED)),
        pack=STOPPED),
    Row(what="a type of resource that has no price here, beside new GPUs", code=4,
        arrange=plan(preview(GPUS, create("aws:qldb/ledger:Ledger", "ledger", {}))), others=UNKNOWN_KIND,
        pack=STOPPED),
    Row(what="the same, with a limit and no GPU", code=4, others=UNKNOWN_KIND, pack=GATE_ALONE,
        arrange=both(limited(), plan(preview(create("aws:qldb/ledger:Ledger", "ledger", {}))))),
    Row(what="the same, with neither: it is named", code=0, others=UNKNOWN_KIND, pack=PASSED,
        arrange=plan(preview(create("aws:qldb/ledger:Ledger", "ledger", {})))),
)  # fmt: skip
STATES = (
    Row(what="missing, where the plan leaves something as it is", code=4,
        arrange=both(standing(STANDS), without(STATE))),
    Row(what="named, but missing", code=2, options=("--state", str(STATE))),
    Row(what="malformed", code=4, arrange=both(standing(STANDS), text("{", STATE)), options=("--state", str(STATE))),
    Row(what="empty object", code=4, arrange=both(standing(STANDS), text("{}", STATE)),
        options=("--state", str(STATE))),
    Row(what="of another stack", code=4, arrange=standing(STANDS, project="other"), options=("--state", str(STATE))),
    Row(what="older than the preview", code=4, arrange=standing(STANDS, same=2), options=("--state", str(STATE)),
        pack="not asked: the engine's own state is read"),
)  # fmt: skip
PRICE_ROWS = (
    Row(what="missing price of the new nodes", code=4, arrange=priced(), pack=STOPPED,
        others={"pip-audit": "0 (package not found in its source); 1 with -S", "Rego": "allow (monthly missing)"}),
    Row(what="missing price, with a limit and no GPU", code=4, arrange=limited(priced()), pack=GATE_ALONE,
        others={"Rego": "allow (monthly missing)"}),
    Row(what="stale: read 90 days ago", code=4, arrange=priced(retrieved_on=TODAY - timedelta(days=90)),
        pack=STOPPED),
    Row(what="from the future: read tomorrow", code=4, arrange=priced(retrieved_on=TODAY + timedelta(days=1)),
        pack=STOPPED),
    Row(what="snapshot missing", code=2, arrange=without(PRICES), pack=STOPPED),
    Row(what="snapshot empty", code=2, arrange=text("", PRICES), pack=STOPPED),
    Row(what="snapshot edited", code=4, arrange=edited(PRICES, '"0.8048"', '"0.0001"'), pack=STOPPED),
    Row(what="a price of zero", code=4, arrange=worth("0"), pack=STOPPED),
    Row(what="a price below zero", code=4, arrange=worth("-1"), pack=STOPPED),
    Row(what="a price that is not a number", code=4, arrange=worth("NaN"), pack=STOPPED),
)  # fmt: skip
DECISIONS = (
    Row(what="missing", code=3, arrange=without(DECISION), pack=STOPPED),
    Row(what="malformed", code=4, arrange=text("{", DECISION), pack=STOPPED),
    Row(what="empty file", code=4, arrange=text("", DECISION), pack=STOPPED),
    Row(what="a directory", code=4, arrange=directory(DECISION), pack=STOPPED),
    Row(what="expired yesterday", code=4, today=date(2026, 10, 31), pack=STOPPED),
    Row(what="edited: more nodes than were decided", code=4,
        arrange=edited(DECISION, '"g6.xlarge/on_demand": 2', '"g6.xlarge/on_demand": 9'),
        pack=PASSED),
    Row(what="without the inputs that it was computed from", code=4,
        arrange=without_inputs, pack=PASSED),
    Row(what="of a newer schema", code=4, pack=STOPPED,
        arrange=edited(DECISION, '"schema_version": 1', '"schema_version": 99')),
    Row(what="accepted by nobody: the template's own words in place of a name and a day", code=3, pack=PASSED,
        arrange=both(page("Ada Lovelace", "nobody yet"), page(f"{TODAY}", "not yet"))),
    Row(what="accepted on a day that is still to come", code=3, arrange=page(f"accepted_on: {TODAY}",
        "accepted_on: 2030-01-01"), pack=PASSED),
    Row(what="accepted for another stack", code=3, arrange=page("accepted_for: ", "accepted_for: shop/prod"),
        pack=STOPPED),
    Row(what="nobody has accepted it", code=3, arrange=page("- status: accepted", "- status: proposed"),
        pack=PASSED),
    Row(what="for another region than the plan", code=3, pack=STOPPED,
        arrange=plan(preview(GPUS) | {"config": {"aws:region": "eu-west-1"}})),
    Row(what="the plan names no region", code=4, arrange=plan(preview(GPUS) | {"config": {}}), pack=STOPPED),
)  # fmt: skip
CONFIGURED = (
    Row(what="limits malformed", code=2, arrange=limited(limits="[limits\n"), pack=GATE_ALONE),
    Row(what="limits with a misspelt key", code=2, arrange=limited(limits="[limits]\nmontly_usd = 1\n"),
        pack=GATE_ALONE),
    Row(what="a limit of `nan`", code=2, arrange=limited(limits="[limits]\nmonthly_usd = nan\n"), pack=GATE_ALONE),
    Row(what="limits named, but missing", code=2, options=("--config", "other.toml"), pack=GATE_ALONE),
    Row(what="a waiver that has expired", code=3, arrange=waived(expires=str(TODAY - timedelta(days=1))),
        pack=GATE_ALONE),
    Row(what="a waiver without an owner", code=2, arrange=waived(owner=""), pack=GATE_ALONE),
    Row(what="a waiver of another stack", code=3, arrange=waived(stack='"shop/prod"'), pack=GATE_ALONE),
    Row(what="a waiver of *cannot decide*", code=2, arrange=waived(check='"decision"'), pack=GATE_ALONE),
)  # fmt: skip
PROCESS = (
    Row(what="standard output closed", code=1, within='exec "$@" >&-', pack=""),
    Row(what="standard output on a full disk", code=1, within='exec "$@" >/dev/full', pack=""),
    Row(what="standard output and error on a full disk", code=1, within='exec "$@" >/dev/full 2>&1', pack=""),
    Row(what="`--gated` on a full disk", code=2, options=("--gated", "/dev/full"), pack=""),
    Row(what="nobody reads the answer (SIGPIPE)", code=1, ending="reader", pack=""),
    Row(what="killed (SIGKILL)", code=-9, ending="SIGKILL", pack=""),
    Row(what="terminated (SIGTERM)", code=-15, ending="SIGTERM", pack=""),
    Row(what="interrupted (SIGINT)", code=130, ending="SIGINT", pack=""),
    *(
        Row(what=f"{mib} MiB of memory (`ulimit -v`), a plan that is denied", code=None, arrange=without(DECISION),
            within=f'ulimit -v {mib * 1024}; exec "$@"', pack="")
        for mib in (30, 60, 90, 120, 200)
    ),
)  # fmt: skip
CHAPTERS: Mapping[str, tuple[Row, ...]] = {
    "Nothing is broken": FINE,
    "The plan": PLANS,
    "What stands in the plan": VALUES,
    "The state": STATES,
    "Prices": PRICE_ROWS,
    "The decision": DECISIONS,
    "Limits and waivers": CONFIGURED,
    "The process": PROCESS,
}


def rows() -> Iterator[tuple[str, Row]]:
    """Yield every row with the chapter that it stands in."""
    for chapter, several in CHAPTERS.items():
        yield from ((chapter, row) for row in several)


TOOLS = ("checkov", "kube-score", "kubeconform", "kubernetes-validate", "pip-audit", "Rego")
INTRODUCTION = """# What happens when something is broken

A gate that answers *yes* when it was shown nothing, or could not read it, is worse than none. Each row below is one
thing that is broken, missing or empty, and the exit code of `costcheck gate` for it: 0 allowed, 2 usage error, 3
denied, 4 nobody can tell; 1 a crash, or an answer that could not be written; 130 an interruption; below zero a
signal. Beside the rows where nothing is broken, 0 stands twice: for a plan without any resource, and where a
resource without a known price is named, since no limit is configured and no GPU is added.

The rows are run: `tests/costcheck/gate/test_fail_open.py` starts the real command for every one, on 2026-10-01 by
its clock, in a folder where nothing else is broken: a plan with two GPU nodes that an accepted decision covers, or
one without GPUs within a limit. The page is written from the same rows (`python -m
tests.costcheck.gate.fail_open`).

*Policy pack* is the CrossGuard pack, `infra/policy`, asked about the resources of the same plan at the same prices,
with the same decision. It reads no plan, state, limit or waiver; it does not compute a decision again and does not
look for its acceptance: that is the gate's part.

*Others* are exit codes, and of Rego whether a rule `deny if monthly > 1000` allows. We measured them on 2026-11-23,
on Linux, with inputs of their own kind (manifests, requirement files, price documents): checkov 3.3.30, kube-score
1.20.0, kubeconform, kubernetes-validate, pip-audit, and Rego as regopy (rego-cpp) reads it, which orders types
otherwise than OPA does. They check other things than this gate; what is compared is whether "nothing was checked"
ends as 0. A row without an entry has no counterpart that we measured.
"""


def page_text() -> str:
    """Return docs/fail-open.md."""
    return INTRODUCTION + "".join(f"\n## {chapter}\n\n{_table(several)}" for chapter, several in CHAPTERS.items())


def _table(several: tuple[Row, ...]) -> str:
    head = "| what | `costcheck gate` | policy pack | others |\n| --- | ---: | --- | --- |\n"
    return head + "".join(map(_line, several))


def _line(row: Row) -> str:
    code = "not 0" if row.code is None else str(row.code)
    others = "; ".join(f"{tool} {row.others[tool]}" for tool in TOOLS if tool in row.others)
    return f"| {row.what} | {code} | {row.pack} | {others} |\n"


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
