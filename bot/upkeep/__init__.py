"""What an operator does with the state of a Sheriff: its schema, backups, exports, and what is to be forgotten."""
