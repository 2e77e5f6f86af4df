"""Raw exports too big to copy: queries written once as Ibis expressions, run by the engine where the export lies."""
