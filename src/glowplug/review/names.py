"""The names of all rules, by a walk over their files that imports none of them."""

from __future__ import annotations

import functools
import pkgutil
from pathlib import Path

from glowplug.finding import Fault, Harm
from glowplug.review import faults

RULES = Path(__file__).parent / "rules"


@functools.cache
def rule_files() -> dict[str, tuple[Harm, str]]:
    """Give every rule's name with its harm (the folder) and module; names are the files', with dashes.

    A file whose name begins with an underscore is no rule, but what several say.
    """
    found = {}
    for folder in pkgutil.iter_modules([str(RULES)]):
        for file in pkgutil.iter_modules([str(RULES / folder.name)]):
            if file.name.startswith("_"):
                continue
            module = f"{__package__}.rules.{folder.name}.{file.name}"
            found[file.name.replace("_", "-")] = (Harm(folder.name.replace("_", "-")), module)
    return dict(sorted(found.items()))


@functools.cache
def review_names() -> frozenset[str]:
    """Give the name of everything that the review can find: its rules, and what it says by itself."""
    own = {fault.rule for fault in vars(faults).values() if isinstance(fault, Fault)}
    return frozenset(own | rule_files().keys())
