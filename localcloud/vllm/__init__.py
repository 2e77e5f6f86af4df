"""The real vLLM server on this machine's processor, and a tiny model for it."""
