"""Alembic's steps from an empty database to `bot.store.tables`; `bot.store.schema` takes them at start."""

HEAD = "0014"  # the newest step, so that an up-to-date database is opened without loading Alembic
