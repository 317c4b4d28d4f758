"""Nothing here waits without a limit: a program, thread or server that never ends must not stop the suite for ever."""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import pytest_configure

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("amplisso", "bench", "jobs", "outbox", "simulator", "tests")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts]

# Calls that need timeout=…, and methods that wait for ever if they are called with nothing at all.
NEED_TIMEOUT = {
    "run": "subprocess",
    "call": "subprocess",
    "check_call": "subprocess",
    "check_output": "subprocess",
    "communicate": None,
    "urlopen": None,
    "create_connection": None,
    "HTTPConnection": None,
    "HTTPSConnection": None,
}
NEED_ARGUMENT = {"wait", "join", "result", "acquire"}
# Their objects wait in get(), which managers of Django have, too, so that the call alone does not tell.
QUEUES = {"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "JoinableQueue"}


def endless_waits(source: str) -> Iterator[int]:
    """Yield the line of each call that may wait for ever."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _waits_for_ever(node):
            yield node.lineno
        if isinstance(node, ast.With) and any("Popen(" in ast.unparse(item.context_expr) for item in node.items):
            yield node.lineno


def _waits_for_ever(call: ast.Call) -> bool:
    owner, _, name = ast.unparse(call.func).rpartition(".")
    limited = any(each.arg == "timeout" or ast.unparse(each) == "blocking=False" for each in call.keywords)
    if name in QUEUES:
        return True
    if name in NEED_TIMEOUT and NEED_TIMEOUT[name] in (None, owner):
        return not limited
    return name in NEED_ARGUMENT and bool(owner) and not (call.args or limited)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_wait_has_a_limit(path: Path) -> None:
    assert list(endless_waits(path.read_text())) == []


@pytest.mark.parametrize(
    "line",
    [
        "subprocess.run(['true'])",
        "process.wait()",
        "process.communicate()",
        "thread.join()",
        "future.result()",
        "lock.acquire()",
        "queue.Queue()",
        "urllib.request.urlopen(address)",
        "HTTPConnection('localhost')",
        "with subprocess.Popen(['true']) as process: pass",
    ],
)
def test_a_wait_without_a_limit_is_found(line: str) -> None:
    assert list(endless_waits(line)) == [1]


@pytest.mark.parametrize(
    "line",
    [
        "subprocess.run(['true'], timeout=60)",
        "main.run()",
        "process.wait(10)",
        "process.communicate(timeout=10)",
        "thread.join(timeout=10)",
        "', '.join(words)",
        "Organization.objects.get()",
    ],
)
def test_a_wait_with_a_limit_is_none(line: str) -> None:
    assert list(endless_waits(line)) == []


def test_a_child_can_be_interrupted() -> None:
    """A shell starts what runs in the background with SIGINT ignored, and children would inherit that."""
    program = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pytest_configure()
        child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.stdout == "True\n"


def test_every_test_has_a_limit(pytestconfig: pytest.Config) -> None:
    assert 0 < float(pytestconfig.getini("timeout")) <= 300
