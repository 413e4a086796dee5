"""What is done with files that somebody sent: opened, checked, asked for values. In this process, or behind a fence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from bot import deployments
from knowledge.adapters.fence import Fence, Limits, OverrunError
from knowledge.deployment import archives
from knowledge.deployment.archives import Opened, is_zip
from knowledge.deployment.asking import Told, ask
from knowledge.deployment.platform import LEVELS, Platform
from knowledge.deployment.together import check_together
from knowledge.errors import TooCostly
from knowledge.validation.diagnostics import SourceFile, ValidationReport
from knowledge.validation.lints import CODES
from knowledge.validation.mending import with_mended

PRELOAD: Final = ("bot.examining", "jsonschema_rs")
_NAMED: Final = 3  # files in a sentence

Doing = Callable[..., Any]  # does a function of this module, which gets the platform before the other arguments


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found, with the files mended if that was asked for, and the values that were asked for."""

    report: ValidationReport
    told: Sequence[Told] = ()


@dataclass(frozen=True, slots=True)
class PlatformFiles:
    """Where a platform is read from, as `deployments.platform` takes it: another process reads it again."""

    schemas: Path
    levels: tuple[str, ...] = tuple(LEVELS)
    rules: tuple[Path, ...] | None = None
    pages: Path | None = None
    lints: tuple[str, ...] = tuple(CODES)


@dataclass(frozen=True, slots=True)
class Examiner:
    """Opens and checks what somebody sent, against a platform; `do` decides where."""

    platform: Platform
    do: Doing

    def opened(self, files: Sequence[SourceFile]) -> Opened:
        """The files, each zip replaced by what is in it. Never raises for what a file holds."""
        if not any(isinstance(file.content, bytes) and is_zip(file.name, file.content) for file in files):
            return archives.opened(files)  # nothing to unpack
        try:
            found: Opened = self.do(_opened, files)
        except OverrunError as overrun:
            return Opened(refused=(TooCostly(f"{_names(files)} {overrun}, so it was not read. Pack a part of it."),))
        return found

    def examine(
        self, files: Sequence[SourceFile], now: datetime | None = None, *, asked: str = "", mended: bool = False
    ) -> Examined:
        """Check files; raises TooCostly when that takes more than is given for one message."""
        try:
            found: Examined = self.do(_examine, files, now, asked, mended)
        except OverrunError as overrun:
            raise TooCostly(
                f"The check of {_names(files)} was stopped: it {overrun}. "
                "Send the part in question, or run `sheriff validate` on your machine."
            ) from overrun
        return found


def here(platform: Platform) -> Examiner:
    """Everything in this process, without limits: for who checks his own files."""

    def do(function: Callable[..., Any], *given: Any) -> Any:
        return function(platform, *given)

    return Examiner(platform, do)


def fence(files: PlatformFiles, limits: Limits, *, processes: int) -> Fence:
    """Processes that check files against this platform."""
    return Fence(limits, processes=processes, preload=PRELOAD, warm=partial(_ready, files))


def behind(fence: Fence, files: PlatformFiles, platform: Platform) -> Examiner:
    """Everything in the fence's processes; `platform` is what they read from these files."""
    return Examiner(platform, partial(fence.call, _with_platform, files))


def _names(files: Sequence[SourceFile]) -> str:
    shown = ", ".join(file.name for file in files[:_NAMED])
    return f"{shown} and {len(files) - _NAMED:,} more" if len(files) > _NAMED else shown


# ---- what is done, here or in another process ----


@lru_cache(maxsize=1)
def _platform(files: PlatformFiles) -> Platform:
    return deployments.platform(
        files.schemas, levels=files.levels, rules=files.rules, pages=files.pages, lints=files.lints
    )


def _ready(files: PlatformFiles) -> None:
    _platform(files).catalog.check()


def _with_platform(files: PlatformFiles, function: Callable[..., Any], *given: Any) -> Any:
    return function(_platform(files), *given)


def _opened(_: Platform, files: Sequence[SourceFile]) -> Opened:
    return archives.opened(files)


def _examine(
    platform: Platform, files: Sequence[SourceFile], now: datetime | None, asked: str, mended: bool
) -> Examined:
    checked = check_together(files, platform, now)
    report = with_mended(checked.report, files, catalog=platform.catalog) if mended else checked.report
    told = ask(checked.leaves, asked) if checked.leaves and asked else ()
    return Examined(report, tuple(told))
