"""A made-up quarter of cases, so that a newcomer sees every page alive."""
