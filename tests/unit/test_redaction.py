from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import masked, masked_where_told, redact, redact_parts
from evals.bench.secret_cases import CASES, SecretCase, is_left, read_cases
from knowledge import bundled
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Severity, SourceFile, Span, ValidationReport
from knowledge.validation.engine import validate

GITHUB = "ghp_" + "a1B2" * 9
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        ("push with AKIAIOSFODNN7EXAMPLE fails", "AKIAIOSFODNN7EXAMPLE", "aws key"),
        (f"token {GITHUB} is refused", GITHUB, "github token"),
        (f"Bearer {JWT}", JWT, "jwt"),
        ("password: Sommer2026!", "Sommer2026!", "password"),
        ('  dbPassword: "hunter22"', "hunter22", "password"),
        ("the password is hunter22 I think", "hunter22", "password"),
        ("mot de passe: Soleil99", "Soleil99", "password"),
        ("jdbc://app:s3cretpw@db:1521/x", "s3cretpw", "password"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc", "private key"),
    ],
)
def test_a_secret_is_replaced_and_its_kind_is_named(text: str, secret: str, kind: str) -> None:
    redacted = redact(text)

    assert secret not in redacted.text
    assert f"[{kind} removed]" in redacted.text
    assert kind in redacted.found


@pytest.mark.parametrize(
    "text",
    [
        "Why is the token expired?",
        "the password is expired, where do I reset it?",
        "secretName: payments-db",
        "password: ${DB_PASSWORD}",
        'token: "%token%"',
        "password: null",
        "db-password: DB_PASSWORD",
        "How do I rotate a key vault secret?",
        "https://devinsight.example/kafka/quotas#raise",
    ],
)
def test_text_that_only_talks_about_secrets_is_left_alone(text: str) -> None:
    redacted = redact(text)

    assert redacted.text == text
    assert not redacted.found


@given(st.text())
def test_any_text_can_be_redacted_and_twice_changes_nothing(text: str) -> None:
    once = redact(text).text

    assert redact(once).text == once


def test_a_report_keeps_its_columns_and_loses_the_secret_everywhere() -> None:
    text = "user: bob\npassword: hunter22x\n"
    finding = Diagnostic("SCH001", Severity.ERROR, "a.yaml", Span(2, 11, 2, 20), "“hunter22x” is no number")
    report = ValidationReport(files=(CheckedFile("a.yaml", text, "", ""),), diagnostics=(finding,))

    result = masked(report)

    assert result.found == ("password",)
    assert "hunter22x" not in repr(result.report)
    assert result.report.files[0].text == "user: bob\npassword: *********\n"
    assert result.report.diagnostics[0].span == finding.span


def test_a_report_without_secrets_stays_the_same() -> None:
    report = ValidationReport(files=(CheckedFile("a.yaml", "topics: []\n", "", ""),), diagnostics=())

    assert masked(report).report is report


def test_a_secret_that_only_the_mended_key_gives_away_is_masked_in_both_texts() -> None:
    text = "pasword: hunter2-Xy9!kQ\n"
    report = ValidationReport((CheckedFile("a.yaml", text, "", "", text.replace("pasword", "password")),), ())

    done = masked(report)

    assert "hunter2" not in str(done.report)
    assert list(done.found) == ["password"]


CASES_OF_SECRETS = read_cases(CASES / "secrets.txt")
LOOK_ALIKES = read_cases(CASES / "looks-alike.txt")


@pytest.mark.parametrize("case", CASES_OF_SECRETS, ids=lambda case: case.name)
def test_a_secret_in_any_dress_is_taken_out_and_the_lines_stay(case: SecretCase) -> None:
    redacted = redact(case.text)

    assert case.secrets
    assert [secret for secret in case.secrets if is_left(secret, redacted.text)] == []
    assert redacted.text.count("\n") == case.text.count("\n")
    assert redact(redacted.text).text == redacted.text


@pytest.mark.parametrize("case", LOOK_ALIKES, ids=lambda case: case.name)
def test_what_only_looks_like_a_secret_stays_to_the_letter(case: SecretCase) -> None:
    assert redact(case.text).text == case.text


def test_there_are_enough_cases_and_none_is_there_twice() -> None:
    assert len({case.name for case in CASES_OF_SECRETS}) == len(CASES_OF_SECRETS) >= 200
    assert len({case.name for case in LOOK_ALIKES}) == len(LOOK_ALIKES) >= 100


