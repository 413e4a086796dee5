"""The sections of sheriff.yaml: their keys, what these may hold, and what they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from knowledge import bundled

ADDRESS = r"^(https?://\S+)?$"
GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_SECURE = r"^(https://\S+)?$"
_GUID_OR_NOTHING = rf"^({GUID[1:-1]})?$"
_COLOUR = r"^#[0-9a-fA-F]{6}$"
_CHANNEL = r"^$|^19:[^;\s]+$"
_REPOSITORY = r"^([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)?$"
_PROJECT = r"^([A-Z][A-Z0-9_]+)?$"
_TABLE = r"^[a-z][a-z0-9_]*$"
_PATH = r"^/\S+$"
_VERSION = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"
PATTERN_WORDS = {
    ADDRESS: "it as https://…",
    _SECURE: "an address that begins with https://",
    _GUID_OR_NOTHING: "a GUID such as 12345678-90ab-cdef-1234-567890abcdef",
    _COLOUR: "a colour such as #1d59bf",
    _CHANNEL: "a channel id such as 19:0123abcd@thread.tacv2",
    _REPOSITORY: "it as owner/name",
    _PROJECT: "a project key such as SUP",
    _TABLE: "the name of a table such as incident",
    _PATH: "a path that begins with /",
    _VERSION: "three numbers such as 1.0.0",
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Section(BaseModel):
    """A part of sheriff.yaml: unknown keys are refused, so that a typing error is found at start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSettings(Section):
    """One place that knowledge is read from."""

    kind: Literal["folder", "faq", "schemas"] = "folder"
    name: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9-]*$", description="Short name, shown in reports")
    path: Path = Field(description="Folder or file, relative to sheriff.yaml")
    base_url: str = Field(
        "", pattern=ADDRESS, description="https://… where people open these pages; empty: Sheriff shows them itself"
    )
    owner: str = ""


class PlatformSettings(Section):
    """What the platform is called and what its YAML must look like."""

    name: str = "Meridian"
    docs: str = "Dev Insight"
    schemas: Path = Field(bundled.SCHEMAS, description="Folder of JSON Schemas that user YAML is checked against")
    levels: Sequence[str] = Field(
        ("group", "subscription", "region", "partition", "platform"),
        description="Levels of the topology, outermost first; a branch has to reach the last",
        min_length=1,
    )
    rules: Sequence[Path] | None = Field(
        None, description="Python files with rules of components; empty: those of the bundled platform with its schemas"
    )
    pages: Path | None = Field(
        None, description="JSON file: the documentation page that explains each code; empty: as with rules"
    )
    lints: Sequence[Literal["LNT001", "LNT002", "LNT003", "LNT004"]] = Field(
        ("LNT001", "LNT002", "LNT003", "LNT004"), description="Warnings about style that files get; [] for none"
    )
    glossary: Path | None = Field(
        None, description="YAML file of abbreviations and synonyms; empty: the bundled one for the bundled pages"
    )
    languages: Sequence[Literal["french"]] = Field(
        ("french",), description="Read besides English; empty when the documentation itself is in that language"
    )
    examples: Sequence[str] = Field(
        ("How do I raise a Kafka partition quota?", "Where do I put alerting.yaml?", "What does ORA-01017 mean?"),
        description="Questions offered on the first visit",
        max_length=4,
    )


