"""What EKS puts into a new control plane: the rights behind access policies.

The resource definitions of Auto Mode are there already: `localcloud up` puts them into every control plane.
"""

from typing import Any

from localcloud.account.kubernetes_api import connect
from localcloud.paths import Home

_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"

# Access policies that give less than everything, and the cluster role that stands for each here.
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html, from memory 2026-11-26
ROLE_OF_POLICY = {
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
    "AmazonEKSAdminViewPolicy": "view",
}
ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"
ADMIN_GROUP = "system:masters"


def group_of_policy(policy: str) -> str:
    """The Kubernetes group that stands for an access policy, empty for one that gives a person nothing."""
    if policy == ADMIN_POLICY:
        return ADMIN_GROUP
    return f"localcloud:{ROLE_OF_POLICY[policy]}" if policy in ROLE_OF_POLICY else ""


def furnish(home: Home) -> None:
    """Puts everything there; what is there already stays. Nothing to do without a control plane."""
    api = connect(home.kubeconfig)
    if api is None:
        return
    for role in sorted(set(ROLE_OF_POLICY.values())):
        api.create(_BINDINGS, _binding(role))


def _binding(role: str) -> dict[str, Any]:
    return {
        "metadata": {"name": f"localcloud:{role}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": f"localcloud:{role}"}],
    }
