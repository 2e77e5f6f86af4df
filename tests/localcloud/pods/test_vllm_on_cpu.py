from hypothesis import given
from hypothesis import strategies as st

from localcloud.pods.vllm_on_cpu import Rules, adapt, load_rules

RULES = Rules(dropped={"--gpu": True, "--fast": False}, added=("--eager", "--bytes", "1"), environment={})
arguments = st.lists(st.sampled_from(["--gpu=1", "--fast", "--unknown", "--port", "80", "model"]))


def test_a_flag_goes_with_its_value() -> None:
    assert adapt(["serve", "--gpu", "0.9", "--port", "80"], RULES) == (["serve", "--port", "80"], ["--gpu", "0.9"])


def test_a_flag_with_an_equals_sign_is_one_word() -> None:
    assert adapt(["--gpu=0.9", "--port", "80"], RULES) == (["--port", "80"], ["--gpu=0.9"])


def test_a_flag_without_a_value_takes_nothing_with_it() -> None:
    assert adapt(["--fast", "model"], RULES) == (["model"], ["--fast"])


@given(arguments)
def test_every_argument_is_kept_or_named_as_left_out(words: list[str]) -> None:
    kept, left_out = adapt(words, RULES)
    assert sorted([*kept, *left_out]) == sorted(words)
    assert not {word.partition("=")[0] for word in kept} & set(RULES.dropped)


@given(arguments)
def test_what_a_cpu_can_take_goes_through_in_order(words: list[str]) -> None:
    kept, _ = adapt(words, RULES)
    assert kept == [word for word in words if word.partition("=")[0] not in RULES.dropped]


def test_the_committed_rules_do_not_touch_what_the_chart_is_tested_for() -> None:
    kept, left_out = adapt(
        ["--shutdown-timeout", "75", "--no-such-flag", "--tensor-parallel-size", "2"], load_rules()
    )
    assert kept == ["--shutdown-timeout", "75", "--no-such-flag"]
    assert left_out == ["--tensor-parallel-size", "2"]
