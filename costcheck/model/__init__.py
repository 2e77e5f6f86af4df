"""Pure models of demand, capacity and cost: no I/O, no clock, no environment."""
