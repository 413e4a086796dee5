"""Where the bundled example platform lies: data that ships with the package."""

from __future__ import annotations

from pathlib import Path

PLATFORM = Path(__file__).resolve().parent / "platform"
DOCS = PLATFORM / "docs"
FAQ = PLATFORM / "faq"
SCHEMAS = PLATFORM / "schemas"
DEPLOYMENT_REPOSITORY = PLATFORM / "deployment-repo"
DIAGNOSTICS = Path(__file__).resolve().parent / "diagnostics"  # a page for each code
RULES = (PLATFORM / "rules" / "meridian.py",)
PAGES = PLATFORM / "pages.json"  # which explain the codes of topologies, overlays and wildcards
GLOSSARY = PLATFORM / "glossary.yaml"
ROTA = PLATFORM / "rota.yaml"
HOSTS = frozenset({"meridian.example", "devinsight.example"})
HOLIDAYS = PLATFORM / "holidays"  # calendars that a rota may name
