"""What of a stack is still in an AWS account, and whether it bills: one file for each group of services."""
