"""The HTTP server of the pretend account, on loopback: AWS's API, S3, and who a Kubernetes token belongs to.

`python -m localcloud.account.server --port PORT`. AWS_ENDPOINT_URL points boto3 and the `aws` command here.
"""

import argparse
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from werkzeug import Request, Response
from werkzeug.serving import make_server

from localcloud.account.api import (  # noqa: F401  -- they register their operations
    account_wide,
    ec2,
    ec2_deletions,
    eks,
    load_balancers,
    logs_and_keys,
)
from localcloud.account.api.operations import OPERATIONS
from localcloud.account.api.wire import Signature, botocore_name, read_call, signature_of, write_error, write_result
from localcloud.account.errors import ApiError
from localcloud.account.object_store import ObjectStore
from localcloud.account.store import Account
from localcloud.account.token_review import review
from localcloud.paths import Home

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class AccountServer:
    """The WSGI application."""

    def __init__(self, home: Home) -> None:
        self._account = Account(home.account_file)
        self._objects = ObjectStore(self._account, home.s3)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers one request."""
        request = Request(environ)
        if request.path == "/health":
            return Response("ok")(environ, start_response)
        if request.path == "/kubernetes/authenticate":
            return self._authenticate(request)(environ, start_response)
        signature = signature_of(request)
        if signature is None or signature.service == "s3":
            return self._objects(environ, start_response)
        return self._answer(signature, request)(environ, start_response)

    def _authenticate(self, request: Request) -> Response:
        answer = review(self._account.read(), json.loads(request.get_data()), datetime.now(UTC))
        return Response(json.dumps(answer), content_type="application/json")

    def _answer(self, signature: Signature, request: Request) -> Response:
        service, model = botocore_name(signature, request), None
        try:
            call = read_call(service, request)
            model = call.model
            operation = OPERATIONS.get(call.name)
            if operation is None:
                msg = "UnknownOperationException"
                raise ApiError(msg, f"localcloud does not answer {call.name}")  # noqa: TRY301
            if operation.changes:
                with self._account.change() as state:
                    return write_result(call, operation.handler(state, call.parameters))
            return write_result(call, operation.handler(self._account.read(), call.parameters))
        except ApiError as error:
            return write_error(service, model, error)
        except OperationNotFoundError as error:
            return write_error(service, None, ApiError("UnknownOperationException", str(error)))
        except UnknownServiceError:
            return Response(f"localcloud does not answer the service {service}", status=501)


def serve(home: Home, port: int) -> None:
    """Serves until the process ends."""
    server = make_server("127.0.0.1", port, AccountServer(home), threaded=True)
    print(f"the pretend account answers on http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


def main() -> None:
    """Reads the port and serves."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.account.server", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 for a free one")
    serve(Home.from_environment(os.environ), parser.parse_args().port)


if __name__ == "__main__":
    main()
