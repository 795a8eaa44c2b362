"""Print the index of a directory of commands: what ``glowplug --help`` lists without importing one.

``python tools/command_index.py src/glowplug/cli``. A public module is a command; its ``command`` function's docstring
begins with the help line.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

HEAD = '''\
"""Every command with the first line of its help, so that listing them imports none; `make docs` writes it."""

from __future__ import annotations

COMMANDS = {
'''


def help_line(module: Path) -> str:
    """Give the first line of the docstring of a module's ``command``.

    Raises:
        SystemExit: there is no such function, or no docstring.
    """
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == "command" and (text := ast.get_docstring(node)):
            return text.partition("\n")[0]
    raise SystemExit(f"{module}: no function named command with a docstring")


def index(directory: Path) -> str:
    """Give the text of the index of a directory of commands."""
    modules = sorted(path for path in directory.glob("[!_]*.py"))
    lines = [
        f"    {json.dumps(path.stem.replace('_', '-'))}: {json.dumps(help_line(path), ensure_ascii=False)},\n"
        for path in modules
    ]
    return f"{HEAD}{''.join(lines)}}}\n"


if __name__ == "__main__":
    sys.stdout.write(index(Path(sys.argv[1])))
