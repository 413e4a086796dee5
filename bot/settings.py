"""Settings: `sheriff.yaml` and the environment, read once into one frozen value; nothing else reads the environment."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bot.configuration import read_configuration
from bot.sections import (
    ADDRESS,
    LOOPBACK,
    PATTERN_WORDS,
    DeskSettings,
    FaqSettings,
    FileSettings,
    GapSettings,
    HandoffSettings,
    IndexSettings,
    LimitSettings,
    ModelSettings,
    NoticeSettings,
    PlatformSettings,
    PolicySettings,
    RateSettings,
    ServerSettings,
    SignInSettings,
    SourceSettings,
    TeamsSettings,
)
from knowledge import bundled
from knowledge.errors import Misuse


def _secret(*names: str) -> Any:
    return Field(SecretStr(""), validation_alias=AliasChoices(*names))


def _plain(default: str, *names: str) -> Any:
    return Field(default, validation_alias=AliasChoices(*names))


def _address(name: str) -> Any:
    return Field("", validation_alias=AliasChoices(name), pattern=ADDRESS)


class Settings(BaseSettings):
    """All that Sheriff was told. Frozen; secrets print as stars."""

    model_config = SettingsConfigDict(
        env_prefix="SHERIFF_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    home: Path = Path(".sheriff")
    model_dir: Path | None = None
    tiktoken_cache: Path | None = _plain("", "TIKTOKEN_CACHE_DIR")
    database_url: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    desk_token: SecretStr = SecretStr("")
    desk_user: str = ""
    desk_secret: SecretStr = SecretStr("")
    gaps_desk_token: SecretStr = SecretStr("")
    gaps_desk_user: str = ""
    gaps_desk_secret: SecretStr = SecretStr("")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    log_messages: bool = Field(False, description="Write what people say to the log, too, without its secrets")

    platform: PlatformSettings = PlatformSettings()
    sources: Sequence[SourceSettings] = ()
    rota: Path = bundled.ROTA
    desk: DeskSettings = DeskSettings()
    model: ModelSettings = ModelSettings()
    index: IndexSettings = IndexSettings()
    limits: LimitSettings = LimitSettings()
    policy: PolicySettings = PolicySettings()
    handoff: HandoffSettings = HandoffSettings()
    faq: FaqSettings = FaqSettings()
    gaps: GapSettings = GapSettings()
    notices: NoticeSettings = NoticeSettings()
    server: ServerSettings = ServerSettings()
    rates: RateSettings = RateSettings()
    teams: TeamsSettings = TeamsSettings()
    sign_in: SignInSettings = SignInSettings()
    sign_in_secret: SecretStr = SecretStr("")

    openai_api_key: SecretStr = _secret("OPENAI_API_KEY")
    openai_base_url: str = _address("OPENAI_BASE_URL")
    openai_model: str = _plain("", "OPENAI_MODEL")
    azure_api_key: SecretStr = _secret("AZURE_OPENAI_API_KEY")
    azure_endpoint: str = _address("AZURE_OPENAI_ENDPOINT")
    azure_deployment: str = _plain("", "AZURE_OPENAI_DEPLOYMENT")
    azure_embedding_deployment: str = _plain("", "AZURE_OPENAI_EMBEDDING_DEPLOYMENT")
    azure_api_version: str = _plain("2024-10-21", "AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION")
    teams_app_id: str = _plain("", "MICROSOFT_APP_ID")
    teams_app_password: SecretStr = _secret("MICROSOFT_APP_PASSWORD")
    teams_tenant_id: str = _plain("", "MICROSOFT_APP_TENANT_ID")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library fixes this signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; there is no third place."""
        return env_settings, init_settings

    @property
    def all_sources(self) -> Sequence[SourceSettings]:
        """The configured sources, or those of the bundled example platform."""
        return self.sources or BUNDLED_SOURCES

    @property
    def provider(self) -> Literal["none", "openai", "azure"]:
        """The language model to use: the one asked for, else the one whose key is here."""
        if self.model.provider != "auto":
            return self.model.provider
        if self.azure_api_key.get_secret_value() and self.azure_endpoint:
            return "azure"
        key_or_server = self.openai_api_key.get_secret_value() or self.openai_base_url
        return "openai" if key_or_server else "none"

    @property
    def models(self) -> Path:
        return self.model_dir or self.home / "models"

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value() or f"sqlite:///{self.home / 'sheriff.db'}"

    @property
    def workflow_database(self) -> str:
        """Its own file on SQLite, so that long workflows and short case writes never wait for one lock."""
        shared = self.database_url.get_secret_value()
        if shared and not shared.startswith("sqlite"):
            return shared
        return f"sqlite:///{self.home / 'workflows.db'}"

    @property
    def retention(self) -> timedelta | None:
        """How long an ended case is kept; None: for ever."""
        days = self.policy.retention_days
        return timedelta(days=days) if days else None

    @property
    def replica(self) -> str:
        """What this process is called among those that share its database: one process holds a home folder."""
        return self.server.name or f"{socket.gethostname()}:{self.home.resolve()}"

    @property
    def teams_tenant(self) -> str:
        return self.teams_tenant_id or self.teams.tenant_id

    @property
    def has_sign_in(self) -> bool:
        """Whether people are to sign in: one of the three things that it takes is there."""
        return bool(self.sign_in.issuer or self.sign_in.client_id or self.sign_in_secret.get_secret_value())

    @property
    def secret(self) -> str:
        """Something that only the server and who runs its commands know; "" where nobody is asked who he is."""
        return self.access_token.get_secret_value() or self.sign_in_secret.get_secret_value()

    @property
    def is_loopback(self) -> bool:
        return self.server.host in LOOPBACK


