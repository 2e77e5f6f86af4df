from hypothesis import given
from hypothesis import strategies as st

from localcloud.pods.timing import FIRST_BACK_OFF, LONGEST_BACK_OFF, MINIMUM_GRACE, BackOff, grace_left

seconds = st.floats(min_value=0, max_value=10_000)


def test_a_hook_counts_inside_the_grace_period() -> None:
    assert grace_left(30, 10) == 20


def test_begun_seconds_are_not_taken_away() -> None:
    assert grace_left(30, 10.9) == 20


def test_a_hook_that_takes_all_of_it_leaves_the_minimum() -> None:
    assert grace_left(30, 30) == MINIMUM_GRACE == 2


@given(seconds, seconds)
def test_what_is_left_is_never_under_the_minimum_nor_over_the_whole(grace: float, elapsed: float) -> None:
    assert MINIMUM_GRACE <= grace_left(grace, elapsed) <= max(grace, MINIMUM_GRACE)


def test_the_first_restart_is_at_once_and_the_waits_double() -> None:
    back_off, waits, now = BackOff(), [], 0.0
    for _ in range(8):
        waits.append(back_off.wait(now, now))
        now += waits[-1]
        back_off = back_off.raised(now - waits[-1], now)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_the_wait_counts_from_the_end_of_the_run() -> None:
    assert BackOff(seconds=40, updated=0).wait(finished=100, now=130) == 10


def test_a_run_of_over_ten_minutes_begins_the_waits_anew() -> None:
    worn = BackOff(seconds=LONGEST_BACK_OFF, updated=0)
    assert worn.wait(finished=600, now=600) == LONGEST_BACK_OFF
    assert worn.wait(finished=601, now=601) == 0
    assert worn.raised(finished=601, now=601).seconds == FIRST_BACK_OFF
