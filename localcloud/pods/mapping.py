"""What a container names, and where it is on this machine: no chroot and no network namespace, so text is rewritten.

Rewritten in command, arguments, environment and the text files of config maps, in probes and in hooks:
- a path below a mount, to the volume's folder: whole paths only (`/tmp/x`, not `/tmpfiles`, `/var/tmp`);
- the addresses `127.0.0.1` and `0.0.0.0` and the word `localhost`, to the pod's own loopback address;
- NAME.NAMESPACE.svc:PORT, to a pod that was ready when this one started: there is no kube-proxy and no cluster DNS;
- in config files, nginx's `listen PORT` without an address, to the pod's address; its IPv6 line goes.
Never rewritten: secrets, and files that are not text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SERVICE = re.compile(r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local)?:(?P<port>\d+)")
_ADDRESSES = re.compile(r"(?<![\w.-])(?:127\.0\.0\.1|0\.0\.0\.0|localhost)(?![\w-]|\.\w)")
_LISTEN_PORT = re.compile(r"^(\s*listen\s+)(?=\d+\b(?![.:]))", re.MULTILINE)
_LISTEN_IPV6 = re.compile(r"^\s*listen\s+\[::\][^\n]*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalView:
    """One container's view of this machine.

    Attributes:
        address: The pod's own loopback address, 127.x.y.z.
        paths: Mount path in the container -> path on this machine.
        services: NAME.NAMESPACE.svc:PORT -> address and port on this machine.
    """

    address: str
    paths: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Return the text with mounted paths and addresses as they are on this machine."""
        with_services = SERVICE.sub(lambda found: self.services.get(found[0], found[0]), text)
        return _ADDRESSES.sub(self.address, self._with_local_paths(with_services))

    def config(self, text: str) -> str:
        """Return a configuration file's text, nginx's bare ports included."""
        return _LISTEN_PORT.sub(rf"\g<1>{self.address}:", _LISTEN_IPV6.sub("", self.text(text)))

    def host(self, host: str | None) -> str:
        """Return where to reach a host that a probe or hook names; none is the pod itself."""
        return self.address if host is None else self.text(host)

    def _with_local_paths(self, text: str) -> str:
        if not self.paths:
            return text
        mounts = "|".join(re.escape(path) for path in sorted(self.paths, key=len, reverse=True))
        whole = rf"(?<![\w./-])(?:{mounts})(?![\w.-])"
        return re.sub(whole, lambda found: self.paths[found[0]], text)
