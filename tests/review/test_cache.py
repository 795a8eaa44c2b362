from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import Excerpt, Place, Related, SafeForm, Severity, Step
from glowplug.review import cache as module
from glowplug.review import faults
from glowplug.review.cache import Cache, key_of
from glowplug.review.context import Terms
from glowplug.review.reviewed import AllowComment, AllowWords, Broken, Reviewed
from glowplug.store import machinery, shelf

from .planted import chain_of

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a" * 64
PLACE = Place(file="up.sql", line=1, column=2)
FINDING = replace(
    faults.SQL_NOT_SEEN.found("é\n", version="1", migration="1_m", place=PLACE, severity=Severity.ERROR),
    related=(Related(place=PLACE, message="there"),),
    safe_form=SafeForm(steps=(Step(name="a", up="b", down="c", run_in_transaction=False, note="d"),), patch="e"),
    excerpt=Excerpt(line=1, text="x"),
)
COMMENT = AllowComment(place=PLACE, version="1", migration="1_m", words=AllowWords(rules=("a",), rows=3), start=(1, 2))
ANSWER = Reviewed(findings=(FINDING,), comments=(COMMENT,))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache.of({"GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")})


def entry(cache: Cache) -> Path:
    assert cache.directory is not None
    (file,) = cache.directory.iterdir()
    return file


def test_what_is_stored_comes_back_as_it_was(cache: Cache) -> None:
    assert cache.load(KEY) is None
    cache.store(KEY, ANSWER)
    assert cache.load(KEY) == ANSWER
    assert cache.load("b" * 64) is None
    assert stat.S_IMODE(entry(cache).stat().st_mode) == 0o600


def test_an_answer_with_a_bug_is_not_kept(cache: Cache) -> None:
    cache.store(KEY, replace(ANSWER, broken=(Broken(what="a", place=PLACE, error="b", trace="c"),)))
    assert cache.load(KEY) is None


def test_a_name_that_is_no_text_is_not_kept_and_no_failure(cache: Cache) -> None:
    cache.store(KEY, Reviewed(findings=(replace(FINDING, message="\udcff"),)))
    assert cache.load(KEY) is None


@pytest.mark.parametrize("change", [b"", b"short", None, "flip", "other key", "payload"])
def test_what_was_changed_is_not_trusted(cache: Cache, change: bytes | str | None) -> None:
    cache.store(KEY, ANSWER)
    file = entry(cache)
    content = file.read_bytes()
    if change is None:
        content = content[:-1]
    elif change == "flip":
        content = content[:-1] + bytes((content[-1] ^ 1,))
    elif change == "other key":
        file = file.rename(file.with_name("c" * 64))
    elif change == "payload":
        content = content[:32] + b"\x80"
    elif isinstance(change, bytes):
        content = change
    file.write_bytes(content)
    assert cache.load(file.name) is None


def test_what_has_the_checksum_and_is_no_answer_is_not_trusted(cache: Cache) -> None:
    cache.store(KEY, ANSWER)
    file = entry(cache)
    payload = b"\x93nonsense"
    file.write_bytes(shelf._digest(KEY, payload).digest() + payload)  # noqa: SLF001 - a forger knows it too
    assert cache.load(KEY) is None


def test_what_others_can_write_is_not_trusted(cache: Cache) -> None:
    cache.store(KEY, ANSWER)
    entry(cache).chmod(0o666)
    assert cache.load(KEY) is None


@pytest.mark.parametrize("kind", ["file", "nowhere", "directory"])
def test_a_place_that_can_not_be_written_keeps_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(directory=tmp_path / "file" / "review" if kind == "file" else tmp_path / "review")
    if kind == "nowhere":
        cache = Cache(directory=None)
    if kind == "directory":
        (tmp_path / "review" / KEY).mkdir(parents=True)
    cache.store(KEY, ANSWER)
    assert cache.load(KEY) is None


def test_it_is_bounded(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    for number in range(5):
        cache.store(f"{number:064}", ANSWER)
        os.utime(cache.directory / f"{number:064}", ns=(number, number)) if cache.directory else None
    assert cache.directory is not None
    assert sorted(int(path.name) for path in cache.directory.iterdir()) == [2, 3, 4]
    monkeypatch.setattr(module, "LARGEST", 10)
    cache.store(KEY, ANSWER)
    assert cache.load(KEY) is None


def test_a_store_that_fails_halfway_leaves_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store(KEY, ANSWER)
    assert cache.directory is not None

    def full(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(shelf.Path, "replace", full)
    cache.store("b" * 64, ANSWER)
    assert [path.name for path in cache.directory.iterdir()] == [KEY]


def test_the_key_is_all_that_an_answer_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = chain_of(("SELECT 1;", None), ("SELECT 2;", "SELECT 3;"))
    terms = Terms.of(chain)
    first, second = chain.migrations

    def key(changed: object = None, **others: object) -> str:
        return key_of(changed or chain, **{"terms": terms, "new": frozenset(), **others})  # type: ignore[arg-type]

    keys = [
        key(),
        key(terms=replace(terms, session_setup=("SET x = 1",))),
        key(terms=replace(terms, dialect=Dialect.SQLITE)),
        key(terms=replace(terms, foreign_keys=True)),
        key(new=frozenset({first.name})),
        key(new=frozenset({second.name})),
        key(known=False),
        key(replace(chain, directory="elsewhere")),
        key(replace(chain, migrations=(first,))),
        key(replace(chain, migrations=(first, replace(second, chain_digest="d")))),
        key(replace(chain, migrations=(first, replace(second, path="moved")))),
        key(replace(chain, migrations=(first, replace(second, runnable=False)))),
        key(replace(chain, migrations=(first, replace(second, run_in_transaction=False)))),
    ]
    assert key() == keys[0]
    package = tmp_path / "glowplug"
    (package / "review" / "rules").mkdir(parents=True)
    for room in ("sql", "schema", "project", "store"):
        (package / room).mkdir()
    rule = package / "review" / "rules" / "a.py"
    monkeypatch.setattr(machinery.glowplug, "__file__", str(package / "__init__.py"))
    keys.append(key())
    rule.write_text("1")
    keys.append(key())
    rule.write_text("2")
    keys.append(key())
    for room in ("sql", "schema", "project", "store"):
        (package / room / "a.py").write_text("")
        keys.append(key())
    monkeypatch.setattr(machinery.glowplug, "__version__", "99")
    keys.append(key())
    assert len(set(keys)) == len(keys)


REVIEWS = """
import sys
from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.engine import review
from glowplug.review.context import Terms

before = set(sys.modules)
for dialect in Dialect:
    text = b"CREATE TABLE t (a int); ALTER TABLE t ADD b text; DO 1; no SQL;"
    one = Migration(version="1", name="1", path="m/1", up=text, down=text)
    chain = Chain(directory="m", dialect=dialect, migrations=(one,), settings=ChainSettings())
    assert not review(chain, Terms.of(chain)).broken
for name in set(sys.modules) - before:
    if "site-packages" in (getattr(sys.modules[name], "__file__", None) or ""):
        print(name.split(".")[0])
"""


def test_every_parser_that_a_review_loads_is_in_the_key() -> None:
    loaded = subprocess.run([sys.executable, "-c", REVIEWS], capture_output=True, text=True, check=True).stdout
    keyed = {name.split(".")[0] for name in module._PARSERS}  # noqa: SLF001 - that is what is asserted of it
    assert set(loaded.split()) == keyed
