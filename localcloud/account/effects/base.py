"""The moments at which a type may do more than keep its record."""

from localcloud.account.store import Resource, State, Tree
from localcloud.paths import Home


class Effect:
    """No effects. All methods but `make_way` and `settle` run while the account is locked, and may raise ApiError."""

    def own_id(self, state: State, inputs: Tree) -> str:  # noqa: ARG002
        """The id of what is about to be made, empty for one of the type's own form."""
        return ""

    def check(self, state: State, inputs: Tree) -> None:
        """Refuses inputs that the service would refuse, before anything is made or changed."""

    def check_change(self, state: State, old: Resource, inputs: Tree) -> None:
        """Refuses a change that the service would refuse."""

    def unsure_outputs(self, old: Resource, inputs: Tree) -> frozenset[str]:  # noqa: ARG002
        """The outputs that a change makes new, so that a preview cannot know them."""
        return frozenset()

    def unknown_parts(self, inputs: Tree) -> Tree:  # noqa: ARG002
        """Outputs of something new that a preview knows in part: inputs with unknowns inside."""
        return {}

    def made(self, state: State, home: Home, resource: Resource) -> None:
        """What else comes into being."""

    def changed(self, state: State, old: Resource, new: Resource) -> None:
        """What follows from a change."""

    def make_way(self, home: Home, state: State, resource: Resource, inputs: Tree | None) -> None:
        """Prepares outside the lock what a change to these inputs takes away; None is the deletion."""

    def removed(self, state: State, resource: Resource) -> None:
        """What goes with the resource, or stays behind it; runs before its record goes."""

    def settle(self, home: Home, resource: Resource) -> None:
        """Waits outside the lock until what the resource stands for is there, or is gone."""