BUNDLED_SOURCES: Sequence[SourceSettings] = (
    SourceSettings(kind="folder", name="docs", path=bundled.DOCS),
    SourceSettings(kind="faq", name="faq", path=bundled.FAQ),
    SourceSettings(kind="schemas", name="schemas", path=bundled.SCHEMAS),
)


def file_of(config: Path | None = None) -> Path:
    """Where the configuration is read from: the file that is named here or by SHERIFF_CONFIG, else ./sheriff.yaml."""
    return config or Path(os.environ.get("SHERIFF_CONFIG") or "sheriff.yaml")


def load(config: Path | None = None, *, home: Path | None = None) -> Settings:
    """Settings from `config` (or ./sheriff.yaml if there is one) and the environment; `home` wins over both.

    Raises Misuse with file, line, column and remedy when the file is wrong, or naming the variable when that is.
    """
    path = file_of(config)
    values: dict[str, Any] = {}
    if config or os.environ.get("SHERIFF_CONFIG") or path.is_file():
        values = read_configuration(path, FileSettings.model_json_schema())
        values = _anchored(values, path.resolve().parent)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise Misuse(_explain(error, path if values else None)) from error
    except SettingsError as error:
        raise Misuse(_not_json(error)) from error
    return settings.model_copy(update={"home": home}) if home else settings


def with_server(settings: Settings, *, host: str | None, port: int | None) -> Settings:
    """The same settings with the address given on the command line."""
    chosen = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return settings.model_copy(update={"server": settings.server.model_copy(update=chosen)})


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths in the file mean: relative to the file."""
    result = dict(values)
    if isinstance(result.get("rota"), str):
        result["rota"] = folder / result["rota"]
    platform = result.get("platform")
    if isinstance(platform, Mapping):
        paths = {
            key: folder / platform[key]
            for key in ("schemas", "pages", "glossary")
            if isinstance(platform.get(key), str)
        }
        rules = platform.get("rules")
        files = {"rules": [folder / str(file) for file in rules]} if isinstance(rules, list) else {}
        result["platform"] = {**platform, **paths, **files}
    sources = result.get("sources")
    if isinstance(sources, list):
        result["sources"] = [{**s, "path": folder / s["path"]} for s in sources]
    return result


def _explain(error: ValidationError, path: Path | None) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = [str(part) for part in first["loc"]]
    where = f"{path} or the environment: {'.'.join(place)}" if path else f"the environment: {_variable(place)}"
    words = PATTERN_WORDS.get(first.get("ctx", {}).get("pattern", ""))
    what = f"write {words}" if words else first["msg"]
    return f"{where}: {what}. See docs/operator-guide.md for every setting."


def _variable(place: Sequence[str]) -> str:
    """The variable that sets this: those of others are known by their own names."""
    return place[0] if place[0].isupper() else f"SHERIFF_{'__'.join(place).upper()}"


def _not_json(error: SettingsError) -> str:
    found = re.search(r'field "(\w+)"', str(error))
    name = f"SHERIFF_{found[1].upper()}" if found else "One of the SHERIFF_ variables"
    return (
        f"the environment: {name} cannot be read: it stands for a whole section, written as JSON. "
        f"Write it so, set a single value with {name}__NAME, or use sheriff.yaml."
    )
