"""Laws of the account: every reference names something, and deleting everything leaves nothing."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from localcloud.account.effects import effect_of
from localcloud.account.errors import ApiError
from localcloud.account.kinds import kind_of, kinds
from localcloud.account.making import make
from localcloud.account.references import check_references, check_unheld, find, named
from localcloud.account.store import Account, Resource, Tree
from localcloud.paths import Home

VPC, SUBNET, ADDRESS, NAT, TABLE, GROUP = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/eip:Eip",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/securityGroup:SecurityGroup",
)


class AccountMachine(RuleBasedStateMachine):
    """Makes and deletes in any order, as any number of programs might."""

    vpcs, subnets, addresses = Bundle("vpcs"), Bundle("subnets"), Bundle("addresses")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._home = Home(root=Path(self._folder.name), tools=Path(self._folder.name))
        self._account = Account(self._home.account_file)
        self._blocks = 0

    def teardown(self) -> None:
        self._folder.cleanup()

    def _make(self, token: str, inputs: Tree) -> str:
        with self._account.change() as state:
            check_references(state, kind_of(token), inputs)
            effect_of(token).check(state, inputs)
            made = make(state, token, inputs)
            effect_of(token).made(state, self._home, made)
            return made.id

    @rule(target=vpcs)
    def make_vpc(self) -> str:
        return self._make(VPC, {"cidrBlock": "10.0.0.0/16"})

    @rule(target=subnets, vpc=vpcs)
    def make_subnet(self, vpc: str) -> str:
        self._blocks += 1
        inputs = {"vpcId": vpc, "availabilityZone": "us-east-1a", "cidrBlock": f"10.0.{self._blocks % 256}.0/24"}
        return self._try(SUBNET, inputs)

    @rule(target=addresses)
    def make_address(self) -> str:
        return self._make(ADDRESS, {"domain": "vpc"})

    @rule(subnet=subnets, address=addresses)
    def make_nat_gateway(self, subnet: str, address: str) -> None:
        self._try(NAT, {"subnetId": subnet, "allocationId": address})

    @rule(vpc=vpcs)
    def make_route_table(self, vpc: str) -> None:
        self._try(TABLE, {"vpcId": vpc})

    @rule(vpc=vpcs, number=st.integers(0, 9))
    def make_security_group(self, vpc: str, number: int) -> None:
        self._try(GROUP, {"vpcId": vpc, "name": f"g{number}"})

    def _try(self, token: str, inputs: Tree) -> str:
        """The id, or one of nothing where something that it names has been deleted meanwhile."""
        try:
            return self._make(token, inputs)
        except ApiError as error:
            assert error.code in (kinds()[VPC].missing, kinds()[SUBNET].missing, kinds()[ADDRESS].missing)  # noqa: PT017
            return "gone"

    @rule(vpc=consumes(vpcs))
    def delete_vpc(self, vpc: str) -> None:
        self._delete(VPC, vpc)

    @rule(subnet=consumes(subnets))
    def delete_subnet(self, subnet: str) -> None:
        self._delete(SUBNET, subnet)

    @precondition(lambda self: self._account.read().of_type(NAT, TABLE, GROUP))
    @rule(data=st.data())
    def delete_something(self, data: Any) -> None:  # noqa: ANN401
        found = [each for each in self._account.read().of_type(NAT, TABLE, GROUP) if not each.made_by]
        if found:
            chosen = data.draw(st.sampled_from(found))
            self._delete(chosen.type, chosen.id)

    def _delete(self, token: str, resource_id: str) -> bool:
        try:
            with self._account.change() as state:
                found = state.get(token, resource_id)
                if found:
                    check_unheld(state, kind_of(token), found)
                    state.remove(found)
                    effect_of(token).removed(state, found)
        except ApiError:
            return False
        return True

    @invariant()
    def every_reference_names_something(self) -> None:
        state = self._account.read()
        dangling = [
            (each.id, path, name)
            for each in state
            for path, token in kinds()[each.type].references.items()
            for name in named(each.inputs, path)
            if find(state, token, name) is None
        ]
        assert dangling == []

    @invariant()
    def everything_can_be_deleted_in_some_order(self) -> None:
        state = self._account.read()
        left = list(state)
        while left:
            free = [each for each in left if not each.made_by and _is_free(state, each)]
            assert free, f"nothing of {[each.id for each in left]} can be deleted"
            state.remove(free[0])
            effect_of(free[0].type).removed(state, free[0])
            left = list(state)


def _is_free(state: Any, resource: Resource) -> bool:  # noqa: ANN401
    try:
        check_unheld(state, kind_of(resource.type), resource)
    except ApiError:
        return False
    return True


TestAccount = pytest.mark.filterwarnings("default")(AccountMachine.TestCase)
TestAccount.settings = settings(settings.default, max_examples=60, stateful_step_count=20)
