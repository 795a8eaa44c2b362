"""Versions of servers, as ``server_version`` in glowplug.toml says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.project.server_version import NAMES, vendor_and_number

if TYPE_CHECKING:
    from glowplug.dialect import Dialect


class Version(msgspec.Struct, frozen=True):
    """A server's vendor (``postgresql``, ``mysql``, ``mariadb``, ``sqlite``) and version numbers."""

    vendor: str
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, text: str, dialect: Dialect) -> Version:
        """Read ``16``, ``16.4``, ``8.4``, ``mariadb-10.11``, ``10.11``, ``3.46``; what holds no number has none."""
        vendor, number = vendor_and_number(text, dialect)
        return cls(vendor, tuple(int(part) for part in number.split(".") if part))

    def __str__(self) -> str:
        """As people say it."""
        return f"{NAMES[self.vendor]} {'.'.join(map(str, self.numbers))}".rstrip()


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """A range: of one ``vendor`` or of any, from ``since`` on, before ``until``."""

    vendor: str | None = None
    since: tuple[int, ...] = ()
    until: tuple[int, ...] | None = None

    def __contains__(self, version: Version) -> bool:
        """Whether the version is in the range."""
        if self.vendor is not None and version.vendor != self.vendor:
            return False
        return version.numbers >= self.since and (self.until is None or version.numbers < self.until)


ANY = Versions()
"""Every version of every vendor."""
