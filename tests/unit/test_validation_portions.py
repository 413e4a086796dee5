"""A large value in portions: nothing is lost, and places are those of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from knowledge.validation.portions import portions

VALUES = st.recursive(
    st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["a", "b/c", "~", "0", "d"]), inner),
    max_leaves=60,
)


def scalars(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Each scalar with its JSON pointer."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from scalars(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from scalars(child, f"{pointer}/{index}")
    else:
        yield pointer, value


@given(VALUES, st.integers(1, 12))
def test_every_value_is_in_a_portion_at_its_place_in_the_whole(value: Any, most: int) -> None:
    found = {(p.moved(pointer), scalar) for p in portions(value, most) for pointer, scalar in scalars(p.value)}

    assert found == set(scalars(value))


def test_a_value_that_is_small_is_one_portion() -> None:
    value = {"a": [1, 2, 3]}

    (only,) = portions(value, 10)

    assert only.value is value
    assert not only.cut


def test_a_portion_holds_no_more_than_asked_and_the_scalars_beside_it() -> None:
    value = {"kind": "Kafka", "topics": [{"name": n} for n in range(1000)]}

    found = list(portions(value, 100))

    assert len(found) == 20
    assert all(portion.value["kind"] == "Kafka" and len(portion.value["topics"]) == 50 for portion in found)
    assert found[1].moved("/topics/3/name") == "/topics/53/name"
    assert found[1].cut == {"": 0, "/topics": 50}
