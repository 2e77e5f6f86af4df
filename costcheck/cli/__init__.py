"""The command `costcheck`, one file a command; `app` puts them together."""
