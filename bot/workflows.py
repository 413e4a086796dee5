"""Durable work on DBOS: whoever must hear of a stored event hears of it, through crashes and outages, once.

Everything that waits (the next try, a reminder) is a delayed entry in a queue, never a sleeping workflow: an entry
costs no thread, survives a clean stop, and any replica may work on it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.landmarks import Landmark, passed
from bot.store.case_store import CaseStore, StoredEvent, Unheard
from bot.store.opening import write_ahead
from bot.store.outreach import Later, Outreach
from bot.store.replicas import Replicas
from bot.store.turn_log import Clock
from bot.support.cases import Case, Change, EventKind
from bot.support.handoff import STARTS_HAND_OVER, Desk, Notifier
from bot.support.rota import Duty
from bot.support.transitions import dead_letter, note, since_hand_over
from knowledge.errors import Failure, Misuse, Unavailable

log = structlog.get_logger(__name__)

APPLICATION_VERSION = "1"  # fixed: DBOS recovers only workflows of its own version; raise it when steps change order
_QUEUE = "later"
_ONLY_ONE = threading.Lock()  # DBOS is global to the process, so its owner is too
_ALIVE = frozenset({"PENDING", "ENQUEUED", "DELAYED"})


@dataclass(frozen=True, slots=True)
class Plan:
    """How patient the workflows are."""

    acknowledge: timedelta = timedelta(minutes=30)  # of working time until somebody else is told
    reminders: int = 2  # first to the back-up, then to the whole team
    retry_after: Sequence[float] = (5, 30, 120, 300, 600)  # seconds; the last one again and again
    longest_asked: float = 3600  # seconds for which a system that asks for it is left alone
    sweep_every: float = 30  # seconds
    sweep_older_than: timedelta = timedelta(seconds=10)  # younger events are being worked on by who stored them
    beat_every: float = 5  # seconds between two signs of life
    stalled_after: float = 60  # seconds that a workflow is ours and no thread works on it: DBOS could not write

    def delay(self, attempt: int, asked: float = 0.0) -> float:
        """Seconds before the try after `attempt`, counted from 0; `asked` by the other side, as far as it is heeded."""
        return max(self.retry_after[min(attempt, len(self.retry_after) - 1)], min(asked, self.longest_asked))


class Workflows:
    """Starts, repeats and resumes deliveries. One may run per process at a time: DBOS knows only one."""

    def __init__(
        self,
        store: CaseStore,
        *,
        desk: Desk,
        notifier: Notifier,
        rota: Duty,
        clock: Clock,
        url: str,
        plan: Plan | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        """`url` is DBOS's own database, SQLite or PostgreSQL. `replicas` is this process among those that share it;
        without them it is the only one."""
        self._store = store
        self._news = threading.Event()  # events were stored that no caller in this process will start
        self._outreach = Outreach(store, desk=desk, notifier=notifier, rota=rota, clock=clock, spread=self._news.set)
        self._rota = rota
        self._clock = clock
        self._url = url
        self._plan = plan or Plan()
        self._replicas = replicas
        self._executor = replicas.name if replicas else "sheriff"
        self._dbos: Any = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pulse: threading.Thread | None = None
        self._problem = ""
        self._counting = threading.Lock()
        self._running: Counter[str] = Counter()  # workflows that a thread of ours works on
        self._idle: dict[str, float] = {}  # those of ours that none works on, and since when

    @property
    def problem(self) -> str:
        """Why nothing is being delivered, in a sentence; "" when all is well or still starting."""
        return self._problem

    def start(self) -> None:
        """Begin in the background; returns at once. Until it is ready, cases are stored and picked up afterwards.

        Raises Misuse while other Workflows run in this process.
        """
        if not _ONLY_ONE.acquire(blocking=False):
            raise Misuse("Workflows run in this process already. Stop those first: DBOS knows only one per process.")
        self._stopping.clear()
        self._news.clear()
        self._started = self._clock()
        if self._replicas is not None:
            self._replicas.enter()
            self._pulse = threading.Thread(target=self._live, args=(self._replicas,), name="pulse", daemon=True)
            self._pulse.start()
        self._thread = threading.Thread(target=self._serve, name="workflows", daemon=True)
        self._thread.start()

    def wait_until_ready(self, timeout: float) -> bool:
        return self._ready.wait(timeout)

    def stop(self) -> None:
        """End in order. What is under way finishes or is taken up again at the next start."""
        self._stopping.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            _ONLY_ONE.release()

    def hand_over(self, case_id: str, *, wait: float = 2.0) -> Case:
        """See to it that a handed-over case reaches a person. Returns the case with its ticket if that was there
        within `wait` seconds; otherwise the asker is told of it later."""
        deadline = time.monotonic() + wait
        told = threading.Event()
        stop_listening = self._store.broadcast.listen(
            lambda u: told.set() if u.case_id == case_id and u.kind == EventKind.SHERIFF_TOLD else None
        )
        try:
            if not self._is_told(case_id) and self._ready.wait(wait) and self.push(case_id):
                told.wait(max(0.0, deadline - time.monotonic()))
        finally:
            stop_listening()
        return self._store.record(case_id, self._note_missing_ticket)

    def push(self, case_id: str) -> int:
        """Start on what nobody has heard of this case; returns how much that is. The sweep does what this cannot."""
        waiting = self._store.unheard(case_id=case_id)
        if self._ready.is_set():
            for row in waiting:
                self._begin(row)
        return len(waiting)

    def sweep(self, *, before: datetime) -> None:
        """Give every event stored before the moment its workflow, if it waits for one: after a crash, or a bug."""
        for row in self._store.unheard(before=before, after=self._clock()):
            if self._stopping.is_set():
                return
            self._revive(row)

    def _serve(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                self._launch()
                break
            except Failure as error:
                self._problem = f"Hand-overs wait: {_place(self._url)} cannot be used ({_first_line(error)})."
                log.warning("workflows_not_started", reason=self._problem)
                self._stopping.wait(self._plan.delay(attempt))
                attempt += 1
        try:
            self._sweep_until_stopped()
        finally:
            self._shut_down()

    def _launch(self) -> None:
        logging.getLogger("dbos").addHandler(logging.NullHandler())  # so that DBOS adds no console handler of its own
        from dbos import DBOS

        try:
            _use_write_ahead_log(self._url)
            DBOS(
                config={
                    "name": "sheriff",
                    "system_database_url": self._url,
                    "application_version": APPLICATION_VERSION,
                    "executor_id": self._executor,
                    "log_level": "CRITICAL",
                }
            )
            self._register(DBOS)
            DBOS.launch()
            DBOS.register_queue(_QUEUE, worker_concurrency=8, polling_interval_sec=1.0)
        except (_dbos_errors(), SQLAlchemyError, OSError) as problem:
            DBOS.destroy(destroy_registry=True)
            raise Failure(_first_line(problem)) from problem
        self._dbos, self._problem = DBOS, ""
        self._ready.set()

    def _register(self, dbos: Any) -> None:
        @dbos.workflow(name="deliver")  # type: ignore[untyped-decorator]
        def deliver(number: int, attempt: int) -> None:
            with self._under_way(str(dbos.workflow_id)):
                self._deliver(number, attempt)

        @dbos.workflow(name="remind")  # type: ignore[untyped-decorator]
        def remind(number: int, count: int) -> None:
            with self._under_way(str(dbos.workflow_id)):
                self._remind(number, count)

        self._deliver_workflow: Callable[[int, int], None] = deliver
        self._remind_workflow: Callable[[int, int], None] = remind

    @contextmanager
    def _under_way(self, workflow: str) -> Iterator[None]:
        with self._counting:
            self._running[workflow] += 1
        try:
            yield
        finally:
            with self._counting:
                self._running[workflow] -= 1
                self._running += Counter()  # drops the zeros

    def _wake_stalled(self) -> None:
        """Resume workflows of ours that have no thread any more. DBOS leaves them so when its database cannot be
        written to in the middle of one: the disk was full for a while."""
        pending = self._dbos.list_workflows(
            status="PENDING", executor_id=self._executor, load_input=False, load_output=False
        )
        with self._counting:
            idle = {workflow.workflow_id for workflow in pending} - set(self._running)
        now = time.monotonic()
        self._idle = {workflow: self._idle.get(workflow, now) for workflow in idle}
        for workflow, since in self._idle.items():
            if now - since >= self._plan.stalled_after:
                log.warning("workflow_resumed", workflow=workflow)
                self._dbos.resume_workflow(workflow)

    def _sweep_until_stopped(self) -> None:
        before = self._started  # what is younger has a caller in this process, who starts it
        while not self._stopping.is_set():
            try:
                self.sweep(before=before)
                if self._ready.is_set():
                    self._wake_stalled()
            except (SQLAlchemyError, Unavailable, _dbos_errors()) as error:
                log.warning("sweep_failed", reason=_first_line(error))
            is_news = self._news.wait(self._plan.sweep_every)
            self._news.clear()
            before = self._clock() - (timedelta() if is_news else self._plan.sweep_older_than)

    def _live(self, replicas: Replicas) -> None:
        """Say that this process is alive, and take over from those that no longer do."""
        while not self._stopping.wait(self._plan.beat_every):
            try:
                if not replicas.beat():
                    log.error("replica_name_taken", name=replicas.name, remedy="Give each replica its own server.name.")
                if self._ready.is_set():
                    self._take_over(replicas)
            except (SQLAlchemyError, Unavailable, _dbos_errors()) as error:
                log.warning("pulse_failed", reason=_first_line(error))

    def _take_over(self, replicas: Replicas) -> None:
        """Resume what silent replicas were working on. Two may do so at once: DBOS gives each workflow to one."""
        pending = self._dbos.list_workflows(status="PENDING", load_input=False, load_output=False)
        for name in replicas.silent({workflow.executor_id for workflow in pending}):
            resumed = self._dbos._recover_pending_workflows([name])  # noqa: SLF001 - there is no public way
            log.warning("replica_taken_over", name=name, workflows=len(resumed))
            replicas.bury(name)

    def _shut_down(self) -> None:
        self._ready.clear()
        if self._pulse is not None:
            self._pulse.join()
            self._pulse = None
        if self._dbos is not None:
            self._outreach.wait_until_idle(timeout=5.0)
            self._dbos.destroy(destroy_registry=True)
            self._dbos = None
        if self._replicas is not None:
            self._leave(self._replicas)

    def _leave(self, replicas: Replicas) -> None:
        try:
            replicas.leave()
        except (SQLAlchemyError, Unavailable) as error:
            log.warning("replica_not_signed_off", reason=_first_line(error))  # others notice the silence

    # What runs inside DBOS: the order of steps must not change without a new APPLICATION_VERSION.

    def _deliver(self, number: int, attempt: int) -> None:
        event = self._store.event(number)
        if event is None:
            return
        passed(Landmark.DELIVERY_BEGUN)
        problems: list[Later] = []
        for name, step in self._outreach.steps_for(event.event):
            problem = self._step(name, step, number)
            if problem and not problems:  # said before the next step, so that the sheriff is told with the reason
                next_try = self._next_try(attempt, self._plan.delay(attempt, problem.after))
                self._step("say why", self._outreach.say_why, number, problem.why, next_try)
            problems += [problem] if problem else []
        if problems:
            asked = max(problem.after for problem in problems)
            self._enqueue(event, attempt + 1, self._plan.delay(attempt, asked))
        else:
            self._step("finish", self._outreach.finish, number)
            if event.event.kind in STARTS_HAND_OVER:
                self._remind_later(event, 1)

    def _next_try(self, attempt: int, delay: float) -> str:
        """When, in words; the same for ever once the tries have become regular, so that it is said once."""
        if attempt + 1 >= len(self._plan.retry_after) and delay == self._plan.delay(attempt):
            return f"Tried every {delay / 60:.0f} minutes." if delay >= 60 else f"Tried every {delay:g} seconds."
        return f"Next try {self._rota.local(self._clock() + timedelta(seconds=delay)):%H:%M}."

    def _remind(self, number: int, count: int) -> None:
        event = self._store.event(number)
        if event is not None and self._step("remind", self._outreach.remind, number, count):
            self._remind_later(event, count + 1)

    def _remind_later(self, event: StoredEvent, count: int) -> None:
        if count > self._plan.reminders:
            return
        due = self._step("when to remind", self._seconds_until_reminder)
        self._later(f"{event.case_id}/{event.number}/remind-{count}", due, self._remind_workflow, event.number, count)

    def _seconds_until_reminder(self) -> float:
        now = self._clock()
        return (self._rota.after_working(now, self._plan.acknowledge) - now).total_seconds()

    def _step(self, name: str, step: Callable[..., Any], *args: object) -> Any:
        return self._dbos.run_step({"name": name}, step, *args)

    # Starting workflows: an id that DBOS knows already starts nothing.

    def _begin(self, row: Unheard) -> None:
        from dbos import SetWorkflowID

        try:
            with SetWorkflowID(row.workflow or _workflow_id(row, 0)):
                self._dbos.start_workflow(self._deliver_workflow, row.number, 0)
        except (SQLAlchemyError, Unavailable) as error:
            log.warning("workflow_not_started", case=row.case_id, reason=_first_line(error))

    def _revive(self, row: Unheard) -> None:
        workflow = row.workflow or _workflow_id(row, 0)
        status = self._dbos.get_workflow_status(workflow)
        if status is None:
            self._store.record(row.case_id, self._note_missing_ticket)
            self._begin(row)
        elif status.status not in _ALIVE and row in self._store.unheard(case_id=row.case_id):
            attempt = int(workflow.rpartition("+")[2]) if "+" in workflow else 0
            log.warning("workflow_restarted", case=row.case_id, workflow=workflow, status=status.status)
            self._enqueue(row, attempt + 1, self._plan.delay(attempt))

    def _enqueue(self, event: StoredEvent | Unheard, attempt: int, delay: float) -> None:
        workflow = _workflow_id(event, attempt)
        self._store.set_workflow(event.number, workflow)
        self._later(workflow, delay, self._deliver_workflow, event.number, attempt)

    def _later(
        self, workflow: str, delay: float, function: Callable[[int, int], None], number: int, count: int
    ) -> None:
        from dbos import SetEnqueueOptions, SetWorkflowID

        with SetWorkflowID(workflow), SetEnqueueOptions(delay_seconds=max(delay, 0.001)):
            self._dbos.enqueue_workflow(_QUEUE, function, number, count)

    def _note_missing_ticket(self, case: Case) -> Change:
        """The asker is answered now, without a ticket number: write down that he is still to hear of it."""
        noted = any(e.kind == EventKind.TICKET_PENDING for e in since_hand_over(case))
        if case.ticket or noted or not case.is_open or dead_letter(case) is not None:
            return Change(case)
        return note(case, EventKind.TICKET_PENDING, at=self._clock(), text="it is being opened.")

    def _is_told(self, case_id: str) -> bool:
        case = self._store.get(case_id)
        return case is not None and any(e.kind == EventKind.SHERIFF_TOLD for e in since_hand_over(case))


def _workflow_id(event: StoredEvent | Unheard, attempt: int) -> str:
    """One per event and try: the case id first, so that an operator finds all of a case together."""
    return f"{event.case_id}/{event.number}" + (f"+{attempt}" if attempt else "")


def prepare_database(url: str) -> None:
    """Bring DBOS's own tables up to date. Raises Failure naming the database."""
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    from dbos import DBOS

    try:
        DBOS.migrate(url)
    except (_dbos_errors(), SQLAlchemyError, OSError) as problem:
        raise Failure(
            f"{_place(url)}: the tables of the workflows cannot be made ({_first_line(problem)}). "
            "Check the address, and that this account may create tables."
        ) from problem


def _place(url: str) -> str:
    return url.partition("://")[2].rpartition("@")[2]  # without user and password


def _use_write_ahead_log(url: str) -> None:
    """SQLite keeps the mode in the file; without it every step of a workflow waits for the disk three times."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", lambda connection, _: write_ahead(connection))
        engine.connect().close()
        engine.dispose()


def _dbos_errors() -> type[Exception]:
    from dbos import error

    found: type[Exception] = error.DBOSException
    return found


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
