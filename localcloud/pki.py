"""The cluster's own certificate authority, made once for each local cloud."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = dt.timedelta(days=365)
_SKEW = dt.timedelta(minutes=5)
_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_USAGES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]  # etcd's server dials itself as a client


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a certificate is for: Kubernetes reads the user's name from CN and the groups from O."""

    user: str
    groups: tuple[str, ...] = ()


IDENTITIES = {
    "admin": Identity(user="localcloud:admin", groups=("system:masters",)),
    "kube-controller-manager": Identity(user="system:kube-controller-manager"),
    "kube-scheduler": Identity(user="system:kube-scheduler"),
    "kwok": Identity(user="localcloud:kwok", groups=("system:masters",)),
    "etcd-client": Identity(user="localcloud:etcd-client"),
    "server": Identity(user="localcloud:server"),
}


@dataclass(frozen=True, slots=True)
class Pki:
    """Where the certificates and keys lie."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.crt"

    @property
    def account_key(self) -> Path:
        """The key that service account tokens are signed with."""
        return self.folder / "service-accounts.key"

    def certificate(self, name: str) -> Path:
        """Return the certificate of one of IDENTITIES."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Return its key."""
        return self.folder / f"{name}.key"

    @property
    def is_made(self) -> bool:
        """True if all files are there: the last one written is."""
        return self.account_key.exists()

    def make(self) -> None:
        """Make all files, unless they are there."""
        if self.is_made:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key)
        self.ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        for name, identity in IDENTITIES.items():
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _signed(identity, key.public_key(), authority, authority_key)
            self.certificate(name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            _write_key(self.key(name), key)
        _write_key(self.account_key, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(Identity(user="localcloud"))
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    unsigned = _builder(name, name, key.public_key())
    unsigned = unsigned.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return unsigned.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _signed(
    identity: Identity,
    key: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    authority_key: CertificateIssuerPrivateKeyTypes,
) -> x509.Certificate:
    unsigned = _builder(_name(identity), authority.subject, key)
    unsigned = unsigned.add_extension(x509.ExtendedKeyUsage(_USAGES), critical=False)
    if identity == IDENTITIES["server"]:
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName(_server_names(_SERVER_NAMES)), critical=False)
    return unsigned.sign(authority_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFE)
    )


def _server_names(names: Sequence[str]) -> list[x509.GeneralName]:
    # 10.96.0.1 is the address of the Service `kubernetes` in the default range of addresses
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("10.96.0.1")]
    return [*(x509.DNSName(name) for name in names), *(x509.IPAddress(address) for address in addresses)]


def _name(identity: Identity) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, identity.user)])


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
