"""What is known of code of the user's that may run though no file names it, while nobody looks at what files do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.local import statement_kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.database.postgres.circumstances import Circumstances
    from glowplug.sql.postgres_locality import Locality

_PLANTING = "create_trig_stmt"


class UsersCode:
    """Remembers what was read of it, until a file may have made it otherwise."""

    def __init__(self) -> None:
        """Know nothing."""
        self._known: Circumstances | None = None

    def runs(self, local: Locality | None, text: str) -> None:
        """A file runs, of which ``local`` is known: it may make code, or have some called by what called none."""
        if local is None or local.defines or _PLANTING in statement_kinds(text):
            self._known = None

    def forget(self) -> None:
        """Know nothing any more."""
        self._known = None

    def hides(self, read: Callable[[], Circumstances]) -> bool:
        """Whether some may run that no text names, and do anything; ``read`` tells, with its errors, if need be."""
        if self._known is None:
            self._known = read()
        return self._known.hidden_code

    def lets_be(self, local: Locality | None, read: Callable[[], Circumstances]) -> bool:
        """Whether a file of which ``local`` is known changes no row, and nothing that it does not say."""
        return local is not None and not local.writes and not (local.evaluates and self.hides(read))

    @property
    def is_tame(self) -> bool:
        """Whether it is known that none does more than change the row that it answers to."""
        known = self._known
        return known is not None and not (known.answered or known.triggering or known.guarded or known.hidden_code)

    @property
    def leaves_bookkeeping(self) -> bool:
        """Whether it is known that none answers to what is recorded and forgotten, and that none can come to unseen."""
        known = self._known
        return known is not None and not (known.answered or known.triggering or known.hidden_code or known.forbidding)
