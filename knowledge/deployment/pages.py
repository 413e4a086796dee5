"""Where the documentation explains each code about topologies, overlays and wildcards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TOPOLOGY, _OVERLAYS, _WILDCARDS = "topology/errors.md", "overlays/errors.md", "overlays/wildcard-problems.md"
PAGES: Final[Mapping[str, str]] = {
    "TOP001": f"{_TOPOLOGY}#top001-two-siblings-have-the-same-name",
    "TOP002": f"{_TOPOLOGY}#top002-not-a-name",
    "TOP003": f"{_TOPOLOGY}#top003-wrong-order-or-unknown-level",
    "TOP004": f"{_TOPOLOGY}#top004-a-branch-ends-too-high",
    "TOP006": f"{_TOPOLOGY}#top006-discovered-but-no-lock-file",
    "TOP007": f"{_TOPOLOGY}#top007-the-lock-file-is-older-than-the-topology",
    "OVL001": f"{_OVERLAYS}#ovl001-the-folder-is-no-node",
    "OVL002": f"{_OVERLAYS}#ovl002-ambiguous-folder",
    "OVL003": f"{_OVERLAYS}#ovl003-unknown-component",
    "OVL004": f"{_OVERLAYS}#ovl004-component-not-allowed-here",
    "OVL005": f"{_OVERLAYS}#ovl005-the-overlay-holds-for-no-leaf",
    "OVL006": f"{_OVERLAYS}#ovl006-the-override-changes-nothing",
    "OVL007": f"{_OVERLAYS}#ovl007-null-removes-nothing",
    "OVL008": f"{_OVERLAYS}#ovl008-different-types",
    "OVL009": f"{_OVERLAYS}#ovl009-merge-key-missing-or-double",
    "OVL010": f"{_OVERLAYS}#ovl010-something-required-is-missing-at-some-leaves",
    "OVL011": f"{_OVERLAYS}#ovl011-the-value-is-locked",
    "OVL012": f"{_OVERLAYS}#ovl012-the-file-has-no-effect",
    "OVL013": f"{_OVERLAYS}#ovl013-two-files-for-one-node",
    "OVL014": f"{_OVERLAYS}#ovl014-file-name-and-kind-differ",
    "OVL015": f"{_OVERLAYS}#ovl015-several-documents-in-one-file",
    "WLD001": f"{_WILDCARDS}#wld001-unknown-wildcard",
    "WLD002": f"{_WILDCARDS}#wld002-the-wildcard-has-no-value-at-some-leaves",
    "WLD003": f"{_WILDCARDS}#wld003-a-stray-percent-sign",
    "WLD004": f"{_WILDCARDS}#wld004-two-elements-have-the-same-key-after-replacing",
    "WLD005": f"{_WILDCARDS}#wld005-too-many-elements",
}


def page_of(code: str) -> str:
    """The page and the heading that explain a code. Raises KeyError for a code that is not one of these."""
    return PAGES[code]
