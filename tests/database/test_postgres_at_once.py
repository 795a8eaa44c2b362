"""What several threads do at once, each with a session of its own, does not end the process."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading, time
from glowplug.database.postgres import table_catalogue

class Nothing:
    def get_value(self, row, column):
        return b"[]"

def read(later):
    time.sleep(later)
    table_catalogue.answers(Nothing())

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=read, args=(0.01 + number * 0.00002,)) for number in range(30)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
PROCESSES = 10  # of which a third ended where the type was not made ready by one thread


def test_tables_are_read_for_the_first_time_by_many_threads_at_once() -> None:
    ended = [subprocess.run([sys.executable, "-c", PROGRAM], check=False).returncode for _ in range(PROCESSES)]
    assert ended == [0] * PROCESSES
