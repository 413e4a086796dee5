"""A deployment repository: where a service runs, what it wants there, and what holds at each leaf in the end."""
