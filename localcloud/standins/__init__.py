"""Stand-ins for the Pulumi plugins that come only as downloads: two providers and the Python language host."""
