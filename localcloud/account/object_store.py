"""S3 for real: moto's backend, with exactly the buckets that the account has."""

import os
import pickle
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true")  # the bucket is in the path; moto reads it on import

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends

from localcloud.account.making import make
from localcloud.account.store import Account, Resource, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BUCKET, _VERSIONING = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning"
_MADE_HERE = "s3"  # made_by of a bucket that came into being over the S3 API
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ObjectStore:
    """The WSGI application of S3. What the buckets hold is kept in a file, so that a restart loses nothing."""

    def __init__(self, account: Account, folder: Path) -> None:
        self._account = account
        self._file = folder / "buckets.pickle"
        self._lock = threading.Lock()
        self._app = create_backend_app("s3")
        self._backend: Any = s3_backends[account.read().settings.account_id]["aws"]
        kept = pickle.loads(self._file.read_bytes()) if self._file.exists() else {}  # noqa: S301  -- our own file
        self._backend.buckets = kept
        s3_backends.bucket_accounts.clear()  # another store of this process may have filled it

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers one request; after one that may have changed something, counts and keeps what there is."""
        reading = environ["REQUEST_METHOD"] in _READING
        with self._lock:
            self._follow(self._account.read())
            if not reading:
                parts = list(self._app(environ, start_response))
                self._report_bucket(environ["PATH_INFO"].strip("/"))
                self._count()
                self._keep()
                return parts
        return list(self._app(environ, start_response))

    def _follow(self, state: State) -> None:
        """Makes and removes buckets until they are the account's."""
        wanted = {each.id: each for each in state.of_type(_BUCKET)}
        for name in set(self._backend.buckets) - wanted.keys():
            self._backend.buckets.pop(name)
            s3_backends.bucket_accounts.pop(name, None)
        for name, bucket in wanted.items():
            if name not in self._backend.buckets:
                self._backend.create_bucket(name, state.settings.region)
            s3_backends.bucket_accounts[name] = ("aws", state.settings.account_id)
            if bucket.made_by != _MADE_HERE:
                self._follow_settings(state, bucket)

    def _follow_settings(self, state: State, bucket: Resource) -> None:
        status = _versioning(state, bucket.id)
        if status:  # without one it stays as it is: once versioned, a bucket never loses its old versions
            self._backend.put_bucket_versioning(bucket.id, status)
        self._backend.put_bucket_tagging(bucket.id, bucket.tags)

    def _report_bucket(self, name: str) -> None:
        """Tells the account that a request has just made or deleted the bucket of this name."""
        if not name or "/" in name:
            return
        recorded = self._account.read().get(_BUCKET, name)
        if (recorded is None) == (name not in self._backend.buckets):
            return
        with self._account.change() as state:
            if recorded is None:
                make(state, _BUCKET, {"bucket": name}, made_by=_MADE_HERE)
            else:
                for each in state:
                    if each.type.startswith("aws:s3/") and each.inputs.get("bucket") == name:
                        state.remove(each)

    def _count(self) -> None:
        """Writes the number of versions and delete markers of each bucket into the account."""
        counted = {name: _versions(bucket) for name, bucket in self._backend.buckets.items()}
        if counted == {
            each.id: each.outputs.get("objectVersions", 0) for each in self._account.read().of_type(_BUCKET)
        }:
            return
        with self._account.change() as state:
            for each in state.of_type(_BUCKET):
                state.set_outputs(each, objectVersions=counted.get(each.id, 0))

    def _keep(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_suffix(".new")
        unfinished.write_bytes(pickle.dumps(self._backend.buckets))
        unfinished.replace(self._file)


def _versions(bucket: Any) -> int:  # noqa: ANN401
    """Number of versions and delete markers in a bucket of moto's."""
    return sum(len(bucket.keys.getlist(key)) for key in bucket.keys)


def _versioning(state: State, bucket: str) -> str | None:
    """What the bucket's versioning says, None when it never said anything."""
    found: Resource | None = state.get(_VERSIONING, bucket)
    return str(found.inputs["versioningConfiguration"]["status"]) if found else None
