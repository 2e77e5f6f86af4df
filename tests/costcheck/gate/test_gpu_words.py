"""Words that name GPUs: found in types, keys and kinds of machines, and nowhere else."""

from typing import Any

import pytest

from costcheck.gate.gpu_words import GpuWord, gpu_word
from costcheck.plan.records import UNKNOWN, Resource


def word(inputs: dict[str, Any], token: str = "cloud:index/thing:Thing") -> GpuWord | None:  # noqa: S107 - a type
    return gpu_word(Resource(urn="urn:it", token=token, inputs=inputs))


@pytest.mark.parametrize(
    "inputs",
    [
        {"gpuTypeId": "x"}, {"gpus": 16}, {"gpu": UNKNOWN}, {"enableGPUSupport": True}, {"guestaccelerators": [1]},
        {"gpuTypeId": "NVIDIA H100 80GB HBM3"}, {"type": "H100-1-80G"}, {"plan": "vcg-a100-1c-6g-4vram"},
        {"size": "A100SXM4"},
        {"size": "an.g1.l40s.small"}, {"type": "gpua30.huge"}, {"size": "a3-highgpu-8g"}, {"shape": "BM.GPU4.8"},
        {"size": "gpu-h100x1-80gb"}, {"size": "8xh100"}, {"size": "8xH100"}, {"size": "2xB200"}, {"size": "MI300X"},
        {"size": "GPUs"}, {"size": "h100s"}, {"size": "H100NVL"}, {"size": "h100sxm"}, {"size": "RTX4090"},
        {"size": "TPU v5e"},
        {"size": "hpu gaudi3"},
        {"vmSize": "Standard_NC4as_T4_v3"}, {"type": "L4-1-24G"}, {"model": "l4"}, {"sku": {"name": "v100"}},
        {"pools": [{"flavour": "a10g"}]}, {"limits": {"nvidia.com/gpu": 1}}, {"deep": [{"hardware": ["amd radeon"]}]},
    ],
)  # fmt: skip
def test_a_word_for_a_gpu_is_seen(inputs: dict[str, Any]) -> None:
    assert word(inputs)


@pytest.mark.parametrize(
    "inputs",
    [
        {"gpus": 0}, {"gpu": "0"}, {"gpu": False}, {"guestAccelerators": []}, {"gpuCount": None},
        {"id": "3fa100bc-a100-4c3f-b200-0123456789ab"}, {"id": "4a100ffeed12"}, {"id": "subnet-0a100fed"},
        {"key": "AAAAB3NzaC1yc2EAAAADAQABAAABAQH100gpuA100tpuL40sXYZ"}, {"colour": "#b200ff"}, {"colour": "#a100ff"},
        {"size": "l4lb"}, {"type": "l4lb"}, {"type": "t4g.small"}, {"x": "v100"}, {"release": {"tag": "p100"}},
        {"x": "a10 networks"}, {"x": "m60"}, {"size": "stagingPublic"}, {"size": "stagingpublic"},
        {"loggingPublisher": "x"},
        {"plan": "throughput and output"}, {"plan": "barracuda"}, {"type": "cx22"}, {"size": "s-1vcpu-1gb"},
        {"size": "h1004"},
        {"enableAcceleratedNetworking": True}, {"type": "programming guide"},
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_not(inputs: dict[str, Any]) -> None:
    assert word(inputs) is None


def test_the_word_is_told_with_the_key_that_it_stands_in() -> None:
    assert str(word({"spec": {"gpuModel": "x"}})) == "`spec.gpuModel` names a GPU (`gpu`)"
    assert str(word({"spec": {"pools": [{"kind": "2 x H100"}]}})) == "`spec.pools.kind` names a GPU (`H100`)"


def test_a_path_is_told_in_part_where_it_is_long() -> None:
    assert len(str(word({"k" * 500: "H100"}))) < 150


def test_a_type_names_a_gpu_too() -> None:
    assert str(word({}, "nebius:index/computeV1GpuCluster:ComputeV1GpuCluster")) == "its type names a GPU (`Gpu`)"
    assert word({}, "aws:globalaccelerator/accelerator:Accelerator") is None
