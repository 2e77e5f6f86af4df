"""AWS's API over the account file: what boto3 and the `aws` command see of the pretend account."""
