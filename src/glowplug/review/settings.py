"""``[review]`` of glowplug.toml: how much each rule weighs, for the whole project and for some of its files."""

from __future__ import annotations

import enum
import fnmatch
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.finding import Severity
from glowplug.review.names import review_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from glowplug.finding import Finding
    from glowplug.project import Configuration

SECTION = "review"


class Level(enum.StrEnum):
    """What a rule's findings weigh; ``off``: they are left out."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    OFF = "off"


class PathSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[review.path]]``: ``paths`` are patterns relative to the project's root, ``*`` matches ``/`` as well."""

    paths: tuple[str, ...]
    severity: dict[str, str]

    def holds(self, file: str) -> bool:
        """Whether it is about this file."""
        return any(fnmatch.fnmatchcase(file, pattern) for pattern in self.paths)


class ReviewSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[review]``; of several ``[[review.path]]`` that are about a file and a rule, the last one counts."""

    severity: dict[str, str] = {}
    path: tuple[PathSettings, ...] = ()

    @classmethod
    def of(
        cls, configuration: Configuration, why_not: Callable[[str], str | None] = lambda _rule: None
    ) -> ReviewSettings:
        """Read it; ``why_not`` says of a rule that others than the review have why it can't be weighed here.

        Raises:
            ConfigurationError: an unknown key, rule or severity, a rule of others, a wrong type.
        """
        settings = configuration.section(SECTION, cls)
        _verify(configuration, settings.severity, (SECTION, "severity"), why_not)
        for index, path in enumerate(settings.path):
            _verify(configuration, path.severity, (SECTION, "path", index, "severity"), why_not)
        return settings

    def apply(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Give the review's findings their severities, and leave out what is off."""
        if not self.severity and not self.path:
            return tuple(findings)
        weighed = ((finding, self._level(finding)) for finding in findings)
        return tuple(
            finding if level is None else replace(finding, severity=Severity(level))
            for finding, level in weighed
            if level != Level.OFF
        )

    def _level(self, finding: Finding) -> str | None:
        if finding.rule not in review_names():
            return None
        level = self.severity.get(finding.rule)
        file = finding.place.file if finding.place else ""
        for path in self.path:
            if finding.rule in path.severity and path.holds(file):
                level = path.severity[finding.rule]
        return level


def _verify(
    configuration: Configuration,
    severities: Mapping[str, str],
    path: tuple[str | int, ...],
    why_not: Callable[[str], str | None],
) -> None:
    for rule, level in severities.items():
        if rule not in review_names():
            reason = why_not(rule)
            if reason is not None:
                raise configuration.error(reason, (*path, rule))
            import difflib  # noqa: PLC0415 - only where a name is wrong

            close = difflib.get_close_matches(rule, sorted(review_names()), n=1)
            meant = f"; is {close[0]!r} meant?" if close else "; `glowplug rules` lists them"
            raise configuration.error(f"there is no rule {rule!r}{meant}", (*path, rule))
        if level not in set(Level):
            allowed = ", ".join(f'"{each.value}"' for each in Level)
            raise configuration.error(f"{rule}: {level!r} is not allowed; one of {allowed}", (*path, rule))
