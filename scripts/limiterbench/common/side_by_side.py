"""Work on all CPUs at once, its results in order."""

from __future__ import annotations

import gc
import multiprocessing
import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Sequence, TypeVar

from limiterbench.common.limits import cpus

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """`work` of each task, in this process if there is one CPU, one task or another thread.

    The processes are forks: they share what was read before, `work` with all that it holds; only
    tasks and results travel between them. A fork copies no other thread, but every lock that such
    a thread holds at that moment, and the child may wait for one of them for ever.
    """
    processes = min(cpus(), len(tasks))
    if processes < 2 or len(os.listdir("/proc/self/task")) > 1:
        yield from map(work, tasks)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, initializer=_inherit, initargs=(work,)) as pool:
        yield from pool.imap(_do, tasks)


# In a process of the pool: its work.
_work: Callable[[Any], Any] | None = None


def _inherit(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work


def _do(task: Any) -> Any:
    assert _work is not None
    return _work(task)


@contextmanager
def uncollected() -> Iterator[None]:
    """Where millions of objects are made that stay: looking for garbage takes longer than that."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
