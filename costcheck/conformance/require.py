"""The one way in which the suite says no: an AssertionError, also where Python runs without assertions."""


def require(holds: object, broken: str) -> None:
    """Do nothing where something holds.

    Raises:
        AssertionError: It does not; `broken` says what the source did.
    """
    if not holds:
        raise AssertionError(broken)
