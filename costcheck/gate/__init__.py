"""Prices a plan resource by resource, and says whether it may be applied."""
