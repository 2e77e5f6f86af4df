"""The pretend AWS account: its file, the stand-in provider, the API that boto3 and `aws` call, its controllers."""
