"""``python -m glowplug``."""

from __future__ import annotations

from glowplug.cli import main

if __name__ == "__main__":
    main()
