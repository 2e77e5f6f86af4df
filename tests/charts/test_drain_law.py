"""Grace above preStop and --shutdown-timeout, and that above the longest request: a law over all values."""

from dataclasses import dataclass

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.charts.conftest import GOLDENS

import chart_scan.server_rules as rules  # isort: skip - from scripts/, which conftest.py makes importable


@dataclass(frozen=True, kw_only=True)
class Drain:
    """templates/_helpers.tpl in Python: model-server.shutdownTimeout and model-server.gracePeriod, in seconds."""

    longest: int
    pre_stop: int

    @property
    def shutdown_timeout(self) -> int:
        return self.longest + 15

    @property
    def grace(self) -> int:
        return self.pre_stop + self.shutdown_timeout + 15


@given(st.integers(1, 100_000), st.integers(1, 10_000))
def test_no_request_within_the_promise_is_cut_and_no_drain_is_killed(longest: int, pre_stop: int) -> None:
    drain = Drain(longest=longest, pre_stop=pre_stop)
    assert drain.shutdown_timeout > longest
    assert drain.grace > pre_stop + drain.shutdown_timeout


# The values of ci/*-values.yaml; tests/e2e/test_chart_goldens.py renders more of them through helm.
@pytest.mark.parametrize(
    ("profile", "longest", "pre_stop"),
    [
        ("default", 300, 20),
        ("existing-claim", 300, 20),
        ("full", 600, 20),
        ("local", 60, 2),
        ("tensor-parallel", 60, 10),
    ],
)
def test_the_templates_say_what_the_mirror_says(profile: str, longest: int, pre_stop: int) -> None:
    documents = yaml.safe_load_all((GOLDENS / f"{profile}.yaml").read_text())
    (pod,) = [found["spec"]["template"]["spec"] for found in documents if found["kind"] == "Deployment"]
    (server,) = pod["containers"]
    drain = Drain(longest=longest, pre_stop=pre_stop)
    assert pod["terminationGracePeriodSeconds"] == drain.grace
    assert server["lifecycle"]["preStop"] == {"sleep": {"seconds": pre_stop}}
    assert int(rules.flag_values(server["args"])["--shutdown-timeout"]) == drain.shutdown_timeout


def test_a_spot_node_has_time_for_all_of_it() -> None:
    """Two minutes from the notice to the end: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruptions.html."""
    assert Drain(longest=60, pre_stop=10).grace <= 120
