"""Every command with the first line of its help, so that listing them imports none; `make docs` writes it."""

from __future__ import annotations

COMMANDS = {
    "check": "Prove every migration: up, down and up again, then the whole way down.",
    "completion": "Print the completion script of a shell.",
    "server": "Install and list scratch servers.",
}
