"""A second opinion on downs, by a method that shares no code with glowplug: plain drivers, and dumps compared as text.

For every migration a fresh database: the ups before it, dump, its up, its down, dump again.
"""

from __future__ import annotations
