"""Why a pod cannot be executed here.

PodError
├── UnsupportedError   (the pod asks for something that the runner does not know)
├── UnknownImageError  (no local program stands in for the image)
└── MissingSourceError (a secret or config map is not there yet)
"""


class PodError(Exception):
    """A container cannot be started; `reason` is the word that a kubelet would show."""

    reason = "CreateContainerConfigError"


class UnsupportedError(PodError):
    """The runner does not know this; it says so instead of leaving it out."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"the local pod runner does not support {what}")


class UnknownImageError(PodError):
    """No program of this machine stands in for the image."""

    reason = "ErrImagePull"

    def __init__(self, *, image: str, problem: str) -> None:
        super().__init__(f"image {image}: {problem}")


class MissingSourceError(PodError):
    """A secret, a config map, or a key of one, is missing."""

    def __init__(self, kind: str, name: str, *, key: str | None = None) -> None:
        super().__init__(
            f'{kind.lower()} "{name}" not found' if key is None else f"couldn't find key {key} in {kind} {name}"
        )
