# SPDX-License-Identifier: BSD-2-Clause
"""What builds and publishes Coma cannot be changed from outside, and is not published untested."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs(workflow):
    """Return the text of each job of a workflow, by its name."""
    text = (ROOT / ".github" / "workflows" / workflow).read_text().partition("\njobs:\n")[2]
    parts = re.split(r"^  (\w+):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_actions_are_pinned_by_hash():
    """With the version beside it; workflows of this repository are of the same commit anyway."""
    uses = [use for path in WORKFLOWS for use in re.findall(r"uses: (.*)", path.read_text()) if use[:2] != "./"]
    assert len(uses) > 5
    assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_a_release_is_published_after_the_tests_of_its_commit():
    """The workflow that publishes calls the one that tests, which then runs on the same commit."""
    found = jobs("cd.yml")
    assert "uses: ./.github/workflows/ci.yml" in found["tests"]
    assert "needs: [tests, dist]" in found["publish"]
    assert "workflow_call:" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()


def test_the_page_on_security_leads_to_what_is_promised():
    """Its links lead somewhere."""
    text = (ROOT / "SECURITY.md").read_text()
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert "docs/reliability.md" in links
    assert [link for link in links if not (ROOT / link).exists()] == []
