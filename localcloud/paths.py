"""Where the local cloud keeps its state, and where the tools that it runs on are cached."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One local cloud's state folder, and the cache of tools that all local clouds of a user share.

    Attributes:
        root: The state folder; `down` removes all of it.
        tools: The cache, one folder for each tool and version in it: NAME/VERSION/NAME.
    """

    root: Path
    tools: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Home":
        """Return LOCALCLOUD_HOME, or else the XDG folders, with their defaults under HOME (or ~)."""
        user = Path(environ.get("HOME") or Path.home())
        state = Path(environ.get("XDG_STATE_HOME") or user / ".local" / "state") / "worthwhile" / "localcloud"
        cache = Path(environ.get("XDG_CACHE_HOME") or user / ".cache") / "worthwhile" / "tools"
        root = Path(environ.get("LOCALCLOUD_HOME") or state)
        return cls(root=root.absolute(), tools=cache.absolute())

    @property
    def account_file(self) -> Path:
        """The pretend AWS account."""
        return self.root / "account.json"

    @property
    def s3(self) -> Path:
        """What the pretend account's buckets hold."""
        return self.root / "s3"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: plugins and credentials of the local cloud alone."""
        return self.root / "pulumi-home"

    @property
    def pulumi_state(self) -> Path:
        """The file backend that stacks are kept in."""
        return self.root / "pulumi-state"

    @property
    def bin(self) -> Path:
        """The tools as a shell finds them; Pulumi's language host has to lie beside `pulumi`."""
        return self.root / "bin"

    @property
    def pki(self) -> Path:
        """The cluster's own certificate authority, its certificates and keys."""
        return self.root / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def ports_file(self) -> Path:
        """The ports that its servers listen on; a folder that holds this file is a local cloud."""
        return self.root / "ports.json"

    @property
    def run(self) -> Path:
        """Process records (NAME.json) and logs (NAME.log)."""
        return self.root / "run"

    @property
    def environment_file(self) -> Path:
        """What a shell needs, name to value, as JSON."""
        return self.root / "env.json"
