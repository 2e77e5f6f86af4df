"""The configuration that `costcheck init` writes."""

import re

import pytest

from costcheck.catalogue import load_open_weights
from costcheck.cli.named import resolve_models
from costcheck.errors import ConfigError
from costcheck.facts import data_file
from costcheck.settings import Settings, parse_settings

TEMPLATE = data_file("costcheck.template.toml").read_text(encoding="utf-8")
COMMENTED_KEY = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)


def resolved(text: str) -> Settings:
    return resolve_models(parse_settings(text, "costcheck.toml"), load_open_weights())


def test_the_template_is_a_configuration() -> None:
    assert resolved(TEMPLATE).operator.answer is None


def test_every_key_that_the_template_comments_out_is_a_key() -> None:
    company = resolved(COMMENTED_KEY.sub("", TEMPLATE))

    (workload,) = company.workload
    assert company.operator.answer == "team"
    assert company.contracted_discount
    assert company.assumptions
    assert all((workload.evaluations, workload.acceptances, workload.managed_quotes, workload.compliance))


def test_an_evaluation_of_a_misspelt_model_is_an_error_and_not_ignored() -> None:
    misspelt = COMMENTED_KEY.sub("", TEMPLATE).replace('model = "gpt-oss-20b"', 'model = "gpt-oss-200b"', 1)

    with pytest.raises(ConfigError, match="evaluations is about 'gpt-oss-200b'"):
        resolved(misspelt)
