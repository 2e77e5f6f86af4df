"""What moved between two price snapshots: pure, exact, and the same from either side."""
