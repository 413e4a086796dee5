"""Files attached in Teams: fetched from Microsoft's servers only, within limits; what cannot be read is said.

The bot's token goes to the channel's own server and nowhere else; files of a chat come from an address that needs none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from bot.channels.security import is_loopback
from bot.fetching import Allowed, Fetcher, NotAllowedError, NotFetchedError, TooLongError
from bot.intents import MAX_FILE_BYTES
from bot.messages import Attachment

DOWNLOAD: Final = "application/vnd.microsoft.teams.file.download.info"
PICTURE: Final = "a picture"
SECONDS: Final = 10.0  # for one file
MOST: Final = 10  # files of one message
# Where Teams keeps files and pictures (Microsoft 365 URLs and address ranges, ids 17, 31 and 46).
HOSTS: Final = (
    *("sharepoint.com", "sharepoint.us", "sharepoint.cn", "sharepoint.de", "1drv.com", "svc.ms"),
    *("smba.trafficmanager.net", "botframework.com", "teams.microsoft.com", "skype.com", "asm.skype.com"),
)
_OURS = ("application/vnd.microsoft.card", "text/html", "text/plain", "application/vnd.microsoft.teams.card")


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of a message, and what is to be said of those that could not be had."""

    files: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    address: str
    content_type: str
    with_token: bool


async def fetch(body: Mapping[str, Any], *, token: Callable[[], Awaitable[str]]) -> Fetched:
    """What is attached to a message activity. Never raises for what a server does: it becomes a note."""
    listed = body.get("attachments")
    attached = [each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    files: list[Attachment] = []
    notes: list[str] = []
    for each in [a for a in attached if not _is_ours(a)][:MOST]:
        wanted = _wanted(each)
        if isinstance(wanted, str):
            notes.append(wanted)
            continue
        found = await _got(wanted, str(body.get("serviceUrl") or ""), token)
        if isinstance(found, str):
            notes.append(found)
        else:
            files.append(found)
    return Fetched(tuple(files), tuple(dict.fromkeys(notes)))


def is_any_attached(body: Mapping[str, Any]) -> bool:
    """Whether a message came with more than its text."""
    listed = body.get("attachments")
    return isinstance(listed, list) and any(isinstance(each, dict) and not _is_ours(each) for each in listed)


def _is_ours(attachment: Mapping[str, Any]) -> bool:
    """Cards, and the copy of the message's own text that Teams attaches to it."""
    return str(attachment.get("contentType") or "").startswith(_OURS) and not attachment.get("contentUrl")


def _wanted(attachment: Mapping[str, Any]) -> _Wanted | str:
    """What to fetch, or why it is not fetched."""
    kind, name = str(attachment.get("contentType") or ""), str(attachment.get("name") or "")
    if kind.startswith("image/") or kind == "image":
        return f"{name or PICTURE[:1].upper() + PICTURE[1:]}: I can’t read pictures yet, paste the text."
    content = attachment.get("content")
    if kind == DOWNLOAD and isinstance(content, dict):
        return _Wanted(name or "attachment", str(content.get("downloadUrl") or ""), kind, with_token=False)
    if kind == "reference":
        return f"{name or 'The file'}: files of a channel cannot be opened. Send it in a chat with me, or paste it."
    return _Wanted(name or "attachment", str(attachment.get("contentUrl") or ""), kind, with_token=True)


async def _got(wanted: _Wanted, service_url: str, token: Callable[[], Awaitable[str]]) -> Attachment | str:
    here = is_loopback(_host(service_url))  # the token of the channel vouches for its serviceUrl
    fetcher = Fetcher(Allowed(() if here else HOSTS, this_machine=here), MAX_FILE_BYTES, SECONDS)
    headers = {}
    if wanted.with_token and _host(wanted.address) == _host(service_url):
        headers = {"Authorization": f"Bearer {await token()}"}
    try:
        content = await fetcher.get(wanted.address, headers=headers)
    except NotAllowedError:
        return f"{wanted.name}: it lies where Sheriff does not fetch files from. Paste the text instead."
    except TooLongError as error:
        return f"{wanted.name}: {error}"
    except NotFetchedError as error:
        status = f" (HTTP {error.status})" if error.status else ""
        return f"{wanted.name}: could not be fetched{status}. Send it again, or paste it."
    return Attachment(wanted.name, content, wanted.content_type)


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