class ModelSettings(Section):
    """The language model and the embeddings; keys come from the environment only."""

    provider: Literal["auto", "none", "openai", "azure"] = Field(
        "auto", description="auto: azure or openai when their key is in the environment, otherwise none"
    )
    name: str = Field("gpt-4o-mini", description="Model, for OpenAI and compatible servers")
    encoding: str = Field("o200k_base", description="tiktoken encoding; an Azure deployment's name does not tell it")
    timeout_seconds: float = Field(
        6, gt=0, le=60, description="For all that one question asks of the model; then the page is quoted instead"
    )
    rerank: bool = Field(False, description="Let the model order what was found: one more call, up to 3 seconds")
    forms: bool = Field(True, description="Ask for answers by a JSON Schema; a service that refuses writes plain text")
    context_tokens: int = Field(6000, ge=500, le=200_000, description="Budget for passages and question")
    tokens_per_day: int = Field(5_000_000, ge=0, description="Of all questions together; then pages are quoted; 0: any")
    tokens_per_person: int = Field(300_000, ge=0, description="A day; some 50 answers; 0: any number")
    calls_at_once: int = Field(8, ge=0, le=1000, description="Calls of the model that run at once; 0: any number")
    calls_waiting: int = Field(16, ge=0, le=10_000, description="Calls that wait for one to end; more are not made")
    embeddings: Literal["local", "openai", "azure"] = "local"
    embedding_name: str = "text-embedding-3-small"
    embedding_dimension: int = Field(1536, ge=1, le=10_000, description="Length of its vectors; 3072 for -3-large")
    precision: Literal["fp32", "int8"] = Field("fp32", description="Of the local embedding model")
    threads: int = Field(2, ge=1, le=64, description="Of the local embedding model")


class IndexSettings(Section):
    """Where the knowledge index is."""

    chroma_url: str = Field(
        "", pattern=ADDRESS, description="Chroma server that several replicas share; empty: embedded, in the home"
    )


class LimitSettings(Section):
    """What one file, or the files of one message, may take; they are read in processes of their own."""

    read_seconds: float = Field(10, gt=0, le=600, description="Of processor time, for one file of a source")
    check_seconds: float = Field(3, gt=0, le=60, description="For the files of one message")
    memory_mb: int = Field(512, ge=64, le=16_384, description="Of such a process, beside what it needs when idle")
    result_mb: int = Field(40, ge=1, le=1_000, description="That a file may become when it is read")
    processes: int = Field(2, ge=1, le=16, description="That check files of messages at the same time")


class PolicySettings(Section):
    """How sure an answer has to be, and how long cases are kept."""

    wrong_answer_rate: float = Field(0.05, ge=0, le=1, description="Share of given answers that may be wrong")
    answer_at: float | None = Field(None, ge=0, le=1, description="Confidence to answer from; empty: by the rate")
    hint_at: float | None = Field(None, ge=0, le=1, description="Confidence to hint from; empty: calibrated")
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Ended cases are deleted after so many days; empty: kept"
    )
    known_hosts: Sequence[str] = Field(
        (), description="Hosts, such as example.com, whose addresses an answer may show, beside those of base_url"
    )
    allowed_pages: Sequence[str] = Field(
        (), description="Pages that may speak to an assistant, as `sheriff ingest` names them: source:path@hash"
    )


def _of_form(pattern: str, default: str, description: str) -> Any:
    """A text that has to look like this; a wrong one is told in words, never as a regular expression."""
    in_words = PATTERN_WORDS[pattern]
    return Field(default, pattern=pattern, description=description, json_schema_extra={"x-pattern-words": in_words})


class DeskSettings(Section):
    """Where tickets are kept; docs/desks.md says what each kind needs. Its secrets come from the environment only."""

    kind: Literal["sqlite", "github", "jira", "servicenow", "webhook"] = "sqlite"
    prefix: str = Field("SUP", pattern=r"^[A-Z][A-Z0-9]{1,9}$", description="sqlite: ticket numbers are PREFIX-n")
    url: str = _of_form(ADDRESS, "", "Of the ticket system or receiver; empty for github: https://api.github.com")
    repository: str = _of_form(_REPOSITORY, "", "github: owner/name")
    project: str = _of_form(_PROJECT, "", "jira: key of the project")
    issue_type: str = Field("Task", min_length=1, description="jira: type of the issues")
    search_path: str = _of_form(_PATH, "/rest/api/3/search/jql", "jira: where issues are searched")
    site_url: str = _of_form(ADDRESS, "", "jira: where people see issues, when it is not url")
    close_transition: str = Field("", description="jira: its name; empty: the first that leads to “done”")
    reopen_transition: str = Field("", description="jira: its name; empty: the first that leads out of “done”")
    table: str = _of_form(_TABLE, "incident", "servicenow: name of the table")
    note_field: Literal["work_notes", "comments"] = Field("work_notes", description="servicenow: where notes go")
    open_state: str = Field("2", description="servicenow: state of a record that is opened again")
    closed_state: str = Field("6", description="servicenow: state of a record that is closed")
    closed_states: Sequence[str] = Field(("6", "7", "8"), description="servicenow: all states that mean closed")
    close_code: str = Field("Solution provided", description="servicenow: goes with closed_state; empty: none")
    labels: Sequence[str] = Field((), description="github, jira: further labels of each ticket")
    assignees: Mapping[str, str] = Field({}, description="Accounts in the ticket system, by name in the rota")
    fields: Mapping[str, Any] = Field({}, description="jira, servicenow: further fields of each new ticket")
    index_lag_seconds: float = Field(10, ge=0, le=60, description="Until a new ticket is surely found by its mark")
    timeout_seconds: float = Field(10, gt=0, le=60, description="Without a sign of life from the ticket system")
    poll_seconds: float = Field(300, ge=0, description="Between two looks for tickets closed there; 0: never")


