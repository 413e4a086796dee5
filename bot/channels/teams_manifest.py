"""The manifest of the Teams app, and its words in each language, from settings; it reads only our own strings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from bot.sections import GUID
from bot.settings import Settings
from knowledge.errors import Misuse

Json = dict[str, Any]
FOLDER = Path(__file__).with_name("teams_app")  # strings and icons
DEFAULT_LANGUAGE = "en"
LANGUAGES = (DEFAULT_LANGUAGE, "fr")
SCOPES = ("personal", "team", "groupChat")
HEARING = ("ChannelMessage.Read.Group", "ChatMessage.Read.Chat")  # without these only mentions reach the bot
_SCHEMAS = "https://developer.microsoft.com/json-schemas/teams/v1.19"
_APPS = UUID("6f9c1f0e-5d9b-4b7c-9a53-2f8c3f1f6b1d")  # our name space of uuid5: same bot, same app
_LOCALISED = re.compile(r"^(name|description)\.|\.commands\[\d\].*\.(title|description)$")
_LONGEST_DEVELOPER, _LONGEST_FULL_NAME, _LONGEST_DESCRIPTION = 32, 100, 4000  # characters, by Microsoft's schema


def manifest(settings: Settings, language: str = DEFAULT_LANGUAGE) -> Json:
    """manifest.json of the app in that language. Raises Misuse naming the setting that is missing or wrong."""
    words = _words(settings, language)
    app_id, base_url = bot_id(settings), public_url(settings)
    return {
        "$schema": f"{_SCHEMAS}/MicrosoftTeams.schema.json",
        "manifestVersion": "1.19",
        "version": settings.teams.version,
        "id": settings.teams.manifest_id.lower() or str(uuid5(_APPS, app_id)),
        "localizationInfo": _languages(),
        "developer": _developer(settings, base_url),
        "name": {"short": settings.teams.name, "full": _full_name(settings, words)},
        "description": {"short": words["short"], "full": _description(settings, words)},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": settings.teams.accent,
        "bots": [_bot(app_id, words["commands"])],
        "composeExtensions": [_extension(app_id, words)],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(base_url).hostname],
        "defaultInstallScope": "team",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        **(_hearing(app_id, base_url) if settings.teams.hear_all else {}),
    }


def localisation(whole: Json) -> Json:
    """What a manifest says to people, by the paths that Microsoft's localisation files have: `bots[0].…title`."""
    texts = {path: text for path, text in _texts(whole) if _LOCALISED.search(path)}
    return {"$schema": f"{_SCHEMAS}/MicrosoftTeams.Localization.schema.json", **texts}


def bot_id(settings: Settings) -> str:
    """The bot's app id, in small letters. Raises Misuse when it is not set or no GUID."""
    app_id = settings.teams_app_id
    if not app_id:
        raise Misuse("MICROSOFT_APP_ID is not set. It is the “Application (client) ID” of the registration in Entra.")
    if not re.fullmatch(GUID, app_id):
        raise Misuse("MICROSOFT_APP_ID is no GUID. Copy the “Application (client) ID” of the registration in Entra.")
    return app_id.lower()


def public_url(settings: Settings) -> str:
    """Where Microsoft reaches this server, without a slash at its end. Raises Misuse when that is not https."""
    base_url = settings.server.public_url.rstrip("/")
    if not base_url:
        raise Misuse("server.public_url is not set. Give the https address under which this server is reached.")
    if not base_url.startswith("https://") or not host_of(base_url):
        raise Misuse(f"server.public_url is {base_url}. Teams needs an address that begins with https://.")
    return base_url


def host_of(address: str) -> str:
    """The host name of an address; "" when it is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _words(settings: Settings, language: str) -> Json:
    """Our strings of a language, with the names of app, platform and documentation in their places."""
    names = {"name": settings.teams.name, "platform": settings.platform.name, "docs": settings.platform.docs}

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\{(name|platform|docs)\}", lambda found: names[found[1]], value)
        return {key: filled(inner) for key, inner in value.items()}

    strings: Json = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return {key: filled(value) for key, value in strings.items()}


def _languages() -> Json:
    others = [{"languageTag": tag, "file": f"{tag}.json"} for tag in LANGUAGES if tag != DEFAULT_LANGUAGE]
    return {
        "defaultLanguageTag": DEFAULT_LANGUAGE,
        "defaultLanguageFile": f"{DEFAULT_LANGUAGE}.json",
        "additionalLanguages": others,
    }


def _developer(settings: Settings, base_url: str) -> Json:
    name = settings.teams.developer or settings.platform.name
    return {
        "name": _fitting(name, _LONGEST_DEVELOPER, "teams.developer"),
        "websiteUrl": settings.teams.website_url or base_url,
        "privacyUrl": settings.teams.privacy_url or base_url,
        "termsOfUseUrl": settings.teams.terms_url or base_url,
    }


def _full_name(settings: Settings, words: Json) -> str:
    return _fitting(settings.teams.full_name or words["full_name"], _LONGEST_FULL_NAME, "teams.full_name")


def _fitting(text: str, most: int, setting: str) -> str:
    if len(text) > most:
        shown = text if len(text) <= _LONGEST_FULL_NAME else f"{text[:60]}…"
        raise Misuse(f"“{shown}” has {len(text)} characters; Teams takes {most}. Set a shorter {setting}.")
    return text


def _description(settings: Settings, words: Json) -> str:
    """Microsoft wants the description to say what is done with messages that the bot hears."""
    parts = [words["full"], words["hears"]] if settings.teams.hear_all else [words["full"]]
    return _fitting("\n\n".join(parts), _LONGEST_DESCRIPTION, "platform.docs")


def _bot(app_id: str, commands: Mapping[str, str]) -> Json:
    # Choosing a command puts its title into the message: titles are the words that the bot understands, untranslated.
    listed = [{"title": title, "description": description} for title, description in commands.items()]
    return {
        "botId": app_id,
        "scopes": list(SCOPES),
        "supportsFiles": True,
        "isNotificationOnly": False,
        "commandLists": [{"scopes": [scope], "commands": listed} for scope in SCOPES],
    }


def _extension(app_id: str, words: Json) -> Json:
    search = words["search"]
    parameter = {
        "name": "query",
        "title": search["parameter"],
        "description": search["hint"],
        "inputType": "text",
    }
    return {
        "botId": app_id,
        "canUpdateConfiguration": False,
        "commands": [
            {
                "id": "search",
                "type": "query",
                "title": search["title"],
                "description": search["description"],
                "context": ["compose", "commandBox"],
                "initialRun": True,
                "parameters": [parameter],
            },
            _message_action("askSheriff", words),
            _message_action("makeFaq", words),
        ],
    }


def _message_action(name: str, words: Json) -> Json:
    """An entry of a message's “…” menu; the bot gives the dialog (`fetchTask`), so nothing of it is written here."""
    return {"id": name, "type": "action", **words[name], "context": ["message"], "fetchTask": True}


def _hearing(app_id: str, base_url: str) -> Json:
    permissions = [{"name": name, "type": "Application"} for name in HEARING]
    return {
        "webApplicationInfo": {"id": app_id, "resource": f"api://{host_of(base_url)}/botid-{app_id}"},
        "authorization": {"permissions": {"resourceSpecific": permissions}},
    }


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence):
        for at, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{at}]")
