"""Cuts of published OpenAPI descriptions, and what makes of them a strict judge."""
