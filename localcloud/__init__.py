"""A pretend AWS account and a real Kubernetes control plane on one machine, for the demo and the tests."""
