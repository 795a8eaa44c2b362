"""The base: the commit that the work is compared with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from glowplug.errors import EnvironmentFailure, UsageError
from glowplug.repository.command import git, text_of
from glowplug.repository.tree import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORT = 7  # hex digits
_GITHUB_ADVICE = "Give actions/checkout the whole history: with: { fetch-depth: 0 }"
_GITLAB_ADVICE = 'Give the job the whole history: variables: { GIT_DEPTH: "0" }'
_SINCE = "--since VERSION says which migrations are new: those after that version"


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A commit (hex), and how it was named; as text ``origin/main@abc1234``."""

    ref: str
    commit: str

    def __str__(self) -> str:
        """``ref@commit``, the commit shortened."""
        return f"{self.ref}@{self.commit[:_SHORT]}"


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What CI tells: the base, or None for nothing before."""

    base: Base | None


def find_base(root: Path, *, explicit: str | None, environment: Mapping[str, str]) -> Base | None:
    """Find the base of the checkout at ``root``; None where there is no git, commit or remote: all is new.

    ``explicit`` (``--base``) is taken as it is. Else what CI says: on GitHub and GitLab, a pull or merge request's
    merge base with its target; a push to the default branch is compared with what that branch was before, a push to
    another with the default branch, so that what an earlier push broke stays new. A push that makes the default branch,
    or replaces it by force, has nothing before it: all is new (on GitLab only the second, since a scheduled pipeline
    says of itself that it has nothing before it). Else the merge base of HEAD with the
    remote's default branch (``origin/HEAD``, ``origin/main``, ``origin/master``; of the only remote, if none is named
    origin). On that branch itself, with nothing to push, this is HEAD: then what is committed is history, and only
    what is not committed is new.

    Raises:
        UsageError: ``explicit`` is no commit here.
        EnvironmentFailure: the clone is too shallow to hold what CI names, or the remote's default branch, or fetches
            one branch alone; or git does not trust the directory.
    """
    if explicit is not None:
        return _explicit(root, explicit)
    head = resolve(root, "HEAD") if _is_in_a_repository(root) else None
    if head is None:
        return None
    told = _on_github(root, environment) or _on_gitlab(root, environment)
    return told.base if told is not None else _default(root, head)


def no_base(root: Path, *, environment: Mapping[str, str]) -> tuple[str, str]:
    """Say why ``find_base`` found none though none was named, and what to write so that there is one."""
    if not _is_in_a_repository(root):
        return "this is no git repository", f"{_SINCE}."
    if resolve(root, "HEAD") is None:
        absent = b"not installed" in git(root, "rev-parse", "HEAD").stderr
        return "git is not installed" if absent else "nothing is committed yet", f"{_SINCE}."
    branch = next((each for each in ("main", "master") if resolve(root, f"refs/heads/{each}")), "BRANCH")
    advice = f"--base {branch}, or another branch or commit, compares with that; {_SINCE}."
    if _on_github(root, environment) or _on_gitlab(root, environment):
        return "this push made the branch, or replaced it by force, so that nothing was before it", advice
    remote = _remote(root)
    if remote is None:
        many = len(_remotes(root)) > 1
        return "this checkout has " + ("several remotes, none named origin" if many else "no remote"), advice
    known = f"`git fetch {remote}` and then `git remote set-head {remote} --auto` make it known"
    return f"{remote}'s default branch is not known here", f"{known}; {advice}"


def _is_in_a_repository(root: Path) -> bool:
    """Whether there is anything that git would look at: a ``.git`` upward, for a bare repository is not trusted."""
    real = root.resolve()
    if not real.is_dir():
        raise EnvironmentFailure(f"{root} is not there any longer")
    return any(os.path.lexists(one / ".git") for one in (real, *real.parents))


def _explicit(root: Path, text: str) -> Base:
    commit = resolve(root, text)
    if commit is None:
        done = git(root, "rev-parse", "--git-dir")
        if done.returncode:
            why = "git is not installed" if b"not installed" in done.stderr else "this is no git repository"
            raise UsageError(f"--base {text}: {why}", advice=f"Leave --base out; {_SINCE}.")
        raise UsageError(f"--base {text}: there is no such commit here", advice=_instead_of(root, text))
    return Base(ref=text, commit=commit)


def _instead_of(root: Path, text: str) -> str:
    known = _remote(root)
    if known is not None and _is_cut(root, known):
        return f"Fetch it first: {_fetch(root, known)}"
    remote, _, branch = text.partition("/")
    if branch and remote not in _remotes(root) and resolve(root, branch):
        return f"There is no remote {remote} here, and a {branch}: --base {branch}"
    return (
        "Write a branch, tag or commit that `git branch --all`, `git tag` or `git log` shows; or --base none: then all "
        "migrations are new."
    )


def _on_github(root: Path, environment: Mapping[str, str]) -> _Told | None:
    event = _event(environment)
    target = environment.get("GITHUB_BASE_REF")
    if target:
        sha = _text(event, "pull_request", "base", "sha")
        return _Told(base=_merge_base(root, _remote_branch(root, target) or sha, target, _GITHUB_ADVICE))
    kind = environment.get("GITHUB_EVENT_NAME")
    if kind == "merge_group":
        sha = _text(event, "merge_group", "base_sha")
        branch = _text(event, "merge_group", "base_ref") or "merge queue"
        return _Told(base=_commit(root, sha, branch.removeprefix("refs/heads/"), _GITHUB_ADVICE))
    default = _text(event, "repository", "default_branch")
    if kind != "push" or default is None:
        return None
    before = _text(event, "before")
    if environment.get("GITHUB_REF") == f"refs/heads/{default}" and before is not None:
        return _Told(base=_before_push(root, before, default, _GITHUB_ADVICE))
    return _Told(base=_merge_base(root, _remote_branch(root, default), default, _GITHUB_ADVICE))


def _on_gitlab(root: Path, environment: Mapping[str, str]) -> _Told | None:
    target = environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    sha = environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
    if sha:
        return _Told(base=_commit(root, sha, target or "merge request", _GITLAB_ADVICE))
    if target:
        return _Told(base=_merge_base(root, _remote_branch(root, target), target, _GITLAB_ADVICE))
    default = environment.get("CI_DEFAULT_BRANCH")
    branch = environment.get("CI_COMMIT_BRANCH")
    if not default or not branch:
        return None
    if branch != default:
        return _Told(base=_merge_base(root, _remote_branch(root, default), default, _GITLAB_ADVICE))
    before = environment.get("CI_COMMIT_BEFORE_SHA", "")
    return _Told(base=_before_push(root, before, default, _GITLAB_ADVICE)) if before.strip("0") else None


def _before_push(root: Path, before: str, branch: str, advice: str) -> Base | None:
    """Take what the branch was before; None where the push made it, or replaced it by force."""
    if not before.strip("0") or (resolve(root, before) is None and not _is_shallow(root)):
        return None
    return _commit(root, before, f"{branch} before this push", advice)


def _commit(root: Path, sha: str | None, name: str, advice: str) -> Base | None:
    """Take the very commit that CI names."""
    commit = resolve(root, sha) if sha else None
    if commit is None:
        raise _too_shallow(root, name, advice)
    return Base(ref=name, commit=commit)


def _merge_base(root: Path, ref: str | None, name: str, advice: str) -> Base | None:
    """Take the merge base of HEAD with ``ref``, which CI calls ``name``."""
    commit = resolve(root, ref) if ref else None
    if ref is None or commit is None:
        raise _too_shallow(root, name, advice)
    shown = name if ref == commit else ref.removeprefix("refs/remotes/")
    return Base(ref=shown, commit=_shared(root, commit, name, advice))


def _shared(root: Path, commit: str, name: str, advice: str | None = None) -> str:
    """Give the merge base of HEAD with a commit; the commit itself where the two have nothing in common."""
    merge_base = text_of(root, "merge-base", "HEAD", commit)
    if merge_base is None and _is_shallow(root):
        raise _too_shallow(root, name, advice or _whole(root))
    return merge_base or commit


def _default(root: Path, head: str) -> Base | None:
    remote = _remote(root)
    if remote is None:
        return None
    names = [f"refs/remotes/{remote}/{name}" for name in ("HEAD", "main", "master")]
    done = git(root, "for-each-ref", "--format=%(refname) %(objectname) %(symref)", *names)
    for line in os.fsdecode(done.stdout).splitlines():  # by name, HEAD first
        name, commit, target = line.split(" ", 2)
        ref = target if name == names[0] else name
        if ref:
            shown = ref.removeprefix("refs/remotes/")
            return Base(ref=shown, commit=head if commit == head else _shared(root, commit, shown))
    if _is_cut(root, remote):
        known = f"{_whole(root)}\nThen: git remote set-head {remote} --auto"
        raise _too_shallow(root, f"{remote}'s default branch", known)
    return None


def _whole(root: Path) -> str:
    return f"Fetch the whole history: {_fetch(root, _remote(root) or 'origin')}"


def _fetch(root: Path, remote: str) -> str:
    """The command that brings all branches with all their commits, also where the clone is set up for one of them."""
    unshallow = "--unshallow " if _is_shallow(root) else ""
    return f"git fetch {unshallow}{remote} '+refs/heads/*:refs/remotes/{remote}/*'"


def _is_cut(root: Path, remote: str) -> bool:
    """Whether this clone lacks commits, or is set up to fetch some branches of the remote alone."""
    if _is_shallow(root):
        return True
    fetched = text_of(root, "config", "--get-all", f"remote.{remote}.fetch")
    return fetched is not None and "*" not in fetched


def _remotes(root: Path) -> list[str]:
    done = git(root, "remote")
    return done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else []


def _remote(root: Path) -> str | None:
    remotes = _remotes(root)
    if "origin" in remotes:
        return "origin"
    return remotes[0] if len(remotes) == 1 else None


def _remote_branch(root: Path, branch: str) -> str | None:
    remote = _remote(root)
    ref = f"refs/remotes/{remote}/{branch}"
    return ref if remote is not None and resolve(root, ref) else None


def _is_shallow(root: Path) -> bool:
    return text_of(root, "rev-parse", "--is-shallow-repository") == "true"


def _too_shallow(root: Path, name: str, advice: str) -> EnvironmentFailure:
    remote = _remote(root)
    why = "this clone lacks it"
    if _is_shallow(root):
        why = "this clone is shallow and lacks it"
    elif remote is not None and _is_cut(root, remote):
        why = "this clone is of a single branch and lacks it"
    return EnvironmentFailure(
        f"what is new is told by comparing with {name}, but {why}",
        advice=f"{advice}\nOr say --base none, which compares with nothing: then all migrations are new, or with "
        "--since VERSION those after that version.",
    )


def _event(environment: Mapping[str, str]) -> dict[str, Any]:  # Any: GitHub's payload
    """Give GitHub's event; nothing where there is none, or none that can be read."""
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    import json  # noqa: PLC0415 - only on GitHub

    try:
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _text(table: object, *path: str) -> str | None:
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, str) else None
