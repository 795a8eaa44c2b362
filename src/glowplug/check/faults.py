"""The kinds of findings that a rehearsal, and what surrounds it, can give."""

from __future__ import annotations

from glowplug.finding import Fault, Harm, Severity

UP_FAILS = Fault(rule="up-fails", severity=Severity.ERROR, harm=Harm.FAILS)
DOWN_FAILS = Fault(rule="down-fails", hazards=(131, 132), severity=Severity.ERROR, harm=Harm.FAILS)
DOWN_DOES_NOT_RESTORE = Fault(
    rule="down-does-not-restore", hazards=(128,), severity=Severity.ERROR, harm=Harm.INTEGRITY
)
DOWN_RESTORES_BUT_FOR_NOISE = Fault(
    rule="down-restores-but-for-noise", hazards=(128,), severity=Severity.NOTICE, harm=Harm.STYLE
)
SECOND_UP_FAILS = Fault(rule="second-up-fails", hazards=(128,), severity=Severity.ERROR, harm=Harm.FAILS)
SECOND_UP_DIFFERS = Fault(rule="second-up-differs", hazards=(128,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
RECORD_IS_LOST = Fault(rule="record-is-lost", hazards=(), severity=Severity.ERROR, harm=Harm.INTEGRITY)
WAY_DOWN_FAILS = Fault(rule="way-down-fails", hazards=(132,), severity=Severity.ERROR, harm=Harm.FAILS)
WAY_DOWN_BROKEN = Fault(rule="way-down-broken", hazards=(132,), severity=Severity.ERROR, harm=Harm.FAILS)
WAY_DOWN_LEAVES = Fault(rule="way-down-leaves", hazards=(128,), severity=Severity.ERROR, harm=Harm.INTEGRITY)
HISTORY_STOPS = Fault(rule="history-stops", severity=Severity.NOTICE, harm=Harm.FAILS)
MOSTLY_WITHOUT_DOWNS = Fault(rule="mostly-without-downs", hazards=(127,), severity=Severity.NOTICE, harm=Harm.FAILS)
FORWARD_ONLY = Fault(rule="forward-only", hazards=(127,), severity=Severity.NOTICE, harm=Harm.FAILS)
EDITED_SINCE_BASE = Fault(rule="edited-since-base", hazards=(122,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
GONE_SINCE_BASE = Fault(rule="gone-since-base", hazards=(122,), severity=Severity.ERROR, harm=Harm.INTEGRITY)
OUT_OF_ORDER = Fault(rule="out-of-order", hazards=(122,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
CAGE_CHANGED = Fault(rule="cage-changed", severity=Severity.ERROR, harm=Harm.SECURITY)
SETTINGS_CHANGED = Fault(rule="settings-changed", severity=Severity.WARNING, harm=Harm.SECURITY)
ALLOW_EXPIRED = Fault(rule="allow-expired", severity=Severity.ERROR, harm=Harm.STYLE)
ALLOW_UNNEEDED = Fault(rule="allow-unneeded", severity=Severity.WARNING, harm=Harm.STYLE)
ALLOW_WITHOUT_REASON = Fault(rule="allow-without-reason", severity=Severity.ERROR, harm=Harm.STYLE)
LEFT_OUT = Fault(rule="directory-left-out", severity=Severity.ERROR, harm=Harm.SECURITY)
