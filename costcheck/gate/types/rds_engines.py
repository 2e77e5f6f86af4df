"""How the price list names the engines of RDS, and which of their versions cost extra."""

from dataclasses import dataclass

from costcheck.gate.view import UnpriceableError, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine as the price list's attributes name it.

    Attributes:
        name: `databaseEngine`.
        edition: `databaseEdition`, empty where there is none.
        license_model: `licenseModel`, empty where there is only one.
    """

    name: str
    edition: str = ""
    license_model: str = ""

    @property
    def label(self) -> str:
        """Return what tells its SKUs from those of others."""
        return " ".join(filter(None, (self.name, self.edition, self.license_model)))

    @property
    def fields(self) -> dict[str, str]:
        """Return its attributes."""
        named = {"databaseEngine": self.name, "databaseEdition": self.edition, "licenseModel": self.license_model}
        return {field: value for field, value in named.items() if value}


BRING, INCLUDED = "Bring your own license", "License included"
ENGINES = {
    "postgres": Engine(name="PostgreSQL"),
    "mysql": Engine(name="MySQL"),
    "mariadb": Engine(name="MariaDB"),
    "aurora": Engine(name="Aurora MySQL"),
    "aurora-mysql": Engine(name="Aurora MySQL"),
    "aurora-postgresql": Engine(name="Aurora PostgreSQL"),
    "oracle-ee": Engine(name="Oracle", edition="Enterprise", license_model=BRING),
    "oracle-ee-cdb": Engine(name="Oracle", edition="Enterprise", license_model=BRING),
    "sqlserver-ex": Engine(name="SQL Server", edition="Express", license_model=INCLUDED),
    "sqlserver-web": Engine(name="SQL Server", edition="Web", license_model=INCLUDED),
    "sqlserver-se": Engine(name="SQL Server", edition="Standard", license_model=INCLUDED),
    "sqlserver-ee": Engine(name="SQL Server", edition="Enterprise", license_model=INCLUDED),
}
"""Attributes as Infracost filters them
(https://github.com/infracost/infracost/blob/02a71da50424afee08b97dd3b6b6dd81d1ab913b/internal/resources/aws/db_instance.go)."""
ORACLE_LICENSES = {"bring-your-own-license": BRING, "license-included": INCLUDED}
OUT_OF_SUPPORT = {
    "mysql": ("5.7", "8.0"),
    "postgres": ("11", "12", "13"),
    "aurora": ("5.7",),
    "aurora-mysql": ("5.7",),
    "aurora-postgresql": ("11", "12", "13"),
}
"""Major versions whose extended support had begun by November 2026, charged by vCPU and hour
(the calendars that the same file cites: MySQL 8.0 from 2026-08-01, PostgreSQL 13 from 2026-03-01)."""


def engine_of(view: View) -> Engine:
    """Return the engine of an instance or cluster.

    Raises:
        UnpriceableError: It has no price here, or its version is charged extra.
    """
    name = view.text("engine")
    if name in ("oracle-se2", "oracle-se2-cdb"):
        return Engine(name="Oracle", edition="Standard Two", license_model=_oracle_license(view))
    if name not in ENGINES:
        message = f"no price of the engine {name[:60]!r} is built in"
        raise UnpriceableError(message)
    _require_supported(view, name)
    return ENGINES[name]


def _oracle_license(view: View) -> str:
    model = view.text("licenseModel")
    if model not in ORACLE_LICENSES:
        message = f"licenseModel is {model[:60]!r}, which is none of {', '.join(ORACLE_LICENSES)}"
        raise UnpriceableError(message)
    return ORACLE_LICENSES[model]


def _require_supported(view: View, engine: str) -> None:
    version = view.text("engineVersion", default="")
    old = any(version == known or version.startswith(f"{known}.") for known in OUT_OF_SUPPORT.get(engine, ()))
    support = view.text("engineLifecycleSupport", default="open-source-rds-extended-support")
    if old and not support.endswith("-disabled"):
        message = f"{engine} {version} is in extended support, which adds a price for each vCPU that is not built in"
        raise UnpriceableError(message)