class GoalSettings(Section):
    reply_minutes: float = Field(gt=0, description="Working time until a first reply is due")
    resolve_hours: float = Field(gt=0, description="Working time until a case should be resolved")


class GoalsSettings(Section):
    """How soon a case of each severity should be answered and resolved; the same as `support.clocks.DEFAULTS`."""

    critical: GoalSettings = GoalSettings(reply_minutes=15, resolve_hours=4)
    high: GoalSettings = GoalSettings(reply_minutes=30, resolve_hours=9)
    normal: GoalSettings = GoalSettings(reply_minutes=40, resolve_hours=27)
    low: GoalSettings = GoalSettings(reply_minutes=240, resolve_hours=90)


class HandoffSettings(Section):
    acknowledge_minutes: float = Field(30, gt=0, description="Until the sheriff, then the back-up, is reminded")
    reminders: int = Field(2, ge=0, le=10)
    goals: GoalsSettings = GoalsSettings()


class FaqSettings(Section):
    """What becomes of an entry that was approved from a resolved case."""

    write: Literal["patch", "file", "commit"] = Field(
        "patch", description="Offer a patch; or edit the FAQ file; or commit it, where it lies in Git"
    )


class GapSettings(Section):
    """Where maintainers work on the documentation."""

    desk: DeskSettings = Field(
        DeskSettings(),
        description="Where a gap becomes an issue: of kind github, jira, servicenow or webhook; its secrets are "
        "SHERIFF_GAPS_DESK_TOKEN, _USER and _SECRET",
    )


class NoticeSettings(Section):
    """From when on Sheriff proposes a notice; the same as `support.notices.USUAL`."""

    people: int = Field(5, ge=2, le=1000, description="Different people who ask alike")
    minutes: float = Field(60, ge=1, le=1440, description="Within so many minutes")


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(3978, ge=0, le=65535)
    public_url: str = Field("", pattern=ADDRESS, description="https://… under which people reach this server")
    trusted_proxies: Sequence[str] = Field(
        (), description="Addresses or networks of proxies that are believed in X-Forwarded-For, such as 10.0.0.0/8"
    )
    workers: int = Field(8, ge=1, le=64, description="Questions worked on at the same time")
    name: str = Field(
        "", max_length=200, description="Of this replica, the same after a restart; empty: the host's and the home's"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, given: Sequence[str]) -> Sequence[str]:
        for each in given:
            try:
                ip_network(each, strict=False)
            except ValueError:
                raise ValueError(f"{each} is no address or network; write 10.0.0.7 or 10.0.0.0/8") from None
        return given


class RateSettings(Section):
    """How fast anybody may call, for each process; 0: no limit. docs/operator-guide.md says what each counts."""

    person_per_minute: float = Field(120, ge=0, description="Questions, checks and deeds of one person")
    person_at_once: int = Field(300, ge=1, description="Of these after a pause")
    program_per_minute: float = Field(1_800, ge=0, description="Calls with one token")
    program_at_once: int = Field(300, ge=1, description="Of these after a pause")
    address_per_minute: float = Field(6_000, ge=0, description="Requests from one address, whoever sends them")
    address_at_once: int = Field(1_000, ge=1, description="Of these after a pause")
    messages_per_minute: float = Field(6_000, ge=0, description="Requests to /api/messages from one address")
    messages_at_once: int = Field(600, ge=1, description="Of these after a pause")
    failures_per_minute: float = Field(30, ge=0, description="Different wrong tokens from one address")
    failures_at_once: int = Field(20, ge=1, description="Of these after a pause")
    here: bool = Field(False, description="Also for this machine, where nobody is asked who calls")


