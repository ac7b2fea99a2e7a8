# SPDX-License-Identifier: BSD-2-Clause
"""The git commit of a run: told rightly, and without running what a repository names."""

import os
import subprocess
from pathlib import Path

import pytest
from cppbuild import need
from helpers import run, snapshot

from coma.running.gitstate import commit


def git(directory, *arguments):
    """Run git as its user does, and return what it prints."""
    identity = ("-c", "user.email=a@b", "-c", "user.name=a", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository with two committed files, and no configuration but its own."""
    need("git")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    path = tmp_path / "repository"
    (path / "sub").mkdir(parents=True)
    git(path, "init", "-q")
    for name in ("a.txt", "sub/b.bin"):
        (path / name).write_text("one\n")
    git(path, "add", ".")
    git(path, "commit", "-q", "-m", "first")
    return path


def changed(repository):
    """Change a file."""
    (repository / "a.txt").write_text("two, longer\n")


def staged(repository):
    """Change a file, add it, and change it back."""
    changed(repository)
    git(repository, "add", "a.txt")
    (repository / "a.txt").write_text("one\n")


def removed(repository):
    """Remove a file."""
    (repository / "a.txt").unlink()


def touched(repository):
    """Give a file a new date."""
    os.utime(repository / "a.txt", (1e9, 1e9))


def added(repository):
    """Write a file that git does not know."""
    (repository / "new.txt").write_text("new\n")


def executable(repository):
    """Change a mode, where the repository says that modes do not count."""
    git(repository, "config", "core.fileMode", "false")
    (repository / "a.txt").chmod(0o755)


@pytest.mark.parametrize(
    ("change", "is_dirty"),
    [(changed, True), (staged, True), (removed, True), (touched, False), (added, False), (executable, False)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_changes_are_told_as_git_tells_them(repository, change, is_dirty):
    """From any directory of the repository, and in a second working tree; the index is left as it is."""
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "worktree", "add", "-q", repository.parent / "second")
    assert commit(repository) == {"git_commit": head, "git_dirty": False}
    change(repository)
    index = (repository / ".git" / "index").read_bytes()
    assert commit(repository / "sub") == {"git_commit": head, "git_dirty": is_dirty}
    assert (repository / ".git" / "index").read_bytes() == index
    assert commit(repository.parent / "second") == {"git_commit": head, "git_dirty": False}


def test_without_a_repository_there_is_no_commit(tmp_path, monkeypatch):
    """Nor in one without commits, nor where git in the working directory is the first that is found."""
    need("git")
    assert commit(tmp_path) == {}
    git(tmp_path, "init", "-q")
    assert commit(tmp_path) == {}
    (tmp_path / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/STARTED\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
    assert commit(tmp_path) == {}
    assert not (tmp_path / "STARTED").exists()


# Each of these names the program `marker` where git looks for programs.
TRAPS = {
    "monitor": ["core.fsmonitor={marker}"],
    "monitor, old": ["core.fsmonitor={marker}", "core.fsmonitorHookVersion=1"],
    "filters": ["filter.own.clean={marker}", "filter.own.smudge={marker}", "filter.own.required=true"],
    "filter process": ["filter.own.process={marker}"],
    "diffs": ["diff.external={marker}", "diff.own.command={marker}", "diff.own.textconv={marker}"],
    "pagers": ["core.pager={marker}", "pager.status={marker}", "pager.rev-parse={marker}", "pager.config={marker}"],
    "aliases": ["alias.status=!{marker}", "alias.rev-parse=!{marker}", "alias.config=!{marker}"],
    "hooks": ["core.hooksPath={hooks}"],
    "transports": [
        "extensions.partialClone=origin",
        "core.repositoryFormatVersion=1",
        "remote.origin.promisor=true",
        "remote.origin.url=ext::{marker}",
        "remote.origin.uploadpack={marker}",
        "protocol.ext.allow=always",
        "core.sshCommand={marker}",
        "core.gitProxy={marker}",
        "credential.helper=!{marker}",
    ],
    "a switch with two lines": ["core.eol=lf\ncore.fsmonitor={marker}"],
    "included": ["include.path={included}"],
}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("is_lacking", [False, True], ids=["whole", "objects missing"])
def test_nothing_that_a_repository_names_is_run(repository, trap, is_lacking):
    """By a run in a directory whose configuration, attributes, hooks and submodules name a program each."""
    marker, started = repository.parent / "marker.sh", repository.parent / "STARTED"
    hooks, included = repository.parent / "hooks", repository.parent / "included"
    marker.write_text(f"#!/bin/sh\ntouch {started}\ncat\n")
    marker.chmod(0o755)
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "pre-auto-gc", "reference-transaction"):
        for place in (hooks, repository / ".git" / "hooks"):
            place.mkdir(exist_ok=True)
            (place / name).unlink(missing_ok=True)
            (place / name).symlink_to(marker)
    included.write_text(f'[core]\n\tfsmonitor = {marker}\n[filter "own"]\n\tclean = {marker}\n')
    submodule = repository / "module"
    subprocess.run(["git", "clone", "-q", str(repository), str(submodule)], check=True, capture_output=True)
    git(submodule, "config", "core.fsmonitor", str(marker))
    (repository / ".gitattributes").write_text("*.bin filter=own diff=own\n")
    git(repository, "add", ".gitattributes", "module")
    git(repository, "commit", "-q", "-m", "attributes")
    head = git(repository, "rev-parse", "HEAD")
    for line in TRAPS[trap]:
        name, _, value = line.format(marker=marker, hooks=hooks, included=included).partition("=")
        git(repository, "config", "--add", name, value)
    (repository / "sub" / "b.bin").write_text("changed\n")
    if is_lacking:
        for path in (repository / ".git" / "objects").glob("??/*"):
            path.unlink()
    started.unlink(missing_ok=True)
    experiment = repository.parent / "experiment"
    code = f"""
        import os, coma
        os.chdir({str(repository)!r})
        e = coma.Experiment({str(experiment)!r})
        e.define_parameter_set(("x", "parameters/x"))
        e.add_parameter_set(1)
        e.run(lambda p: p.tree())
        print(coma.JsonArchive({str(experiment / "experiment.none")!r}).load())
    """
    path = Path(repository, "run.py")
    path.write_text("\n".join(line.strip() for line in code.splitlines()))
    before = snapshot(repository / ".git")
    said = run(path)
    assert not started.exists()
    assert snapshot(repository / ".git") == before
    assert head in said
    assert "git_dirty" not in said  # a file with a filter looks changed: nobody knows


def test_a_file_with_a_filter_does_not_hide_another_that_changed(repository):
    """Only where each changed file goes through a filter it is unknown whether there are changes."""
    (repository / ".gitattributes").write_text("*.bin filter=own\n")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-q", "-m", "attributes")
    (repository / "sub" / "b.bin").write_text("changed\n")
    assert "git_dirty" not in commit(repository)
    changed(repository)
    assert commit(repository)["git_dirty"] is True
