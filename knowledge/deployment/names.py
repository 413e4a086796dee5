"""Names of the files of a deployment repository. No imports: a hook looks for them before anything is loaded."""

from __future__ import annotations

from typing import Final

SUFFIX: Final = ".yaml"
TOPOLOGY, LOCK = "topology", "topology.lock"  # the two files that are no overlays, without their ending
MARK: Final = f"{TOPOLOGY}{SUFFIX}"  # the file by which a repository is known
