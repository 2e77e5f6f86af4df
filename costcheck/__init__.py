"""Decide whether running your own language model is worth it, from your own bills and dated prices."""

__version__ = "0.1.0"
__all__ = ["__version__"]
