"""Rows that wait: each call its share, never two shapes at once, none lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ports import Row
from pipeline.stages.pack_rows import Shelf


def row(shape: str, seconds: float = 1.0) -> Row:
    return Row(seconds, "de", shape, None)


def taken(shelf: Shelf, most: int) -> list[tuple[object, int]]:
    return [(each.owner, each.number) for each in shelf.take(most)]


def test_the_oldest_row_is_next_and_others_of_its_shape_join() -> None:
    shelf = Shelf()
    shelf.put("one", [row("a"), row("b")])
    shelf.put("two", [row("b"), row("a")])
    assert taken(shelf, 8) == [("one", 0), ("two", 1)]
    assert taken(shelf, 8) == [("two", 0), ("one", 1)]
    assert taken(shelf, 8) == [] and len(shelf) == 0


def test_a_call_that_comes_while_a_long_one_runs_has_its_turn() -> None:
    shelf = Shelf()
    shelf.put("long", [row("a")] * 100)
    for _ in range(40):
        shelf.take(1)
    shelf.put("short", [row("a")] * 2)
    order = [owner for _ in range(4) for owner, _ in taken(shelf, 1)]
    assert order.count("short") == 2, order
    later = Shelf()
    later.put("long", [row("a")] * 3)
    later.take(1)
    for number in range(50):  # and the long one has its turn among many that keep coming
        later.put(number, [row("a")])
    assert "long" in [owner for _ in range(55) for owner, _ in taken(later, 1)]


def test_a_call_that_comes_in_pieces_has_no_more_than_its_share() -> None:
    shelf = Shelf()
    for at in range(20):
        shelf.put("long", [row("a")], at)
    shelf.put("short", [row("a")] * 2)
    order = [owner for _ in range(4) for owner, _ in taken(shelf, 1)]
    assert order.count("short") == 2, order


def test_an_urgent_row_goes_before_all_others_of_any_shape() -> None:
    shelf = Shelf()
    shelf.put("one", [row("a"), row("b")])
    shelf.put("urgent", [row("b"), row("b")], priority=1)
    assert taken(shelf, 2) == [("urgent", 0), ("urgent", 1)]
    shelf.put("later", [row("a")])
    assert taken(shelf, 1) == [("one", 0)], "and its turns are nobody else's"


def test_a_batch_has_an_end_and_is_never_waited_for() -> None:
    shelf = Shelf()
    shelf.put("one", [row("a")] * 3)
    assert [taken(shelf, 2), taken(shelf, 2)] == [[("one", 0), ("one", 1)], [("one", 2)]]


def test_a_call_that_ended_takes_no_room() -> None:
    shelf = Shelf()
    shelf.put("one", [row("a", 2.0), row("b", 3.0)])
    shelf.put("two", [row("a", 4.0)])
    shelf.drop("one")
    assert (len(shelf), shelf.seconds) == (1, 4.0)
    assert taken(shelf, 8) == [("two", 0)] and shelf.seconds == 0.0


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=5), max_size=8), st.integers(1, 4))
def test_every_row_is_taken_once(calls: list[list[str]], most: int) -> None:
    shelf = Shelf()
    for owner, shapes in enumerate(calls):
        shelf.put(owner, [row(shape) for shape in shapes])
    found: list[tuple[object, int]] = []
    while batch := shelf.take(most):
        assert len({each.row.shape for each in batch}) == 1 and len(batch) <= most
        found += [(each.owner, each.number) for each in batch]
    wanted = [(owner, at) for owner, shapes in enumerate(calls) for at in range(len(shapes))]
    assert sorted(found) == wanted  # type: ignore[type-var]
