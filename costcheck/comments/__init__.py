"""One comment on a pull request or merge request, kept up to date by whoever wrote it."""

from costcheck.comments.github import post_to_github
from costcheck.comments.gitlab import post_to_gitlab

__all__ = ["post_to_github", "post_to_gitlab"]
