"""What a person may do: four roles, each of which may do all that the ones before it may."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Ordered: a higher one includes the lower ones. NONE is a person who signed in and was given nothing."""

    NONE = 0
    ASKER = 1  # asks, and sees the own cases
    SHERIFF = 2  # works on the desk; members of the rota are sheriffs without being given the role
    MAINTAINER = 3  # reads gaps, reports and figures
    ADMIN = 4

    @property
    def word(self) -> str:
        return self.name.lower()


GIVEN = tuple(role.word for role in Role if role)  # what a setting may name
