"""A language model on a SageMaker endpoint.

https://github.com/mohammadzainabbas/pulumi-labs/tree/main/sagemaker-aws-python
"""

import json

import pulumi
import pulumi_aws as aws

ACCOUNT = "763104351884"  # AWS's registry of deep learning containers, as in the example
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.0.1-tgi0.9.3"


class HuggingFaceLlm(pulumi.ComponentResource):
    """Role, model, configuration, endpoint and alarms."""

    def __init__(self, name: str, instance_type: str) -> None:
        super().__init__("huggingface:llm:HuggingFaceLlm", name)
        inside = pulumi.ResourceOptions(parent=self)
        who = {"Service": "sagemaker.amazonaws.com"}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": who}
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            managed_policy_arns=["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"],
            opts=inside,
        )
        model = aws.sagemaker.Model(
            f"{name}-model",
            execution_role_arn=role.arn,
            primary_container={
                "image": IMAGE,
                "environment": {"HF_MODEL_ID": "NousResearch/Llama-2-7b-chat-hf", "SM_NUM_GPUS": "1"},
            },
            opts=inside,
        )
        settings = aws.sagemaker.EndpointConfiguration(
            f"{name}-config",
            production_variants=[
                {
                    "model_name": model.name,
                    "variant_name": "primary",
                    "initial_variant_weight": 1.0,
                    "initial_instance_count": 1,
                    "instance_type": instance_type,
                    "container_startup_health_check_timeout_in_seconds": 600,
                }
            ],
            opts=inside,
        )
        self.endpoint = aws.sagemaker.Endpoint(f"{name}-endpoint", endpoint_config_name=settings.name, opts=inside)
        for alarm, metric, threshold in (("HighLatency", "ModelLatency", 100_000), ("HighErrors", "ModelError", 5)):
            aws.cloudwatch.MetricAlarm(
                f"{name}-{alarm}",
                metric_name=metric,
                namespace="AWS/SageMaker",
                statistic="Average",
                period=60,
                evaluation_periods=1,
                threshold=threshold,
                comparison_operator="GreaterThanOrEqualToThreshold",
                opts=inside,
            )
        self.register_outputs({})


pulumi.export("EndpointName", HuggingFaceLlm("llama2", "ml.g5.2xlarge").endpoint.name)
