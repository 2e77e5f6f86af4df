"""From inputs to a decision: pure, and the same bytes from the same inputs."""
