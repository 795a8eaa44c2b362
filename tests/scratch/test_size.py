"""The limit on a scratch server's size: what counts, and what is said where it is reached."""

from __future__ import annotations

import threading

from glowplug.scratch.size import SizeWatch

LIMIT = 60 * 2**20
BASE = 33 * 2**20
PATIENCE = 5.0


def reached(size: int, *, base: int = 0) -> SizeWatch | None:
    """Watch a server of that size; None where it was looked at often and was not ended."""
    looks, ended = threading.Semaphore(0), threading.Event()

    def measure() -> int:
        looks.release()
        return size

    def interrupt(*, by_force: bool) -> None:
        del by_force
        ended.set()

    watch = SizeWatch(limit=LIMIT, base=base, measure=measure, interrupt=interrupt, interval=0.01)
    watch.start()
    try:
        for _ in range(3):
            assert looks.acquire(timeout=PATIENCE)
        return watch if ended.is_set() else None
    finally:
        watch.close()


def test_what_was_there_before_is_not_counted() -> None:
    assert reached(BASE + LIMIT, base=BASE) is None
    assert reached(BASE + LIMIT) is not None
    assert reached(BASE + LIMIT + 1, base=BASE) is not None


def test_what_is_said_names_the_setting_its_value_the_file_and_what_to_do() -> None:
    watch = reached(BASE + LIMIT + 1, base=BASE)
    assert watch is not None
    error = watch.error
    assert error.message == "the scratch server grew beyond [scratch] size_limit = 60 MiB, so this was ended"
    assert error.hint == (
        "Where the migration needs more room, give it more: size_limit under [scratch] in glowplug.toml."
    )


def test_it_rests_and_goes_on_as_it_was() -> None:
    looks = threading.Semaphore(0)

    def measure() -> int:
        looks.release()
        return 0

    watch = SizeWatch(limit=LIMIT, measure=measure, interrupt=lambda **_: None, interval=0.001)
    others = set(threading.enumerate())
    with watch.resting():
        assert not looks.acquire(timeout=0.1)
    assert not looks.acquire(timeout=0.1)
    watch.start()
    assert looks.acquire(timeout=PATIENCE)
    with watch.resting():
        assert others.issuperset(threading.enumerate())
    while looks.acquire(blocking=False):
        pass
    assert looks.acquire(timeout=PATIENCE)
    watch.close()
