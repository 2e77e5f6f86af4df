"""The kubeconfig that Pulumi's Kubernetes provider and a person's kubectl use. It holds no credential."""

import json

import pulumi
import pulumi_kubernetes as k8s


def render_kubeconfig(*, cluster_name: str, endpoint: str, certificate_authority: str, region: str) -> str:
    """Return the kubeconfig as JSON: each call gets a token from `aws eks get-token`, with the caller's own role.

    Form: https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html.
    """
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster_name, "--region", region, "--output", "json"],
        "interactiveMode": "Never",
    }
    cluster = {"server": endpoint, "certificate-authority-data": certificate_authority}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": cluster}],
        "users": [{"name": cluster_name, "user": {"exec": command}}],
        "contexts": [{"name": cluster_name, "context": {"cluster": cluster_name, "user": cluster_name}}],
        "current-context": cluster_name,
    }
    return json.dumps(config, sort_keys=True)


def kubeconfig(
    *,
    cluster_name: pulumi.Input[str],
    endpoint: pulumi.Input[str],
    certificate_authority: pulumi.Input[str],
    region: str,
    after: pulumi.Input[list[str]],
) -> pulumi.Output[str]:
    """Return the kubeconfig, known once everything in `after` exists.

    Without the caller's access entry the API server refuses the first request, and with it gone the last one; so
    whatever is made through this kubeconfig comes after the entries and goes before them.
    """
    parts = pulumi.Output.all(cluster_name, endpoint, certificate_authority, after)
    return parts.apply(
        lambda known: render_kubeconfig(
            cluster_name=known[0], endpoint=known[1], certificate_authority=known[2], region=region
        )
    )


def kubernetes_provider(
    name: str,
    *,
    kubeconfig: pulumi.Input[str],
    cluster_arn: pulumi.Input[str],
    ours: bool,
    opts: pulumi.ResourceOptions,
) -> k8s.Provider:
    """Return the provider of everything inside the cluster.

    Args:
        name: Of the provider.
        kubeconfig: How it is reached.
        cluster_arn: Of the cluster.
        ours: The stack made the cluster, so that an object which is there already is its own.
        opts: Of the provider.
    """
    return k8s.Provider(
        name,
        kubeconfig=kubeconfig,
        # Without it, every object is replaced when the endpoint or its certificate authority changes.
        cluster_identifier=cluster_arn,
        # An `up` that was killed may have made objects that the state does not know; the next one takes them over. In
        # somebody else's cluster it would take over theirs, and delete them one day.
        upsert_existing_objects=ours,
        # A rotated API key changes the Secret in place instead of deleting what a running pod mounts.
        enable_secret_mutable=True,
        opts=opts,
    )
