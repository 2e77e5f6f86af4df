"""What LiteLLM calls a provider and a model, as their bills call them, and the model behind a deployment's own name.

A proxy logs `azure/gpt-5.4` or `gpt-5.4`, as its config.yaml has it; the provider stands in `custom_llm_provider`
as well. Azure's deployments have names of their own (`chat-prod`): the model behind one stands in
`metadata.model_map_information.model_map_key` where the proxy knew it (`base_model` in its config.yaml, or what the
answer named), as in `litellm/proxy/spend_tracking/spend_tracking_utils.py` of 1.106.2.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from costcheck.sources.bills.bedrock_names import model_of_id

BILLED_BY: Mapping[str, str] = MappingProxyType(
    {
        "azure_ai": "azure",
        "azure_text": "azure",
        "bedrock": "aws",
        "bedrock_converse": "aws",
        "gemini": "google",
        "text-completion-openai": "openai",
        "vertex_ai": "google",
        "vertex_ai_beta": "google",
    }
)
"""By `litellm.LlmProviders` of 1.106.2, what has another name on its bill."""
OWN_NAMED = frozenset({"azure", "azure_ai"})
"""Providers at which a customer names the deployments."""
ARN = "arn:"
RELEASE = re.compile(r"[-@]\d{4}-?\d{2}-?\d{2}$")
NAME = re.compile(r"[\w.:/@+-]{1,120}")
DEPLOYMENT = "deployment-name:"
"""Begins the tag that keeps a deployment's own name; the metrics of Azure Monitor have the same."""


def billed_by(provider: str) -> str:
    """Return who bills what LiteLLM calls a provider, as the sources of its bills call it."""
    return BILLED_BY.get(provider, provider)


def own_name(provider: str, model: str) -> str:
    """Return a model without its provider before it; at Bedrock as AWS's bill calls it."""
    rest = model.removeprefix(f"{provider}/") or model
    return model_of_id(rest) if billed_by(provider) == "aws" else rest


def models_behind(found: Iterable[tuple[str, str, str | None]]) -> Mapping[tuple[str, str], str]:
    """Return the model behind each (provider, name as logged) that is a deployment's own name.

    Args:
        found: Provider, model as logged, and the key of LiteLLM's price map; several keys of one name are none.
    """
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for provider, model, key in found:
        if key and NAME.fullmatch(key) and (provider in OWN_NAMED or ARN in model):
            keys[provider, model].add(own_name(provider, key))
    behind = {named: one for named, (one, *more) in keys.items() if not more}
    return {
        (provider, model): one
        for (provider, model), one in behind.items()
        if RELEASE.sub("", one) != RELEASE.sub("", own_name(provider, model))
    }
