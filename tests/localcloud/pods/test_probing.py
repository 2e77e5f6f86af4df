from hypothesis import given
from hypothesis import strategies as st

from localcloud.pods.probing import Verdict
from localcloud.pods.records import Probe, Sleep

results = st.lists(st.booleans(), max_size=30)
thresholds = st.integers(min_value=1, max_value=5)


def probe(success: int = 1, failure: int = 3) -> Probe:
    return Probe(action=Sleep(seconds=0), success_threshold=success, failure_threshold=failure)


def after(results: list[bool], asked: Probe, *, passing: bool = False) -> Verdict:
    verdict = Verdict(passing=passing)
    for result in results:
        verdict = verdict.observe(asked, result=result)
    return verdict


def test_a_probe_passes_after_as_many_successes_in_a_row_as_asked() -> None:
    assert not after([True], probe(success=2)).passing
    assert after([True, True], probe(success=2)).passing
    assert not after([True, False, True], probe(success=2)).passing


def test_a_probe_fails_after_as_many_failures_in_a_row_as_asked() -> None:
    assert after([False, False], probe(failure=3), passing=True).passing
    assert not after([False, False, False], probe(failure=3), passing=True).passing
    assert after([False, False, True, False, False], probe(failure=3), passing=True).passing


def test_failures_count_from_the_first_even_if_the_probe_never_passed() -> None:
    assert not after([False, False], probe(failure=3)).has_failed(probe(failure=3))
    assert after([False, False, False], probe(failure=3)).has_failed(probe(failure=3))


@given(results, thresholds, thresholds, st.booleans())
def test_the_verdict_is_that_of_the_last_row_that_reached_its_threshold(
    results: list[bool],
    success: int,
    failure: int,
    start: bool,  # noqa: FBT001
) -> None:
    asked = probe(success=success, failure=failure)
    expected = start
    for end in range(1, len(results) + 1):
        for result, threshold in ((True, success), (False, failure)):
            if end >= threshold and all(value == result for value in results[end - threshold : end]):
                expected = result
    assert after(results, asked, passing=start).passing == expected
