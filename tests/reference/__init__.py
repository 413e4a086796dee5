"""A naive meaning of deployment repositories, and random repositories to hold the real engine against it."""
