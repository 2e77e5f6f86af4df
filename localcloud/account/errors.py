"""What AWS answers when it refuses."""


class ApiError(Exception):
    """A refusal with AWS's own code, as both the provider and the API server report it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
