"""From an HTTP request to an operation and back: moto's parsers and serializers on botocore's models."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.loaders import Loader
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import SerializationContext, get_serializer_class
from werkzeug import Request, Response

from localcloud.account.errors import ApiError

_SIGNED_FOR = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

# Services whose signing name is not botocore's name of the service.
_BOTOCORE_NAMES = {
    "tagging": "resourcegroupstaggingapi",
    "elasticloadbalancing": "elbv2",
    "servicequotas": "service-quotas",
}
_CLASSIC_LOAD_BALANCING = "2012-06-01"  # the version that the classic API names in every request


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What the Authorization header says: who, where and which service. It is not verified."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One operation with its parameters."""

    service: str
    model: OperationModel
    parameters: dict[str, Any]

    @property
    def name(self) -> str:
        """``ec2.DescribeVpcs``."""
        return f"{self.service}.{self.model.name}"


def signature_of(request: Request) -> Signature | None:
    """The signature of the request, None for one that is not signed in its header."""
    found = _SIGNED_FOR.search(request.headers.get("Authorization", ""))
    if found is None:
        return None
    return Signature(access_key=found["key"], region=found["region"], service=found["service"])


@cache
def service_model(service: str) -> ServiceModel:
    """Botocore's model of the service in moto's classes. Raises UnknownServiceError for one that is none."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service_name=service)


def botocore_name(signature: Signature, request: Request) -> str:
    """Botocore's name of the service that the request is for."""
    if signature.service == "elasticloadbalancing" and request.values.get("Version") == _CLASSIC_LOAD_BALANCING:
        return "elb"
    return _BOTOCORE_NAMES.get(signature.service, signature.service)


def read_call(service: str, request: Request) -> ApiCall:
    """The operation and its parameters.

    Raises:
        ApiError: No operation of the service looks like this.
    """
    model = service_model(service)
    name, path_parameters = _operation(model, request)
    operation = model.operation_model(name)
    parser = PROTOCOL_PARSERS[_protocol(model)](operation)
    described: Any = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.get_data(),
        "url_path": request.path,
        "url_params": path_parameters,
    }
    return ApiCall(service=service, model=operation, parameters=parser.parse(described))


def _protocol(model: ServiceModel) -> str:
    """The protocol that botocore picks of those that the service speaks and moto can write."""
    return str(model.resolved_protocol)


def _operation(model: ServiceModel, request: Request) -> tuple[str, dict[str, str]]:
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2], {}
    if request.values.get("Action"):
        return str(request.values["Action"]), {}
    for name, pattern in _routes(model.service_name, request.method):
        found = pattern.fullmatch(request.path)
        if found:
            return name, found.groupdict()
    msg = "UnknownOperationException"
    raise ApiError(msg, f"{model.service_name} has no {request.method} {request.path}")


@cache
def _routes(service: str, method: str) -> list[tuple[str, re.Pattern[str]]]:
    """The paths of a REST service, those with the fewest parameters first."""
    model = service_model(service)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        if http.get("method", "POST") == method:
            path = http["requestUri"].partition("?")[0]
            found.append((name, re.compile(re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", path))))
    return sorted(found, key=lambda route: route[1].groups)


def write_result(call: ApiCall, result: Mapping[str, Any]) -> Response:
    """The HTTP response of a result in botocore's form."""
    return _response(call.service, call.model, dict(result))


def write_error(service: str, model: OperationModel | None, error: ApiError) -> Response:
    """The HTTP response of a refusal."""
    return _response(service, model or OperationModel({}, service_model(service)), error)


def _response(service: str, model: OperationModel, result: Mapping[str, Any] | ApiError) -> Response:
    serializer_class = get_serializer_class(service, _protocol(service_model(service)))
    context = SerializationContext(request_id=secrets.token_hex(16))
    written = serializer_class(operation_model=model, context=context).serialize(result)
    return Response(written["body"], status=written["status_code"], headers=dict(written["headers"]))
