"""The base: by hand, from CI, or the merge base with the remote's default branch."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import EnvironmentFailure, UsageError
from glowplug.repository import Base, command, find_base, resolve
from glowplug.repository.base import no_base

if TYPE_CHECKING:
    from pathlib import Path


def git(directory: Path, *arguments: str) -> str:
    configuration = ("-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false")
    return subprocess.run(
        ["git", *configuration, *arguments], cwd=directory, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(directory: Path, name: str) -> str:
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(name)
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "-m", name)
    return git(directory, "rev-parse", "HEAD")


def base(root: Path, explicit: str | None = None, **environment: str) -> Base | None:
    return find_base(root, explicit=explicit, environment=environment)


def event(tmp_path: Path, **payload: object) -> str:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload))
    return str(file)


def why(root: Path, **environment: str) -> tuple[str, str]:
    assert base(root, **environment) is None
    return no_base(root, environment=environment)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``remote``, a ``clone`` of it, and ``feature``: one with two commits on a branch, after which main went on."""
    place = tmp_path_factory.mktemp("repositories")
    remote = place / "remote"
    remote.mkdir()
    git(remote, "init", "--quiet")
    commit(remote, "one")
    git(remote, "branch", "release")
    commit(remote, "two")
    git(place, "clone", "--quiet", str(remote), "clone")
    shutil.copytree(place / "clone", place / "feature")
    feature = place / "feature"
    git(feature, "switch", "--quiet", "-c", "feature")
    commit(feature, "three")
    commit(feature, "four")
    git(feature, "switch", "--quiet", "main")
    commit(feature, "five")
    git(feature, "update-ref", "refs/remotes/origin/main", "main")
    git(feature, "switch", "--quiet", "feature")
    return place


@pytest.fixture
def clone(tmp_path: Path, template: Path) -> Path:
    return shutil.copytree(template / "clone", tmp_path / "clone")


@pytest.fixture
def feature(tmp_path: Path, template: Path) -> Path:
    return shutil.copytree(template / "feature", tmp_path / "feature")


def shallow(tmp_path: Path, source: Path, *options: str) -> Path:
    directory = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", *options, f"file://{source}", str(directory))
    return directory


def test_the_merge_base_with_the_remotes_default_branch(feature: Path) -> None:
    expected = git(feature, "merge-base", "HEAD", "origin/main")
    found = base(feature)
    assert found == Base(ref="origin/main", commit=expected)
    assert str(found) == f"origin/main@{expected[:7]}"
    assert expected != git(feature, "rev-parse", "origin/main")


def test_a_directory_below_the_top_finds_the_same(feature: Path) -> None:
    (feature / "sub" / "project").mkdir(parents=True)
    assert base(feature / "sub" / "project") == base(feature)


