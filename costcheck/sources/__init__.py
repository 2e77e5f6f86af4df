"""Readers of prices and bills: fetch (dumb, raises), then normalise (pure)."""
