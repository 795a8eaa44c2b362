"""glowplug.toml: typed, located errors, nothing unknown."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.project.configuration import ChainSettings, Configuration

if TYPE_CHECKING:
    from pathlib import Path


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    depth: int = 0


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size: int | str = 1
    flag: bool = False
    names: tuple[str, ...] = ()
    until: dt.date | None = None
    backend: Dialect | None = None
    inner: Inner = Inner()
    of_python: str = msgspec.field(name="of-toml", default="x")


class Required(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rule: str
    because: str

    def __post_init__(self) -> None:
        if not self.because:
            raise ValueError("because: say why")


def error_of(text: str, kind: type[msgspec.Struct] = Sample) -> str:
    configuration = Configuration.parse(text.encode())
    with pytest.raises(ConfigurationError) as caught:
        configuration.section("sample", kind)
    return str(caught.value)


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    configuration = Configuration.read(tmp_path / "glowplug.toml")
    assert not configuration.exists
    assert configuration.section("sample", Sample) == Sample()
    assert configuration.sections("chain", ChainSettings) == ()
    configuration.reject_unknown(())


def test_values_come_as_their_types(tmp_path: Path) -> None:
    file = tmp_path / "glowplug.toml"
    file.write_text(
        '[sample]\nsize = "2 GiB"\nflag = true\nnames = ["a", "b"]\nuntil = 2026-12-31\nbackend = "sqlite"\n'
        'inner = { depth = 3 }\nof-toml = "y"\n[[chain]]\nmigrations = "db"\n[[chain]]\nsession_setup = ["SELECT 1"]\n'
    )
    configuration = Configuration.read(file)
    assert configuration.exists
    assert configuration.section("sample", Sample) == Sample(
        size="2 GiB",
        flag=True,
        names=("a", "b"),
        until=dt.date(2026, 12, 31),
        backend=Dialect.SQLITE,
        inner=Inner(3),
        of_python="y",
    )
    assert configuration.sections("chain", ChainSettings) == (
        ChainSettings(migrations="db"),
        ChainSettings(session_setup=("SELECT 1",)),
    )
    assert configuration.line("chain", 1) == 11
    assert configuration.line("sample", "until") == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sample]\n\nsiez = 1", "glowplug.toml:3: unknown key 'siez' in [sample]; is 'size' meant?"),
        ("[sample]\nflag = 1", "glowplug.toml:2: sample.flag: expected true or false, got an integer"),
        ("[sample]\nsize = 1.5", "glowplug.toml:2: sample.size: expected an integer or a string, got a number"),
        ("[sample]\nnames = 'a'", "glowplug.toml:2: sample.names: expected an array, got a string"),
        ("[sample]\nnames = [\n'a',\n3]", "glowplug.toml:4: sample.names: expected a string, got an integer"),
        (
            "[sample]\nuntil = 2026-12-31T00:00:00",
            "glowplug.toml:2: sample.until: expected a date, got a date with a time",
        ),
        (
            '[sample]\n"backend" = "oracle"',
            'glowplug.toml:2: sample.backend: \'oracle\' is not allowed; one of "postgres", "mysql", "sqlite"',
        ),
        ("[sample]\nbackend = 3", "glowplug.toml:2: sample.backend: 3 is not allowed; one of "),
        ("[sample.inner]\ndepht = 1", "glowplug.toml:2: sample.inner: unknown key 'depht'"),
        ("[sample]\n'of-toml' = 1", "glowplug.toml:2: sample.of-toml: expected a string, got an integer"),
        ("\nsample = 3", "glowplug.toml:2: sample is an integer; write a table: [sample]"),
        ("[[sample]]\n", "glowplug.toml:1: sample is an array; write a table: [sample]"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    assert error_of(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[allow]]\nrule = 'x'\nbecause = 'y'\n[[allow]]\nrule = 'z'",
            "glowplug.toml:4: [[allow]] needs the key 'because'",
        ),
        ("[[allow]]\nrule = 'x'\nbecause = ''", "glowplug.toml:1: because: say why"),
        ("[allow]\nrule = 'x'", "glowplug.toml:1: allow is a table; write each as [[allow]]"),
        ("\nallow = [1]", "glowplug.toml:2: allow is an array; write each as [[allow]]"),
        ("[[allow]]\nrules = 'x'", "glowplug.toml:2: unknown key 'rules' in [[allow]]; is 'rule' meant?"),
    ],
)
def test_what_is_wrong_in_one_of_several_tables(text: str, message: str) -> None:
    configuration = Configuration.parse(text.encode())
    with pytest.raises(ConfigurationError) as caught:
        configuration.sections("allow", Required)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[sample]\nx = \n", "glowplug.toml:2: this is no TOML: "),
        (b"x = [1,\n", "glowplug.toml:2: this is no TOML: "),
        (b"x = 1\nx = 2", "glowplug.toml:2: this is no TOML: "),
        (b"x = 1\ny = '\xff'", "glowplug.toml:2: this is no UTF-8"),
        (b"x = " + b"[" * 100_000, "glowplug.toml: this is nested too deeply"),
    ],
)
def test_what_is_no_toml(content: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Configuration.parse(content)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[scratch]\n[scrach]\n", "glowplug.toml:2: unknown table 'scrach'; is 'scratch' meant?"),
        ("\nbackend = 1", "glowplug.toml:2: unknown key 'backend'; there are: chain, scratch"),
    ],
)
def test_what_no_room_claims_is_rejected(text: str, message: str) -> None:
    configuration = Configuration.parse(text.encode())
    with pytest.raises(ConfigurationError) as caught:
        configuration.reject_unknown({"chain", "scratch"})
    assert str(caught.value) == message


def test_a_file_at_the_base_is_named_so() -> None:
    configuration = Configuration.parse(b"[sample]\nflag = 1", shown="glowplug.toml at origin/main")
    with pytest.raises(ConfigurationError, match=r"^glowplug.toml at origin/main:2: sample.flag"):
        configuration.section("sample", Sample)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "glowplug.toml")
    with pytest.raises(ConfigurationError, match="no regular file"):
        Configuration.read(tmp_path / "glowplug.toml")


def test_a_byte_order_mark_moves_nothing() -> None:
    configuration = Configuration.parse(b"\xef\xbb\xbf[sample]\nflag = true")
    assert configuration.section("sample", Sample).flag
    assert configuration.line("sample") == 1