def test_the_default_branch_is_what_origin_head_says(feature: Path) -> None:
    git(feature, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release")
    assert base(feature) == Base(ref="origin/release", commit=git(feature, "rev-parse", "origin/release"))
    git(feature, "symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    git(feature, "update-ref", "refs/remotes/origin/master", "origin/release")
    assert str(base(feature)).startswith("origin/main@")
    git(feature, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/master")
    assert str(base(feature)).startswith("origin/master@")
    git(feature, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/nowhere")
    assert str(base(feature)).startswith("origin/main@")
    git(feature, "symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    git(feature, "update-ref", "-d", "refs/remotes/origin/main")
    assert str(base(feature)).startswith("origin/master@")
    git(feature, "update-ref", "-d", "refs/remotes/origin/master")
    assert base(feature) is None


def test_the_only_remote_serves_where_none_is_origin(feature: Path) -> None:
    git(feature, "remote", "rename", "origin", "upstream")
    assert str(base(feature)).startswith("upstream/main@")
    git(feature, "remote", "add", "another", "nowhere")
    assert base(feature) is None


def test_on_the_default_branch_what_is_committed_is_no_longer_new(clone: Path) -> None:
    assert base(clone) == Base(ref="origin/main", commit=git(clone, "rev-parse", "HEAD"))
    commit(clone, "not pushed")
    assert base(clone) == Base(ref="origin/main", commit=git(clone, "rev-parse", "HEAD~1"))


def test_without_git_or_commit_or_remote_all_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert base(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert base(tmp_path) is None
    commit(tmp_path, "one")
    assert base(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert base(tmp_path) is None
    with pytest.raises(UsageError, match="--base main: git is not installed"):
        base(tmp_path, "main")


def test_where_there_is_no_base_it_is_said_why_and_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: Path
) -> None:
    since = "--since VERSION says which migrations are new: those after that version."
    place = tmp_path / "place"
    place.mkdir()
    assert why(place) == ("this is no git repository", since)
    git(place, "init", "--quiet")
    assert why(place) == ("nothing is committed yet", since)
    commit(place, "one")
    advice = f"--base main, or another branch or commit, compares with that; {since}"
    assert why(place) == ("this checkout has no remote", advice)
    git(place, "branch", "--move", "trunk")
    advice = advice.replace("main", "BRANCH")
    assert why(place) == ("this checkout has no remote", advice)
    git(place, "remote", "add", "origin", str(template / "remote"))
    known = "`git fetch origin` and then `git remote set-head origin --auto` make it known"
    assert why(place) == ("origin's default branch is not known here", f"{known}; {advice}")
    git(place, "remote", "rename", "origin", "one")
    git(place, "remote", "add", "two", str(template / "remote"))
    assert why(place) == ("this checkout has several remotes, none named origin", advice)
    monkeypatch.setenv("PATH", str(place))
    assert why(place) == ("git is not installed", since)


def steps(text: str) -> list[list[str]]:
    """Give the commands that a text says to run, in the order in which it says so."""
    commands = re.findall(r"`git ([^`]+)`", text) or re.findall(r": git (.+)", text)
    return [shlex.split(each) for each in commands]


@pytest.mark.parametrize("default", ["main", "trunk"])
def test_what_is_proposed_where_the_default_branch_is_not_known_makes_it_known(
    tmp_path: Path, feature: Path, default: str
) -> None:
    git(feature, "branch", "--move", "main", default)
    git(feature, "symbolic-ref", "HEAD", f"refs/heads/{default}")
    place = tmp_path / "place"
    place.mkdir()
    git(place, "init", "--quiet")
    commit(place, "one")
    git(place, "remote", "add", "origin", str(feature))
    for words in steps(why(place)[1]):
        git(place, *words)
    assert str(base(place)).startswith(f"origin/{default}@")


@pytest.mark.parametrize("default", ["main", "trunk"])
@pytest.mark.parametrize("option", ["--depth=1", "--depth=2", "--single-branch"])
def test_a_clone_of_a_feature_branch_alone_is_not_compared_with_nothing(
    tmp_path: Path, feature: Path, option: str, default: str
) -> None:
    kind, way = ("is of a single branch", "") if option == "--single-branch" else ("is shallow", "--unshallow ")
    git(feature, "branch", "--move", "main", default)
    git(feature, "symbolic-ref", "HEAD", f"refs/heads/{default}")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", option, "--branch=feature", f"file://{feature}", str(clone))
    with pytest.raises(EnvironmentFailure, match=f"origin's default branch, but this clone {kind}") as caught:
        base(clone)
    with pytest.raises(EnvironmentFailure, match="origin's default branch"):
        base(clone, CI="true")
    assert caught.value.exit_code == 3
    assert f"git fetch {way}origin '+refs/heads/*:refs/remotes/origin/*'" in str(caught.value)
    for words in steps(str(caught.value)):
        git(clone, *words)
    expected = git(feature, "merge-base", "feature", default)
    assert base(clone) == Base(ref=f"origin/{default}", commit=expected)


def test_what_is_proposed_in_a_shallow_clone_with_all_branches_brings_the_base(tmp_path: Path, feature: Path) -> None:
    git(feature, "symbolic-ref", "HEAD", "refs/heads/main")
    clone = shallow(tmp_path, feature, "--branch=feature", "--no-single-branch")
    git(clone, "remote", "rename", "origin", "upstream")
    with pytest.raises(EnvironmentFailure, match="comparing with upstream/main, but this clone is shallow") as caught:
        base(clone)
    for words in steps(str(caught.value)):
        git(clone, *words)
    assert base(clone) == Base(ref="upstream/main", commit=git(feature, "merge-base", "feature", "main"))


def test_a_base_by_hand_that_a_clone_of_one_branch_lacks_is_fetched_by_what_is_proposed(
    tmp_path: Path, feature: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--single-branch", "--branch=feature", f"file://{feature}", str(clone))
    with pytest.raises(UsageError, match="--base origin/main: there is no such commit here") as caught:
        base(clone, "origin/main")
    for words in steps(str(caught.value)):
        git(clone, *words)
    assert base(clone, "origin/main") is not None


def test_a_base_by_hand_on_a_remote_that_is_not_there_names_the_branch_that_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "one")
    with pytest.raises(UsageError, match="there is no such commit here") as raised:
        base(tmp_path, "origin/main")
    assert raised.value.advice == "There is no remote origin here, and a main: --base main"
    with pytest.raises(UsageError, match="there is no such commit here") as raised:
        base(tmp_path, "mian")
    assert raised.value.advice is not None
    assert "git branch --all" in raised.value.advice
    assert base(tmp_path, "main") is not None


def test_a_base_by_hand_is_taken_as_it_is(feature: Path) -> None:
    for text in ("main", "HEAD~1", "origin/release", git(feature, "rev-parse", "HEAD")[:10]):
        assert base(feature, text, GITHUB_BASE_REF="nowhere") == Base(ref=text, commit=git(feature, "rev-parse", text))
    git(feature, "tag", "-a", "v1", "-m", "x", "main")
    assert base(feature, "v1") == Base(ref="v1", commit=git(feature, "rev-parse", "main"))


@pytest.mark.parametrize("text", ["nowhere", "", "--help", "-h", "HEAD:one", "HEAD\n", "a\0b", "--all", "@{"])
def test_a_base_by_hand_that_is_no_commit(feature: Path, text: str) -> None:
    with pytest.raises(UsageError, match="there is no such commit here"):
        base(feature, text)
    assert resolve(feature, text) is None


def test_a_base_by_hand_outside_git(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--base main: this is no git repository"):
        base(tmp_path, "main")


def test_a_pull_request_on_github(feature: Path) -> None:
    expected = git(feature, "rev-parse", "origin/release")
    assert base(feature, GITHUB_BASE_REF="release") == Base(ref="origin/release", commit=expected)


def test_a_pull_request_whose_branch_was_not_fetched_uses_the_events_commit(feature: Path, tmp_path: Path) -> None:
    sha = git(feature, "rev-parse", "main")
    path = event(tmp_path, pull_request={"base": {"sha": sha}})
    expected = git(feature, "merge-base", "HEAD", "main")
    assert base(feature, GITHUB_BASE_REF="gone", GITHUB_EVENT_PATH=path) == Base(ref="gone", commit=expected)


def test_a_pull_request_in_a_shallow_clone(tmp_path: Path, feature: Path) -> None:
    directory = shallow(tmp_path, feature, "--branch=feature")
    path = event(tmp_path, pull_request={"base": {"sha": git(feature, "rev-parse", "main")}})
    with pytest.raises(EnvironmentFailure, match="comparing with main, but this clone is shallow") as caught:
        base(directory, GITHUB_BASE_REF="main", GITHUB_EVENT_PATH=path)
    assert "fetch-depth: 0" in str(caught.value)
    assert "Or say --base none, which compares with nothing" in str(caught.value)
    assert "or with --since VERSION those after that version" in str(caught.value)


def test_a_shallow_clone_that_has_the_tip_but_no_common_commit(tmp_path: Path, feature: Path) -> None:
    directory = shallow(tmp_path, feature, "--branch=feature", "--no-single-branch")
    with pytest.raises(EnvironmentFailure, match="comparing with main, but this clone is shallow"):
        base(directory, GITHUB_BASE_REF="main")


def test_a_push_to_the_default_branch_is_compared_with_what_was_before(clone: Path, tmp_path: Path) -> None:
    before = git(clone, "rev-parse", "HEAD")
    commit(clone, "three")
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    push = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    path = event(tmp_path, before=before, repository={"default_branch": "main"})
    assert base(clone, **push, GITHUB_EVENT_PATH=path) == Base(ref="main before this push", commit=before)
    path = event(tmp_path, repository={"default_branch": "main"})
    assert base(clone, **push, GITHUB_EVENT_PATH=path) == base(clone)


@pytest.mark.parametrize("before", ["0" * 40, "1" * 40], ids=["made", "by force"])
def test_a_push_that_has_nothing_before_it_is_all_new(clone: Path, tmp_path: Path, before: str) -> None:
    """The remote's branch is the pushed commit by now: compared with that, nothing would be new, and all green."""
    assert base(clone) == Base(ref="origin/main", commit=git(clone, "rev-parse", "HEAD"))
    path = event(tmp_path, before=before, repository={"default_branch": "main"})
    push = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": path}
    assert why(clone, **push)[0] == "this push made the branch, or replaced it by force, so that nothing was before it"
    on_gitlab = {"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": before}
    assert base(clone, **on_gitlab) == (None if before.strip("0") else base(clone))


def test_a_push_to_a_branch_keeps_new_what_an_earlier_push_brought(feature: Path, tmp_path: Path) -> None:
    path = event(tmp_path, before=git(feature, "rev-parse", "HEAD~1"), repository={"default_branch": "release"})
    push = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/feature", "GITHUB_EVENT_PATH": path}
    assert base(feature, **push) == Base(ref="origin/release", commit=git(feature, "rev-parse", "origin/release"))


@pytest.mark.parametrize("branch", ["main", "feature"])
def test_a_push_in_a_shallow_clone(tmp_path: Path, feature: Path, branch: str) -> None:
    directory = shallow(tmp_path, feature, f"--branch={branch}")
    path = event(tmp_path, before=git(feature, "rev-parse", "main~1"), repository={"default_branch": "main"})
    environment = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": f"refs/heads/{branch}", "GITHUB_EVENT_PATH": path}
    with pytest.raises(EnvironmentFailure, match="fetch-depth: 0"):
        base(directory, **environment)


def test_the_first_push_of_a_branch_in_a_shallow_clone_has_nothing_before_it(tmp_path: Path, feature: Path) -> None:
    directory = shallow(tmp_path, feature, "--branch=main")
    path = event(tmp_path, before="0" * 40, repository={"default_branch": "main"})
    environment = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": path}
    assert base(directory, **environment) is None


def test_a_merge_queue(feature: Path, tmp_path: Path) -> None:
    sha = git(feature, "rev-parse", "origin/release")
    path = event(tmp_path, merge_group={"base_sha": sha, "base_ref": "refs/heads/release"})
    found = base(feature, GITHUB_EVENT_NAME="merge_group", GITHUB_EVENT_PATH=path)
    assert found == Base(ref="release", commit=sha)


@pytest.mark.parametrize("content", ["", "[]", "3", '{"before": 3, "repository": []}', "[" * 100_000])
def test_an_event_that_says_nothing_is_passed_over(feature: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(content)
    environment = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    assert base(feature, **environment, GITHUB_EVENT_PATH=str(path)) == base(feature)
    assert base(feature, **environment, GITHUB_EVENT_PATH=str(tmp_path / "nowhere")) == base(feature)


def test_a_merge_request_on_gitlab(feature: Path, tmp_path: Path) -> None:
    sha = git(feature, "rev-parse", "origin/release")
    target = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release"}
    assert base(feature, **target, CI_MERGE_REQUEST_DIFF_BASE_SHA=sha) == Base(ref="release", commit=sha)
    assert base(feature, **target) == Base(ref="origin/release", commit=sha)
    directory = shallow(tmp_path, feature, "--branch=feature")
    with pytest.raises(EnvironmentFailure, match="comparing with release, but this clone is shallow") as caught:
        base(directory, **target, CI_MERGE_REQUEST_DIFF_BASE_SHA=sha)
    assert 'GIT_DEPTH: "0"' in str(caught.value)


def test_a_push_on_gitlab(feature: Path) -> None:
    before = git(feature, "rev-parse", "HEAD~1")
    push = {"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": before}
    assert base(feature, **push, CI_COMMIT_BRANCH="main") == Base(ref="main before this push", commit=before)
    assert base(feature, **push, CI_COMMIT_BRANCH="feature") == base(feature)


def test_a_worktree_of_a_bare_repository(feature: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(feature), "bare")
    git(tmp_path / "bare", "worktree", "add", "--quiet", str(tmp_path / "worktree"), "feature")
    assert base(tmp_path / "worktree", "main") == Base(ref="main", commit=git(feature, "rev-parse", "main"))


def test_an_embedded_bare_repository_is_not_trusted(feature: Path) -> None:
    git(feature, "clone", "--quiet", "--bare", ".", "embedded")
    (feature / "embedded" / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    assert resolve(feature, "HEAD") is not None
    assert resolve(feature / "embedded", "HEAD") is None
    assert base(feature / "embedded") is None


def test_histories_without_a_common_commit_are_compared_with_the_branch_itself(feature: Path) -> None:
    git(feature, "switch", "--quiet", "--orphan", "other")
    commit(feature, "other")
    assert base(feature) == Base(ref="origin/main", commit=git(feature, "rev-parse", "origin/main"))


def test_a_directory_of_another_owner_is_said(feature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(EnvironmentFailure, match="belongs to another user") as caught:
        base(feature)
    assert f"git config --global --add safe.directory {feature}" in str(caught.value)


def test_nothing_that_the_repository_configures_is_run(feature: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.sshCommand", "diff.external", "core.pager", "gpg.program", "core.editor"):
        git(feature, "config", name, str(trap))
    git(feature, "config", "filter.trap.smudge", str(trap))
    git(feature, "config", "core.hooksPath", str(tmp_path))
    git(feature, "config", "log.showSignature", "true")
    (tmp_path / "post-index-change").symlink_to(trap)
    (feature / ".gitattributes").write_text("* filter=trap diff=trap\n")
    assert base(feature) is not None
    assert base(feature, "HEAD~1") is not None
    assert not (tmp_path / "sprung").exists()


def test_variables_of_a_hook_lead_nowhere_else(feature: Path, monkeypatch: pytest.MonkeyPatch, template: Path) -> None:
    expected = base(feature)
    monkeypatch.setenv("GIT_DIR", str(template / "remote" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", os.devnull)
    assert base(feature) == expected


def test_a_git_that_does_not_end_is_given_up(feature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(command, "_TIMEOUT", 0.2)
    with pytest.raises(EnvironmentFailure, match="did not end within"):
        base(feature)


def test_a_checkout_that_is_gone_is_no_machine_without_git(feature: Path, tmp_path: Path) -> None:
    """Else all would be new, and the base's own settings would not be asked for."""
    feature.rename(tmp_path / "moved")
    with pytest.raises(EnvironmentFailure, match="is not there any longer"):
        base(feature)


def test_a_git_that_does_not_start_is_said(feature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_bytes(b"\0")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    with pytest.raises(EnvironmentFailure, match="git can't be started"):
        base(feature)


def test_where_no_git_is_none_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    started: list[object] = []
    monkeypatch.setattr(subprocess, "run", lambda *words, **_options: started.append(words))
    assert find_base(tmp_path, explicit=None, environment={}) is None
    assert started == []


def test_a_checkout_that_is_gone_is_no_directory_without_git(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="is not there any longer"):
        find_base(tmp_path / "gone", explicit=None, environment={})