class TeamsSettings(Section):
    """The bot's tenant, and what `sheriff teams package` writes into the app package."""

    tenant_id: str = Field("", description="Microsoft Entra tenant of the bot")
    further_tenants: Sequence[str] = Field((), description="Tenants that are answered besides it; all others never are")
    name: str = Field("Sheriff", min_length=1, max_length=30, description="What the app is called in Teams")
    full_name: str = Field("", max_length=100, description="Its long name; empty: the name and the platform's")
    version: str = _of_form(_VERSION, "1.0.0", "Of the package; raise it when you upload a changed one")
    manifest_id: str = _of_form(_GUID_OR_NOTHING, "", "Id of the app in the catalogue; empty: follows from the app id")
    developer: str = Field("", max_length=32, description="Who offers the app; empty: the platform's name")
    website_url: str = _of_form(_SECURE, "", "About the developer; empty: server.public_url")
    privacy_url: str = _of_form(_SECURE, "", "Your privacy statement; empty: server.public_url")
    terms_url: str = _of_form(_SECURE, "", "Your terms of use; empty: server.public_url")
    accent: str = _of_form(_COLOUR, "#1d59bf", "Colour behind the icon")
    hear_all: bool = Field(True, description="Ask owners for the right to hear messages that do not mention the bot")
    sheriff_channel: str = _of_form(
        _CHANNEL, "", "Id of the channel where sheriffs get their cases, 19:…@thread.tacv2; empty: none"
    )
    maintainer_channel: str = _of_form(
        _CHANNEL, "", "Id of the channel that is told of the week's gaps; empty: the sheriffs' channel"
    )
    remind_after_hours: float = Field(
        24, ge=0, le=336, description="Silence after which an asker is asked whether it helped; 0: never"
    )
    service_url: str = Field(
        "https://smba.trafficmanager.net/teams/", pattern=ADDRESS, description="Connector of those channels"
    )


_RoleName = Literal["asker", "sheriff", "maintainer", "admin"]


class SignInSettings(Section):
    """Sign-in to the web pages by OpenID Connect; the client's secret is SHERIFF_SIGN_IN_SECRET in the environment."""

    issuer: str = Field(
        "", pattern=ADDRESS, description="Of the provider, such as https://login.microsoftonline.com/TENANT/v2.0"
    )
    client_id: str = Field("", description="What the provider calls this Sheriff; in Entra the application id")
    scopes: str = Field("openid profile email", pattern=r"\bopenid\b", description="Asked for; openid among them")
    id_claim: str = Field("oid", min_length=1, description="A person's stable id: oid for Entra, else sub")
    name_claim: str = Field("name", min_length=1)
    email_claim: str = Field(
        "preferred_username", min_length=1, description="Compared with email in the rota; people must not choose it"
    )
    role_claim: str = Field("roles", min_length=1, description="Holds the roles; Entra: roles or groups")
    roles: Mapping[str, _RoleName] = Field(
        {"asker": "asker", "sheriff": "sheriff", "maintainer": "maintainer", "admin": "admin"},
        description="Which value of that claim gives which role",
    )
    everyone: Literal["asker", "none"] = Field("asker", description="The role of who signs in and is given none")
    hours: float = Field(8, gt=0, le=168, description="Until a session ends and the provider is asked again")
    token_role: _RoleName = Field("admin", description="Role of SHERIFF_ACCESS_TOKEN")
    contact: str = Field("", max_length=200, description="Who gives roles; shown to whom one is missing")


class FileSettings(Section):
    """The shape of sheriff.yaml."""

    platform: PlatformSettings = PlatformSettings()
    sources: Sequence[SourceSettings] = ()
    rota: Path = Field(bundled.ROTA, description="YAML file of the weekly duty")
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
