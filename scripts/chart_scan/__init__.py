"""Scanners of rendered charts, each held to have checked everything that was rendered."""
