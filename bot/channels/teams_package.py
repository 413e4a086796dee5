"""`sheriff teams package`: the zip that an administrator uploads to Teams. The same settings give the same bytes."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from bot.channels.teams_manifest import FOLDER, LANGUAGES, Json, localisation, manifest
from bot.settings import Settings
from knowledge.errors import Misuse

ICONS = ("color.png", "outline.png")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def package_command(settings: Settings, output: Path) -> None:
    """Write the package and say what to do with it. Raises Misuse naming what is missing in the settings."""
    if output.suffix.lower() != ".zip":
        raise Misuse(f"--output {output}: Teams takes a file that ends in .zip.")
    files = package_files(settings)
    output.write_bytes(zipped(files))
    written = json.loads(files["manifest.json"])
    print(f"{output}: {written['name']['short']} {written['version']}, app {written['id']}.")
    print("Upload it at https://admin.teams.microsoft.com, Teams apps › Manage apps › Upload new app.")
    for note in _notes(settings):
        print(f"note: {note}")
    print("The steps before and after are in docs/teams.md; `sheriff doctor --teams` checks them.")


def package_files(settings: Settings) -> dict[str, bytes]:
    """Name and content of each file of the package, all of them at its root."""
    files = {"manifest.json": _written(manifest(settings))}
    files |= {name: (FOLDER / name).read_bytes() for name in ICONS}
    return files | {f"{language}.json": _written(localisation(manifest(settings, language))) for language in LANGUAGES}


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files, stored: compressed bytes would differ between versions of zlib."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(entry, content)
    return buffer.getvalue()


def _notes(settings: Settings) -> list[str]:
    unset = [name for name in ("website_url", "privacy_url", "terms_url") if not getattr(settings.teams, name)]
    if not unset:
        return []
    missing = ", ".join(f"teams.{name}" for name in unset)
    return [f"{missing}: not set, so the links in the app's details lead to {settings.server.public_url}."]


def _written(content: Json) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
