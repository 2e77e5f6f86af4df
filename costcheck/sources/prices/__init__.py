"""Where prices and instance facts come from: one file for each origin."""