def test_equal_secrets_get_one_placeholder_and_different_ones_numbers() -> None:
    text = "password: Ab3!xxQQ\nother_password: Zz9?yyWW\nagain: the password is Ab3!xxQQ\n"

    assert redact(text).text == (
        "password: [password 1 removed]\nother_password: [password 2 removed]\n"
        "again: the password is [password 1 removed]\n"
    )


def test_placeholders_of_a_kind_that_there_is_not_hide_nothing() -> None:
    assert "hunter2" not in redact("password: [hunter2xQ9 removed]").text.replace("[hunter2xQ9 removed]", "hunter2")


@pytest.mark.parametrize("kind", ["yaml", "flow", "quoted", "block"])
def test_yaml_stays_yaml_with_the_other_values_where_they_were(kind: str) -> None:
    texts = {
        "yaml": "a: 1\npassword: Ab3!xxQQ\nb: 2\n",
        "flow": "{a: 1, password: Ab3!xxQQ, b: 2}\n",
        "quoted": 'a: 1\npassword: "Ab3!xxQQ"\nb: 2\n',
        "block": "a: 1\npassword: |\n  Ab3!xxQQ\n  Zz9?yyWW\nb: 2\n",
    }

    read = yaml.safe_load(redact(texts[kind]).text)

    assert (read["a"], read["b"]) == (1, 2)
    assert "password removed" in str(read["password"])


def test_the_value_of_an_alias_under_a_secret_key_is_masked_where_it_is_anchored() -> None:
    text = "x: &a Sun!Flower7\ny: {passwort: *a}\n"
    report = ValidationReport((CheckedFile("a.yaml", text, "", ""),), ())

    assert masked(report).report.files[0].text == "x: &a ***********\ny: {passwort: *a}\n"


def test_messages_show_neither_a_secret_nor_its_beginning_nor_what_its_escapes_mean() -> None:
    text = 'password: "Sun\\x46lower-Rain9"\n'
    findings = [
        Diagnostic("SCH001", Severity.ERROR, "a.yaml", Span(1, 11, 1, 30), message)
        for message in ("“SunFlower-Rain9” is no number", "“SunFlower-Ra…” is long", 'got "Sun\\x46lower-Rain9"')
    ]

    shown = masked(ValidationReport((CheckedFile("a.yaml", text, "", ""),), findings)).report

    assert "Flower" not in repr(shown)
    assert "x46lower" not in repr(shown)


def test_a_secret_in_the_name_of_a_file_is_taken_out_everywhere() -> None:
    name = "password=Ab3!xxQQ.yaml"
    finding = Diagnostic("SCH001", Severity.ERROR, name, Span(1, 1, 1, 2), "no")

    done = masked(ValidationReport((CheckedFile(name, "a: 1\n", "", ""),), (finding,)))

    assert "Ab3!xxQQ" not in repr(done.report)
    assert done.report.diagnostics[0].file == done.report.files[0].name


def test_a_terminal_shows_no_secret_of_a_file_that_something_is_told_of() -> None:
    told, silent = (CheckedFile(name, "password: Sun!Flower7\n", "", "") for name in ("a.yaml", "b.yaml"))
    finding = Diagnostic("SCH001", Severity.ERROR, "a.yaml", Span(1, 1, 1, 9), "“Sun!Flower7” is no number")

    shown = masked_where_told(ValidationReport((told, silent), (finding,)))

    assert shown.files[0].text == "password: ***********\n"
    assert shown.files[1] == silent
    assert "Sun!Flower7" not in shown.diagnostics[0].message


def test_json_loses_what_stands_under_the_name_of_a_secret_and_keeps_its_ids() -> None:
    body = {"id": "19:abc@thread", "text": "hi", "value": {"password": "swordfish", "list": ["pw: Ab3!xxQQ"], "n": 1}}

    assert redact_parts(body, {"text", "value"}) == {
        "id": "19:abc@thread",
        "text": "hi",
        "value": {"password": "[password removed]", "list": ["pw: [password removed]"], "n": 1},
    }


