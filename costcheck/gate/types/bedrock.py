"""Bedrock: agents by the tokens of their model, and throughput that is bought ahead."""

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter
from costcheck.price_book import GLOBAL, TOKEN_UNIT, token_meter
from costcheck.records import TokenType


def agent(view: View) -> Estimate:
    """Return an agent, by the tokens that its model reads and writes."""
    model = view.text("foundationModel")
    return Estimate(
        components=(
            by_use(f"tokens read by {model}", _tokens(model, TokenType.UNCACHED_INPUT)),
            by_use(f"tokens written by {model}", _tokens(model, TokenType.OUTPUT)),
        )
    )


def _tokens(model: str, token_type: TokenType) -> Meter:
    """Return the meter of one class of tokens, as genai-prices names the models of Bedrock: by their ids."""
    return Meter(
        service_code="aws",
        sku_meter=token_meter(model, token_type),
        fields=(),
        divisors=(),
        pricing_unit=TOKEN_UNIT,
        region_id=GLOBAL,
    )


def provisioned_throughput(view: View) -> Estimate:
    """Say what is bought, which is charged by the hour whether it is used or not; its price is in no list here.

    Raises:
        UnpriceableError: Always.
    """
    units, model = view.number("modelUnits"), view.text("modelArn")
    message = (
        f"{units} model units of {model[-80:]} are charged by the hour, used or not, at a price that is not built in"
    )
    raise UnpriceableError(message)


PRICED = {
    "aws:bedrock/agentAgent:AgentAgent": agent,
    "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput": provisioned_throughput,
}
