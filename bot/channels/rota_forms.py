"""What the forms of the rota page say, as rules of the rota; a wrong field is named, and what was typed is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.messages import Person
from bot.store.rota_book import Overtaken, RotaBook
from bot.support import rota_changes as rules
from bot.support.cases import NotPossible
from bot.support.rota import Rota
from bot.support.rota_changes import Draft, Kept
from bot.support.swaps import FieldFault, Stretch

Form = Mapping[str, str]
_MOST_DIGITS = 10  # of a version
_OF_DAYS = {"starts": "first", "ends": "last"}  # a form of whole days has fields of its own


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was not stored: what was in it, what is wrong, and with which field; "" for the form as a whole."""

    form: str = ""
    values: Form = field(default_factory=dict)
    field: str = ""
    sentence: str = ""
    overtaken: bool = False

    def value(self, form: str, name: str, otherwise: str = "") -> str:
        return self.values.get(name, otherwise) if form == self.form else otherwise

    def fault(self, form: str, name: str) -> str:
        return self.sentence if (form, name) == (self.form, self.field) else ""


def store(book: RotaBook, what: str, form: Form, by: Person, now: datetime) -> Filled | None:
    """Do what a form says; None when it is stored."""
    given = form.get("version", "")
    seen = int(given) if given.isdecimal() and len(given) < _MOST_DIGITS else None
    try:
        book.record(lambda kept: _draft(book, kept, what, form, by, now), by=by, seen=seen)
    except Overtaken as refusal:
        return Filled(what, form, "", str(refusal), overtaken=True)
    except FieldFault as refusal:
        field = _OF_DAYS.get(refusal.field, refusal.field) if what == "away" else refusal.field
        return Filled(what, form, field, str(refusal))
    except NotPossible as refusal:
        return Filled(what, form, "", str(refusal))
    return None


def answer(book: RotaBook, number: int, verb: str, by: Person, now: datetime) -> Filled | None:
    """Accept, decline or withdraw a swap; None when it is stored."""

    def answered(kept: Kept) -> Draft:
        if verb == "withdraw":
            return rules.withdraw_swap(kept, number, by.id, now=now)
        return rules.answer_swap(kept, number, by.id, accept=verb == "accept", now=now)

    try:
        book.record(answered, by=by)
    except NotPossible as refusal:
        return Filled(f"swap-{number}", {}, "", str(refusal))
    return None


def _draft(book: RotaBook, kept: Kept, what: str, form: Form, by: Person, now: datetime) -> Draft:
    match what:
        case "override":
            stretch = _times(kept.rota, form, "starts", "ends")
            return rules.add_override(kept, form.get("member", ""), stretch, now=now, replaces=form.get("replaces", ""))
        case "away":
            stretch = _days(kept.rota, form)
            return rules.add_absence(kept, form.get("member", ""), stretch, now=now, replaces=form.get("replaces", ""))
        case "remove":
            return rules.remove(kept, form.get("id", ""))
        case "swap":
            return _swap(kept, form, by, now)
        case "base":
            return rules.write_base(kept, form.get("text", ""), path=book.file)
        case "base-drop":
            return rules.drop_base(kept)
        case _:
            raise Problem(404, "There is nothing at this address.")


def _swap(kept: Kept, form: Form, by: Person, now: datetime) -> Draft:
    gives = _shift("gives", form)
    if gives is None:
        raise FieldFault("gives", "Choose the duty that you want to give away.")
    other, _, taken = form.get("takes", "").partition("|")
    if not other:
        raise FieldFault("takes", "Choose whom you ask, and what you take in return.")
    takes = _shift("takes", {"takes": taken})
    gives = _narrowed(kept.rota, form, "give", gives)
    return rules.ask_swap(
        kept, by.id, other, gives, _narrowed(kept.rota, form, "take", takes) if takes else None, now=now
    )


def _shift(name: str, form: Form) -> Stretch | None:
    """A choice of the page: two moments, "" for none."""
    first, _, last = form.get(name, "").partition("/")
    if not first:
        return None
    try:
        stretch = Stretch(datetime.fromisoformat(first), datetime.fromisoformat(last))
    except ValueError as error:
        raise FieldFault(name, "This is no duty of the rota. Choose one of the list.") from error
    if stretch.starts.tzinfo is None or stretch.ends.tzinfo is None:
        raise FieldFault(name, "This is no duty of the rota. Choose one of the list.")
    return stretch


def _narrowed(rota: Rota, form: Form, which: str, whole: Stretch) -> Stretch:
    """Only some days of a shift, where the form says so."""
    name = {"give": "gives", "take": "takes"}[which]
    starts, ends = form.get(f"{which}_from", ""), form.get(f"{which}_until", "")
    return Stretch(
        _moment(rota, name, starts) if starts else whole.starts, _moment(rota, name, ends) if ends else whole.ends
    )


def _times(rota: Rota, form: Form, first: str, last: str) -> Stretch:
    return Stretch(_moment(rota, first, form.get(first, "")), _moment(rota, last, form.get(last, "")))


def _days(rota: Rota, form: Form) -> Stretch:
    """Whole days, the last one included."""
    first, last = _date("first", form), _date("last", form)
    if last < first:
        raise FieldFault("last", "The last day is before the first one. Write a later day.")
    midnight = [datetime.combine(day, time(0), rota.zone) for day in (first, last + timedelta(days=1))]
    try:
        return Stretch(*midnight)
    except (ValueError, OverflowError) as error:
        raise FieldFault("last", "This day is too far away. Write an earlier one.") from error


def _date(name: str, form: Form) -> date:
    try:
        found = date.fromisoformat(form.get(name, ""))
    except ValueError as error:
        raise FieldFault(name, f"{_shown(form.get(name, ''))} is no date. Write it as 2026-11-26.") from error
    return _near(name, found)


def _moment(rota: Rota, name: str, text: str) -> datetime:
    """A local time of the rota's zone, as browsers send it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise FieldFault(name, f"{_shown(text)} is no time. Write it as 2026-11-26T13:00.") from error
    _near(name, found.date())
    return found if found.tzinfo else found.replace(tzinfo=rota.zone)


def _near(name: str, day: date) -> date:
    if not 2000 <= day.year <= 2200:
        raise FieldFault(name, f"{day} is too far away. Write a day of this century.")
    return day


def _shown(text: str) -> str:
    return f"“{printable(text)[:40]}”" if text else "Nothing"