SECRETS = st.from_regex(r"[a-z]{3}[A-Z]{3}[0-9]{3}[!*+][a-z]{2}", fullmatch=True)
KEYS = st.sampled_from(["password", "dbPassword", "sasl-password", "kennwort", "mot_de_passe", "DB_PWD", "passphrase"])


@given(st.text(), KEYS, SECRETS, st.text())
def test_whatever_stands_around_it_a_secret_after_its_key_is_taken_out(
    before: str, key: str, secret: str, after: str
) -> None:
    assert secret not in redact(f"{before}\n{key}: {secret}\n{after}").text


@given(st.lists(st.sampled_from(["abcdefgh", "ijklm\nnopqr,", "stuvw.", "xyz", "-"]), max_size=60))
def test_plain_words_are_never_changed(parts: list[str]) -> None:
    text = " ".join(parts)

    assert redact(text).text == text


@given(st.text(alphabet="pas word:=\"'{}[]|>&*!-\n\t#$%<x1A\u200b", max_size=300))
def test_any_odd_yaml_can_be_redacted_and_masked(text: str) -> None:
    redacted = redact(text).text
    shown = masked(ValidationReport((CheckedFile("a.yaml", text, "", ""),), ())).report.files[0].text

    assert redact(redacted).text == redacted
    assert len(shown) == len(text)
    assert [len(line) for line in shown.split("\n")] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    "line", ["", "password: x1!", "{", "{{ ", "&a [", "- - ", "a:\n ", "-----BEGIN RSA PRIVATE KEY-----"]
)
def test_a_long_hostile_text_is_read_to_its_end(line: str) -> None:
    secret = "Sun!Flower7"

    assert secret not in redact(line * 500 + f"\npassword: {secret}\n").text


def test_of_a_long_file_only_what_is_shown_is_looked_through_and_lines_stay() -> None:
    rules = "".join(f"  - {{name: rule-{number}, password: Hunter-{number}-x}}\n" for number in range(4_000))
    text = f"kind: alerting\nname: x\nrules:\n{rules}wrong: 1\npassword: Zorro-77-end\n"
    report = validate([SourceFile("a.yaml", text)], catalog=SchemaCatalog.load(bundled.SCHEMAS))

    hidden = masked(report).report

    shown = hidden.files[0].text
    assert shown.count("\n") == text.count("\n")
    assert "Zorro" not in shown
    assert "Hunter" not in shown
    assert "Hunter" not in repr(hidden)
    told = {line for d in hidden.diagnostics for line in (d.span.line, d.span.end_line)}
    assert all(shown.split("\n")[line - 1] for line in told)


SERVICE_BUS = "Endpoint=sb://pay.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey="


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("jdbc: jdbc:oracle:thin:pay_app/Or4cle_thin@ora-pay.corp.example:1521/PAYPRD", "@ora-pay.corp.example:1521/"),
        ("uri: amqps://orders:r4bb%21t@rabbit.corp.example:5671/%2Fpay", "@rabbit.corp.example:5671/%2Fpay"),
        ("url: redis://:r3d1s-only-pw@redis.corp.example:6379/0", "@redis.corp.example:6379/0"),
        ("-  password: old-Lemon-1\n+  password: new-Lemon-2\n   threshold: 2\nline 3", "\n   threshold: 2\nline 3"),
        (
            'config: "{\\"clientSecret\\":\\"vN5ffIMqUn9leXdQnIuB\\",\\"endpoint\\":\\"https://idp.corp.example\\"}"',
            "https://idp.corp.example",
        ),
        (
            f"connectionString: {SERVICE_BUS}QbNEwTa3A7sMqzWemiWCenHjduVQ2G6pTd1g4wkQZBY=",
            SERVICE_BUS,
        ),
    ],
)
def test_what_the_question_is_about_stays_beside_the_placeholder(text: str, stays: str) -> None:
    redacted = redact(text)

    assert redacted.found
    assert stays in redacted.text
    assert redact(redacted.text).text == redacted.text


def test_a_connection_string_goes_as_a_whole_where_a_part_of_it_is_not_understood() -> None:
    text = redact(
        "connectionString: Endpoint=sb://x.example/;SharedAccessKey=QbNEwTa3A7sMqzWemiWC=;Odd=x9Kd02LmPq7Zt4Rw"
    ).text

    assert "x9Kd02LmPq7Zt4Rw" not in text
