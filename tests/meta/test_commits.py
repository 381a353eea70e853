"""The first line of a commit can be read in a list of commits."""

from __future__ import annotations

import subprocess

from meta.tree import ROOT

RULE_SINCE = "2026-11-28T23:15:00Z"
"""Older commits were written before there was a rule. By date, so that a shallow clone is enough."""
LONGEST = 72
"""`git log --oneline` shows so much, after the hash, on a terminal of 80 columns."""


def test_a_subject_has_at_most_72_characters() -> None:
    argv = ["git", "-c", "safe.directory=*", "log", "--no-merges", f"--since={RULE_SINCE}", "--format=%h %s"]
    listed = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    subjects = [line.partition(" ") for line in listed.splitlines()]
    assert [(commit, subject) for commit, _, subject in subjects if len(subject) > LONGEST] == []
