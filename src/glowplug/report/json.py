"""The document of ``check --format json``: ``glowplug.check/1``; its JSON Schema is ``check.schema.json``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import glowplug
from glowplug.rehearsal.measured import Data, DataOutcome, Measurement
from glowplug.report.harmless import BRACKETED_COMMAND

if TYPE_CHECKING:
    from glowplug.check.report import ChainReport, CheckReport, Problem
    from glowplug.database.trace import Seen, Trace
    from glowplug.finding import Finding, Related, SafeForm, Suppression
    from glowplug.project import Migration
    from glowplug.rehearsal import ChainDown, RoundTrip, StepError
    from glowplug.rehearsal.measured import Loss, Refusal
    from glowplug.schema import Difference
    from glowplug.scratch.interface import ServerDescription

SCHEMA = "glowplug.check/1"
Document = dict[str, Any]


def render(report: CheckReport, *, verbosity: int = 0) -> str:  # noqa: ARG001 - a program gets all
    """Render the whole document as ASCII, indented, with a line end."""
    text = json.dumps(document(report), indent=2, ensure_ascii=True)
    return re.sub(BRACKETED_COMMAND, r"\\u0023#", text) + "\n"


def document(report: CheckReport) -> Document:
    """Give the document as plain values."""
    return {
        "schema": SCHEMA,
        "glowplug": glowplug.__version__,
        "outcome": report.answer.value,
        "base": report.base,
        "notes": list(report.notes),
        "error": _problem(report.problem),
        "chains": [_chain(chain) for chain in report.chains],
    }


def _problem(problem: Problem | None) -> Document | None:
    if problem is None:
        return None
    message = problem.message if problem.advice is None else f"{problem.message}\n{problem.advice}"
    return {"message": message, "file": problem.file, "line": problem.line}


def _chain(report: ChainReport) -> Document:
    chain = report.chain
    trips = {} if report.rehearsal is None else {trip.migration.path: trip for trip in report.rehearsal.round_trips}
    return {
        "directory": chain.directory,
        "backend": chain.dialect.value,
        "backend_reason": chain.dialect_reason,
        "chain_digest": f"sha256:{chain.chain_digest}",
        "seconds": round(report.seconds, 3),
        "error": _problem(report.problem),
        "parts": list(report.parts),
        "scratch": _scratch(report.scratch),
        "migrations": [
            _migration(migration, trips.get(migration.path), new=report.is_new(migration))
            for migration in chain.migrations
        ],
        "chain_down": _chain_down(None if report.rehearsal is None else report.rehearsal.chain_down),
        "findings": [_finding(finding) for finding in report.findings],
    }


def _scratch(scratch: ServerDescription | None) -> Document | None:
    if scratch is None:
        return None
    return {
        "server": scratch.server,
        "source": scratch.source,
        "matches_production": scratch.matches_production,
        "superuser": scratch.superuser,
        "stand_ins": list(scratch.stand_ins),
        "foreign_keys": scratch.foreign_keys,
        "notes": list(scratch.notes),
    }


def _migration(migration: Migration, trip: RoundTrip | None, *, new: bool) -> Document:
    return {
        "version": migration.version,
        "name": migration.name,
        "new": new,
        "digest": f"sha256:{migration.digest}",
        "chain_digest": f"sha256:{migration.chain_digest}",
        "round_trip": _round_trip(trip),
        "cached": trip is not None and trip.cached,
        **_measurement(None if trip is None else trip.measurement),
    }


def _round_trip(trip: RoundTrip | None) -> Document:
    if trip is None:
        return {
            "outcome": "not_reached",
            "second_up": None,
            "second_up_differences": [],
            "empty_down_runs": None,
            "error": None,
            "differences": [],
        }
    return {
        "outcome": trip.outcome.value,
        "second_up": None if trip.second_up is None else trip.second_up.value,
        "second_up_differences": [_difference(item) for item in trip.second_up_differences],
        "empty_down_runs": trip.empty_down_runs,
        "error": _step_error(trip.error),
        "differences": [_difference(item) for item in trip.differences],
    }


def _measurement(measurement: Measurement | None) -> Document:
    measured = measurement or Measurement(
        observed=None, observed_down=None, data=Data(outcome=DataOutcome.NOT_MEASURED, why="it was not rehearsed")
    )
    return {
        "observed": _trace(measured.observed),
        "observed_down": _trace(measured.observed_down),
        "data": _data(measured.data),
    }


def _trace(trace: Trace | None) -> Document:
    if trace is None:
        return {"statements": [], "blind": "it was not looked at"}
    return {"statements": [_seen(statement) for statement in trace.statements], "blind": trace.blind}


def _seen(seen: Seen) -> Document:
    return {
        "line": seen.line,
        "seconds": round(seen.seconds, 6),
        "error": None if seen.error is None else seen.error.message,
        "locks": [
            {"relation": lock.relation, "mode": lock.mode, "held_seconds": _seconds(lock.held_seconds)}
            for lock in seen.locks
        ],
        "rewritten": list(seen.rewritten),
        "scanned": list(seen.scanned),
        "rebuilt_indexes": list(seen.rebuilt_indexes),
        "algorithm": seen.algorithm,
        "lock": seen.lock,
        "rows_written": seen.rows_written,
        "write_lock_seconds": _seconds(seen.write_lock_seconds),
    }


def _seconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _data(data: Data) -> Document:
    return {
        "outcome": data.outcome.value,
        "why": data.why,
        "text_says": data.text_says.value,
        "losses": [_loss(loss) for loss in data.losses],
        "odd_losses": [_loss(loss) for loss in data.odd_losses],
        "not_seeded": [{"table": item.table, "why": item.why} for item in data.not_seeded],
        "refusals": [_refusal(refusal) for refusal in data.refusals],
        "up_again": None if data.up_again is None else _refusal(data.up_again),
        "elsewhere": [
            {
                "world": other.world,
                "outcome": other.outcome.value,
                "losses": [_loss(loss) for loss in other.losses],
                "error": None if other.failure is None else other.failure.error.message,
            }
            for other in data.elsewhere
        ],
    }


def _loss(loss: Loss) -> Document:
    return {
        "table": loss.table,
        "column": loss.column,
        "by": loss.by.value,
        "how": loss.how.value,
        "rows": loss.rows,
        "of": loss.of,
        "written": loss.written.value,
        "expected": loss.expected,
        "examples": [{"before": example.before, "after": example.after} for example in loss.examples],
    }


def _refusal(refusal: Refusal) -> Document:
    return {
        "by": refusal.direction.value,
        "table": refusal.table,
        "column": refusal.column,
        "value": refusal.value,
        "written": refusal.written.value,
        "query": refusal.query,
        "world": refusal.world,
        "enough": refusal.enough,
        "message": refusal.error.message,
    }


def _step_error(error: StepError | None) -> Document | None:
    if error is None:
        return None
    return {
        "sqlstate": error.error.code,
        "message": error.error.message,
        "detail": error.error.detail,
        "hint": error.error.hint,
        "file": error.file,
        "line": error.error.line,
        "column": error.error.column,
    }


def _difference(item: Difference) -> Document:
    return {
        "kind": item.kind,
        "name": item.name,
        "property": item.property,
        "before": item.before,
        "after": item.after,
    }


def _chain_down(down: ChainDown | None) -> Document:
    if down is None:
        return {"outcome": "skipped", "failed_at": None, "reverted": 0, "left": [], "error": None}
    return {
        "outcome": down.outcome.value,
        "failed_at": down.failed_at,
        "reverted": down.reverted,
        "left": [{"kind": item.kind, "name": item.name} for item in down.left],
        "error": _step_error(down.error),
    }


def _finding(finding: Finding) -> Document:
    place = finding.place
    return {
        "rule": finding.rule,
        "hazards": list(finding.hazards),
        "severity": finding.severity.value,
        "harm": finding.harm.value,
        "fingerprint": finding.fingerprint,
        "version": finding.version,
        "file": None if place is None else place.file,
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
        "end_line": None if place is None else place.end_line,
        "end_column": None if place is None else place.end_column,
        "message": finding.message,
        "related": [_related(related) for related in finding.related],
        "safe_form": _safe_form(finding.safe_form),
        "basis": None if finding.basis is None else finding.basis.value,
        "suppressed": _suppressed(finding.suppressed),
    }


def _related(related: Related) -> Document:
    place = related.place
    return {"file": place.file, "line": place.line, "column": place.column, "message": related.message}


def _safe_form(form: SafeForm | None) -> Document | None:
    if form is None:
        return None
    steps = [
        {
            "name": step.name,
            "up": step.up,
            "down": step.down,
            "run_in_transaction": step.run_in_transaction,
            "note": step.note,
        }
        for step in form.steps
    ]
    return {"steps": steps, "patch": form.patch, "note": form.note}


def _suppressed(suppressed: Suppression | None) -> Document | None:
    if suppressed is None:
        return None
    return {"reason": suppressed.reason, "source": suppressed.source, "evidence": list(suppressed.evidence)}
