"""The Pulumi program: EKS, GPU node pools and model servers, one component a file."""
