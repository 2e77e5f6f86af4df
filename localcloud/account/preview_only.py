"""The stand-in for the AWS provider that previews every type of the SDK: programs that nobody here wrote.

The account stays strict: types.toml says which types can be made, and the installed stand-in refuses any other before
an update starts. This one takes its place where a program is previewed and never applied
(scripts/record_foreign_plans.py): a type that the account does not know is checked against the SDK's input types, and
nothing else; making it is refused.
"""

import os

from pulumi import _types  # the SDK's own reading of its types; it has no public one

from localcloud.account.kinds import Kind, kinds
from localcloud.account.provider import AwsProvider, marked, own_name
from localcloud.account.sdk_inputs import has_input, input_failures, required_inputs, resource_class
from localcloud.paths import Home
from localcloud.standins.calls import Call, Checked, Created, Failure, RefusedError
from localcloud.standins.serving import serve_provider
from localcloud.standins.values import UNKNOWN, plain

NAME = "name"


class PreviewOnlyProvider(AwsProvider):
    """The strict provider, and previews of whatever else the SDK knows."""

    def check(self, call: Call) -> Checked:
        """Names the resource, and refuses what the SDK's types do not allow."""
        if call.type in kinds():
            return super().check(call)
        if not _is_in_sdk(call.type):
            return Checked(inputs=call.inputs, failures=[Failure(path="", reason=f"pulumi_aws has no {call.type}")])
        inputs = {**call.inputs, **own_name(sdk_kind(call.type), call)}
        return Checked(inputs=inputs, failures=list(input_failures(call.type, inputs)))

    def create(self, call: Call) -> Created:
        """Says what is known of the resource before it exists; what only the SDK knows is not made."""
        if call.type in kinds():
            return super().create(call)
        if not call.preview:
            message = f"{call.type} is not in types.toml: localcloud can preview it, and not make it"
            raise RefusedError(message)
        computed = dict.fromkeys(_types.resource_types(resource_class(call.type)), UNKNOWN)
        outputs = computed | plain(call.inputs)
        return Created(resource_id="", outputs=marked(outputs, call.inputs))


def sdk_kind(token: str) -> Kind:
    """What the SDK alone tells of a type: whether it is named when the program gives no name.

    The provider names a resource by its input `name`, where it has one (`SetAutonaming` in
    https://github.com/pulumi/pulumi-terraform-bridge, read 2026-11-26); the SDK requires the names that mean more.
    """
    named = has_input(token, NAME) and NAME not in required_inputs(token)
    return Kind(token=token, id="", source="", name=NAME if named else "")


def _is_in_sdk(token: str) -> bool:
    try:
        resource_class(token)
    except (AttributeError, ModuleNotFoundError):
        return False
    return True


if __name__ == "__main__":
    serve_provider(PreviewOnlyProvider(Home.from_environment(os.environ)))
