"""Every command with the first line of its help, so that listing them imports none; `make docs` writes it."""

from __future__ import annotations

COMMANDS = {
    "cache": "Show and clear what is kept between runs.",
    "check": "Prove every migration: reviewed, then up, down and up again, with rows in it, and the whole way down.",
    "completion": "Print the completion script of a shell.",
    "explain": "Say what a rule finds, why it is harmful, what to write instead, and how that was proven.",
    "lint": "Review every migration for known hazards: no database, no server.",
    "rules": "List everything that is looked for: name, kind, severity, harm, backends, hazards.",
    "server": "Install and list scratch servers.",
}
