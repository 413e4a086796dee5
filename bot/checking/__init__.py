"""`sheriff validate` and `sheriff schema`: files in, diagnostics out. Imports stay light, because it runs in hooks."""
