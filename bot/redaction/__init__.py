"""Secrets leave a message before anything is stored, logged, embedded or sent on.

`finding` knows where they stand: by their format, by the key before them, or by the words around them. `redact` puts a
placeholder there and keeps the rest, so that the question still makes sense; `masked` puts stars, so that columns stay.
"""

from bot.redaction.bodies import redact_parts, redact_values
from bot.redaction.placing import Redacted, redact
from bot.redaction.reports import MaskedReport, masked, masked_where_told

__all__ = ["MaskedReport", "Redacted", "masked", "masked_where_told", "redact", "redact_parts", "redact_values"]
