from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import masked, redact
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Severity, Span, ValidationReport

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
