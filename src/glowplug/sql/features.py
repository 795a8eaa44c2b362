"""What not every build of PostgreSQL has: which of it a file asks for, enough to choose a server by."""

from __future__ import annotations

import enum
import re


class Feature(enum.Enum):
    """Something that PostgreSQL is built with, or without.

    The value is what a server that was built without it says when it is asked for; a program that was built with it
    does not hold these words.
    """

    ICU = "ICU is not supported in this build"
    XML = "unsupported XML feature"
    LZ4 = "compression method lz4 not supported"

    def __str__(self) -> str:
        """For a person."""
        return self.name if self is not Feature.LZ4 else "lz4"


_ASKED = {
    Feature.ICU: re.compile(rb"""\bprovider\s*=?\s*['"]?icu\b|-x-icu\b""", re.IGNORECASE),
    Feature.XML: re.compile(
        rb"\bxml(?:agg|comment|concat|element|exists|forest|parse|pi|root|serialize|table|text)\s*\("
        rb"|\bxml_is_well_formed|\bxpath(?:_exists)?\s*\(|\b(?:table|query|cursor|schema|database)_to_xml"
        rb"|::\s*xml\b|\bAS\s+xml\s*\)",
        re.IGNORECASE,
    ),
    Feature.LZ4: re.compile(rb"""compression\s*(?:=|TO\b)?\s*['"]?lz4\b""", re.IGNORECASE),
}


def features_asked(sql: bytes) -> frozenset[Feature]:
    """Give what a file seems to ask for, also where that stands in a comment or a string."""
    return frozenset(feature for feature, asked in _ASKED.items() if asked.search(sql))
