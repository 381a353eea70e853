"""The hosts file: how to log in to each host, which addresses to measure, what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from clearway.base.errors import UsageError
from clearway.base.texts import is_clean
from clearway.base.units import Rate
from clearway.spec.load import SpecSource, dump_mapping, read_file, read_model
from clearway.spec.types import RateField, VersionField, refusal

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _destination(text: str) -> str:
    """Refuse what ssh would read as an option or as a user name."""
    if not text or text.startswith("-") or "@" in text or any(sign.isspace() for sign in text):
        raise refusal(UsageError("hosts.not-a-destination"))
    return text


def _ip(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise refusal(UsageError("hosts.not-an-address")) from None


def _label(text: str) -> str:
    """Refused, not replaced: a person can mend the file."""
    if not is_clean(text) or "\n" in text:
        raise refusal(UsageError("hosts.not-plain-text"))
    return text


LabelField = Annotated[str, AfterValidator(_label)]
Word = Annotated[str, AfterValidator(_destination)]
IpField = Annotated[str, AfterValidator(_ip)]
PortField = Annotated[int, Field(ge=1, le=65_535)]


class _HostsPart(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


class HostDefaults(_HostsPart):
    """What holds for every host that doesn't say otherwise."""

    user: Word | None = Field(None, description="Who logs in; left out: as ssh decides.")
    port: PortField | None = Field(None, description="Port of its sshd; left out: as ssh decides.")
    key: Path | None = Field(
        None, description="Private key file, from the folder of this file; left out: as ssh decides."
    )
    python: Word = Field("python3", description="A Python of 3.9 or newer there.")
    zone: LabelField | None = Field(None, min_length=1, description="Zone that it is in.")
    link: RateField | None = Field(
        None, gt=Rate(0), description="Rate of its link; left out: as the NIC says, if it is a physical one."
    )


class Host(_HostsPart):
    """One host; what is left out is as in `defaults`."""

    name: str = Field(pattern=_NAME, max_length=253, description="Its name in reports.")
    address: Word = Field(description="Where ssh goes: an address, a name, or an alias of your ssh configuration.")
    user: Word | None = Field(None, description="Who logs in.")
    port: PortField | None = Field(None, description="Port of its sshd.")
    key: Path | None = Field(None, description="Private key file.")
    python: Word | None = Field(None, description="A Python of 3.9 or newer there.")
    zone: LabelField | None = Field(None, min_length=1, description="Zone that it is in.")
    machine: LabelField | None = Field(
        None, min_length=1, description="Physical machine that it shares with other hosts; left out: it is one itself."
    )
    link: RateField | None = Field(None, gt=Rate(0), description="Rate of its link.")
    data_addresses: tuple[IpField, ...] = Field(
        (), description="Addresses to measure, the preferred one first; left out: where ssh arrives."
    )

    def with_defaults(self, defaults: HostDefaults) -> Host:
        unsaid = {name: getattr(defaults, name) for name in HostDefaults.model_fields if getattr(self, name) is None}
        return self.model_copy(update=unsaid)

    @property
    def interpreter(self) -> str:
        return self.python or "python3"

    def in_folder(self, folder: Path) -> Host:
        """With the key's path relative to the folder of the hosts file."""
        return self.model_copy(update={"key": _placed(self.key, folder)})


class HostsSpec(_HostsPart):
    """Plain hosts, reached by ssh."""

    version: VersionField = Field(description="Version of this format: 1.")
    host_keys: Literal["strict", "accept-new"] = Field(
        "strict", description="strict: only hosts whose key is known already; accept-new: an unknown one is remembered."
    )
    known_hosts: Path | None = Field(None, description="File of the known keys; left out: as ssh decides.")
    defaults: HostDefaults = Field(HostDefaults(), description="What holds for every host that doesn't say otherwise.")
    hosts: tuple[Host, ...] = Field(min_length=2, description="The hosts; a pair needs two.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [
            *self._twice("name", "hosts.duplicate-name", lambda host: host.name),
            *self._twice("address", "hosts.duplicate-address", lambda host: (host.address, host.port)),
        ]
        if problems:
            raise ValidationError.from_exception_data("hosts", problems)
        return self

    def _twice(self, field: str, code: str, key: Callable[[Host], Any]) -> Iterator[InitErrorDetails]:
        first: dict[Any, str] = {}
        for index, host in enumerate(self.resolved()):
            if key(host) in first:
                problem = refusal(UsageError(code, first=first[key(host)]))
                yield InitErrorDetails(type=problem, loc=("hosts", index, field), input=getattr(host, field))
            first.setdefault(key(host), host.name)

    def resolved(self) -> tuple[Host, ...]:
        """Every host with the defaults put in."""
        return tuple(host.with_defaults(self.defaults) for host in self.hosts)

    def in_folder(self, folder: Path) -> HostsSpec:
        """With all paths relative to this folder."""
        update = {
            "known_hosts": _placed(self.known_hosts, folder),
            "defaults": self.defaults.model_copy(update={"key": _placed(self.defaults.key, folder)}),
            "hosts": tuple(host.in_folder(folder) for host in self.hosts),
        }
        return self.model_copy(update=update)


def load_hosts(path: Path) -> HostsSpec:
    """The hosts in a file. Raises SpecError with every problem at once."""
    return hosts_of(read_file(path))


def hosts_of(source: SpecSource) -> HostsSpec:
    """The hosts in a source; paths are relative to its folder. Raises SpecError."""
    return read_model(source, HostsSpec).in_folder(Path(source.name).absolute().parent)


def dump_hosts(spec: HostsSpec) -> str:
    """YAML that `hosts_of` reads back to equal hosts. It has the paths of keys, not their content."""
    return dump_mapping(spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True))


def _placed(file: Path | None, folder: Path) -> Path | None:
    return None if file is None else folder / file.expanduser()
