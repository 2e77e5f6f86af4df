"""A bearer token of Entra for Azure's management API: one that the user made, or one for a service principal.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, checked 2026-11-26.
"""

import re

import msgspec

from costcheck.errors import UsageError
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.http import ApiClient, RetryPolicy

MANAGEMENT_URL = "https://management.azure.com"
LOGIN_URL = "https://login.microsoftonline.com"
TOKEN = "AZURE_ACCESS_TOKEN"  # noqa: S105 - a name
TENANT, CLIENT, SECRET = "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"
HELP = (
    "a token in AZURE_ACCESS_TOKEN (`az account get-access-token --resource https://management.azure.com "
    "--query accessToken -o tsv`), or a service principal in AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
)
TENANT_FORM = re.compile(r"[A-Za-z0-9.-]+")
SCOPE_SUFFIX = "/.default"


class TokenAnswer(msgspec.Struct, frozen=True):
    """What the token endpoint answers."""

    access_token: str


def check_login(request: PullRequest) -> None:
    """Raise unless there is a token, or everything that makes one.

    Raises:
        UsageError: Neither is set.
    """
    if request.environ.get(TOKEN):
        return
    missing = [name for name in (TENANT, CLIENT, SECRET) if not request.environ.get(name)]
    if missing:
        message = f"{TOKEN} is not set, nor {', '.join(missing)}"
        raise UsageError(message, expected=HELP, action=f"export {TOKEN}=..., then run it again")
    tenant = request.environ[TENANT]
    if not TENANT_FORM.fullmatch(tenant):
        message = f"{TENANT} is {tenant!r}"
        raise UsageError(message, expected="the id or the domain of a tenant", action="set it again")


def open_management(request: PullRequest, help_of_role: str) -> ApiClient:
    """Return a client of the management API (or of `--base-url`) with a token of this user or service principal.

    Args:
        request: With the keys, and the options `base-url` and `login-url`.
        help_of_role: The role that the login needs, for the message on 401 and 403.

    Raises:
        SourceError: No token was given out.
    """
    check_login(request)
    base_url = request.options.get("base-url", MANAGEMENT_URL)
    token = request.environ.get(TOKEN) or _principals_token(request)
    return ApiClient(
        base_url, {"authorization": f"Bearer {token}"}, key_help=f"{HELP}; {help_of_role}", retry=request.retry
    )


def _principals_token(request: PullRequest) -> str:
    login_url = request.options.get("login-url", LOGIN_URL)
    fields = {
        "grant_type": "client_credentials",
        "client_id": request.environ[CLIENT],
        "client_secret": request.environ[SECRET],
        "scope": MANAGEMENT_URL + SCOPE_SUFFIX,
    }
    with _open_login(login_url, request.retry) as client:
        return client.submit(f"/{request.environ[TENANT]}/oauth2/v2.0/token", fields, TokenAnswer).access_token


def _open_login(login_url: str, retry: RetryPolicy | None) -> ApiClient:
    return ApiClient(login_url, {}, key_help=HELP, retry=retry)
