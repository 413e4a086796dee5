"""What maintainers run: audit, bill of materials, licences. None of it is part of the installed program."""
