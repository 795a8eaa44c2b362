"""The kinds of findings about the files of a migrations directory, before any SQL is read or run."""

from __future__ import annotations

from glowplug.finding import Fault, Harm, Severity

# What Diesel refuses, or silently drops.
VERSION_COLLISION = Fault(rule="version-collision", hazards=(121,), severity=Severity.ERROR, harm=Harm.INTEGRITY)
NO_UP = Fault(rule="no-up", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
DANGLING_LINK = Fault(rule="dangling-link", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)

# What makes a file fail for certain when it is run.
UNREADABLE_FILE = Fault(rule="unreadable-file", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
UP_IS_EMPTY = Fault(rule="up-is-empty", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
BYTE_ORDER_MARK = Fault(rule="byte-order-mark", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
NUL_BYTE = Fault(rule="nul-byte", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
NOT_UTF8 = Fault(rule="not-utf8", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
VERSION_TOO_LONG = Fault(rule="version-too-long", hazards=(121,), severity=Severity.ERROR, harm=Harm.FAILS)

# What glowplug does not read, though Diesel would.
LINK_LEAVES_CHECKOUT = Fault(rule="link-leaves-checkout", hazards=(123,), severity=Severity.ERROR, harm=Harm.SECURITY)

# What runs, though hardly as it was meant.
VERSION_IS_CUT = Fault(rule="version-is-cut", hazards=(121,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
ORDER_IS_BYTEWISE = Fault(rule="order-is-bytewise", hazards=(121,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
DOWN_IS_MISSING = Fault(rule="down-is-missing", hazards=(127,), severity=Severity.WARNING, harm=Harm.FAILS)
DOWN_IS_EMPTY = Fault(rule="down-is-empty", hazards=(127,), severity=Severity.WARNING, harm=Harm.FAILS)
METADATA_WITHOUT_KEY = Fault(rule="metadata-without-key", hazards=(119,), severity=Severity.WARNING, harm=Harm.FAILS)
METADATA_IGNORED = Fault(rule="metadata-ignored", hazards=(119,), severity=Severity.WARNING, harm=Harm.FAILS)
METADATA_UNKNOWN_KEY = Fault(rule="metadata-unknown-key", hazards=(119,), severity=Severity.WARNING, harm=Harm.STYLE)
