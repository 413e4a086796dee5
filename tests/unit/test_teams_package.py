"""The Teams app package: its files, the limits of the store one by one, what follows from settings, its icons."""

from __future__ import annotations

import io
import json
import runpy
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from bot.channels.teams_manifest import FOLDER, LANGUAGES, localisation, manifest
from bot.channels.teams_package import package_files, zipped
from bot.intents import Intent, understand
from bot.messages import Incoming, Person
from bot.sections import PlatformSettings, ServerSettings, TeamsSettings
from bot.settings import Settings, load
from knowledge.errors import Misuse

REPOSITORY = Path(__file__).resolve().parents[2]
APP_ID = "0A1B2C3D-1111-2222-3333-444455556666"
ACCENT = (0x1D, 0x59, 0xBF, 255)


def settings_with(*, app_id: str = APP_ID, public_url: str = "https://sheriff.example.com/", **teams: Any) -> Settings:
    server, own = ServerSettings(public_url=public_url), TeamsSettings(**teams)
    return Settings(teams_app_id=app_id, server=server, teams=own)


def rgba(png: bytes) -> tuple[int, int, list[tuple[int, ...]]]:
    """Width, height and pixels of a PNG as our drawing writes it: eight bits, with alpha, rows without a filter."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, bits, kind = struct.unpack(">2I2B", png[16:26])
    assert (bits, kind) == (8, 6)
    at, packed = 8, b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += length + 12
    rows = zlib.decompress(packed)
    stride = width * 4 + 1
    assert set(rows[::stride]) == {0}
    pixels = b"".join(rows[y * stride + 1 : (y + 1) * stride] for y in range(height))
    return width, height, list(zip(*[iter(pixels)] * 4, strict=True))


# ---- the zip ----


def test_the_zip_has_exactly_its_files_at_its_root_and_the_same_bytes_each_time() -> None:
    settings = settings_with()

    first, second = zipped(package_files(settings)), zipped(package_files(settings))

    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"manifest.json", "color.png", "outline.png", "en.json", "fr.json"}


def test_every_file_that_the_manifest_names_is_in_the_package() -> None:
    files = package_files(settings_with())

    content = json.loads(files["manifest.json"])

    languages = content["localizationInfo"]
    named = [languages["defaultLanguageFile"], *(other["file"] for other in languages["additionalLanguages"])]
    assert set(named) | set(content["icons"].values()) | {"manifest.json"} == set(files)


# ---- the limits of the store, without a schema at hand ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_descriptions_keep_to_the_limits_of_the_store(language: str) -> None:
    content = manifest(settings_with(name="S" * 30), language)

    assert len(content["name"]["short"]) <= 30
    assert len(content["name"]["full"]) <= 100
    assert len(content["description"]["short"]) <= 80
    assert len(content["description"]["full"]) <= 4000
    assert len(content["developer"]["name"]) <= 32


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_keep_to_the_limits_of_the_store(language: str) -> None:
    content = manifest(settings_with(name="S" * 30), language)

    lists = content["bots"][0]["commandLists"]
    assert [one["scopes"] for one in lists] == [["personal"], ["team"], ["groupChat"]]
    for commands in (*(one["commands"] for one in lists), content["composeExtensions"][0]["commands"]):
        assert 1 <= len(commands) <= 10
        assert all(0 < len(c["title"]) <= 32 and 0 < len(c["description"]) <= 128 for c in commands)


def test_both_languages_say_the_same_things_in_their_own_words() -> None:
    english, french = (localisation(manifest(settings_with(), language)) for language in LANGUAGES)

    assert english.keys() == french.keys()
    untranslated = {key for key, text in english.items() if french[key] == text}
    titles = {f"bots[0].commandLists[{at}].commands[{number}].title" for at in range(3) for number in range(8)}
    assert untranslated == {"$schema", "name.short", *titles}


def test_no_text_keeps_a_place_that_was_not_filled() -> None:
    texts = [json.dumps(manifest(settings_with(), language)) for language in LANGUAGES]

    assert not any(mark in text for text in texts for mark in ("{name}", "{platform}", "{docs}"))
    assert all("Dev Insight" in text and "Meridian" in text for text in texts)


def test_names_from_settings_are_taken_as_they_are() -> None:
    platform = PlatformSettings(name="{docs}", docs="{name}")

    content = manifest(settings_with().model_copy(update={"platform": platform}))

    assert content["name"]["full"] == "Sheriff, support for {docs}"


# ---- what follows from settings ----


def test_the_bot_and_its_extension_are_those_of_the_registration() -> None:
    content = manifest(settings_with())

    assert content["bots"][0]["botId"] == content["composeExtensions"][0]["botId"] == APP_ID.lower()
    assert content["bots"][0]["scopes"] == ["personal", "team", "groupChat"]
    assert content["bots"][0]["supportsFiles"] is True
    assert content["validDomains"] == ["sheriff.example.com"]


def test_the_apps_own_id_follows_from_the_bots_and_can_be_given() -> None:
    derived = manifest(settings_with())["id"]

    assert derived == manifest(settings_with(app_id=APP_ID.lower()))["id"]
    assert derived not in {APP_ID.lower(), manifest(settings_with(app_id=APP_ID.replace("0A", "0B")))["id"]}
    given = "99999999-aaaa-bbbb-cccc-dddddddddddd"
    assert manifest(settings_with(manifest_id=given))["id"] == given


def test_hearing_every_message_is_asked_for_and_explained_or_left_out() -> None:
    hearing, deaf = manifest(settings_with()), manifest(settings_with(hear_all=False))

    assert [(p["name"], p["type"]) for p in hearing["authorization"]["permissions"]["resourceSpecific"]] == [
        ("ChannelMessage.Read.Group", "Application"),
        ("ChatMessage.Read.Chat", "Application"),
    ]
    assert hearing["webApplicationInfo"]["id"] == APP_ID.lower()
    assert hearing["webApplicationInfo"]["resource"]
    assert "reads each new message" in hearing["description"]["full"]
    assert {"authorization", "webApplicationInfo"}.isdisjoint(deaf)
    assert "reads each new message" not in deaf["description"]["full"]


def test_the_extension_searches_and_acts_on_messages() -> None:
    search, ask, propose = manifest(settings_with())["composeExtensions"][0]["commands"]

    assert (search["id"], search["type"], search["parameters"][0]["name"]) == ("search", "query", "query")
    for action, name in ((ask, "askSheriff"), (propose, "makeFaq")):
        assert (action["id"], action["type"], action["context"]) == (name, "action", ["message"])
        assert action["fetchTask"] is True


def test_developer_addresses_and_accent_are_those_of_the_settings() -> None:
    content = manifest(
        settings_with(developer="Platform team", privacy_url="https://example.com/privacy", accent="#ABCDEF")
    )

    assert content["developer"] == {
        "name": "Platform team",
        "websiteUrl": "https://sheriff.example.com",
        "privacyUrl": "https://example.com/privacy",
        "termsOfUseUrl": "https://sheriff.example.com",
    }
    assert content["accentColor"] == "#ABCDEF"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (settings_with(app_id=""), r"MICROSOFT_APP_ID is not set.*Application \(client\) ID"),
        (settings_with(app_id="sheriff"), r"MICROSOFT_APP_ID is no GUID.*Copy"),
        (settings_with(public_url=""), r"server\.public_url is not set.*https"),
        (settings_with(public_url="http://sheriff.example.com"), r"server\.public_url is http://.*begins with https"),
        (settings_with(public_url="https://[sheriff"), r"server\.public_url is https://\[sheriff"),
        (
            settings_with().model_copy(update={"platform": PlatformSettings(name="M" * 33)}),
            r"33 characters; Teams takes 32.*shorter teams\.developer",
        ),
        (
            settings_with(developer="x").model_copy(update={"platform": PlatformSettings(name="M" * 90)}),
            r"Teams takes 100.*shorter teams\.full_name",
        ),
        (
            settings_with().model_copy(update={"platform": PlatformSettings(docs="D" * 4000)}),
            r"^“Ask about D+…” has 4\d+ characters; Teams takes 4000.*shorter platform\.docs",
        ),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named_with_the_remedy(settings: Settings, told: str) -> None:
    with pytest.raises(Misuse, match=told):
        manifest(settings)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"developer: {'x' * 33}", "at most 32 characters"),
        (f"name: {'x' * 31}", "at most 30 characters"),
        ("accent: blue", "a colour such as #1d59bf"),
        ('version: "1"', r"three numbers such as 1\.0\.0"),
        ("manifest_id: sheriff", "a GUID such as"),
        ("privacy_url: http://example.com", "begins with https://"),
        ("hear_all: perhaps", "true or false"),
        ("hearall: true", "hear_all"),
    ],
)
def test_a_wrong_value_in_the_file_is_told_in_words(tmp_path: Path, line: str, told: str) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text(f"teams:\n  {line}\n")

    with pytest.raises(Misuse, match=told):
        load(config)


def test_a_wrong_value_in_the_environment_is_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHERIFF_TEAMS__ACCENT", "blue")

    with pytest.raises(Misuse, match="SHERIFF_TEAMS__ACCENT: write a colour such as #1d59bf"):
        load()


# ---- words and icons ----


@pytest.mark.parametrize(("title", "intent"), [("help", Intent.HELP), ("who is on duty", Intent.DUTY)])
def test_a_command_is_called_by_words_that_the_bot_understands(title: str, intent: Intent) -> None:
    titles = [c["title"] for c in manifest(settings_with(), "fr")["bots"][0]["commandLists"][0]["commands"]]

    assert title in titles
    assert understand(Incoming("1", "teams", "c", Person("kim", "Kim"), title)).intent is intent


def test_every_command_is_in_the_administrators_guide() -> None:
    guide = (REPOSITORY / "docs" / "teams.md").read_text()

    for command in manifest(settings_with())["bots"][0]["commandLists"][0]["commands"]:
        assert f"`{command['title']}" in guide


def test_the_colour_icon_is_a_white_star_in_the_middle_of_the_accent() -> None:
    width, height, pixels = rgba((FOLDER / "color.png").read_bytes())

    assert (width, height) == (192, 192)
    assert {pixels[0], pixels[191], pixels[192 * 191], pixels[-1]} == {ACCENT}
    assert pixels[192 * 96 + 96] == (255, 255, 255, 255)
    assert {alpha for *_, alpha in pixels} == {255}
    drawn = [divmod(at, 192) for at, pixel in enumerate(pixels) if pixel != ACCENT]
    assert all(36 <= y < 156 and 36 <= x < 156 for y, x in drawn)  # the part that no mask cuts off


def test_the_outline_icon_is_white_on_nothing() -> None:
    width, height, pixels = rgba((FOLDER / "outline.png").read_bytes())

    assert (width, height) == (32, 32)
    assert {pixel[:3] for pixel in pixels} == {(255, 255, 255)}
    assert (pixels[0][3], pixels[32 * 16 + 16][3]) == (0, 0)
    assert max(alpha for *_, alpha in pixels) == 255


def test_the_icons_are_those_that_the_drawing_makes() -> None:
    drawing = runpy.run_path(str(REPOSITORY / "deploy" / "teams" / "draw_icons.py"))

    for name, draw in (("color.png", "colour_icon"), ("outline.png", "outline_icon")):
        assert rgba((FOLDER / name).read_bytes()) == rgba(drawing["png"](drawing[draw]()))
