"""The service of docs/example: asked by clients while its file of limits is changed.

check_service.py PROGRAM FOLDER
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List

PATIENCE_SECONDS = 60.0
DAY = 86_400_000


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    def __init__(self, program: str, folder: Path) -> None:
        self._limits = folder / "limits.conf"
        self._port = free_port()
        self.write(f"# class  permits  window in ms\n1 3 {DAY}\n")
        self._process = subprocess.Popen(
            [program, str(self._limits), str(self._port)], stdout=subprocess.PIPE, text=True
        )

    def write(self, text: str) -> None:
        """Whole or not at all, as a service's configuration should be written."""
        new = self._limits.with_suffix(".new")
        new.write_text(text)
        new.replace(self._limits)

    def says(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, request: str) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE_SECONDS)
            client.sendto(request.encode(), ("127.0.0.1", self._port))
            return client.recv(100).decode()

    def ask_at_once(self, request: str, times: int) -> List[str]:
        with ThreadPoolExecutor(8) as clients:
            return list(clients.map(self.ask, [request] * times))

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def admitted(answers: List[str]) -> int:
    return sum(answer == "admitted" for answer in answers)


def check(service: Service) -> None:
    assert service.says() == "limits 1"
    answers = service.ask_at_once("1 1", 20)
    assert admitted(answers) == 3, answers
    assert all(a == "admitted" or a.startswith("denied: retry in ") for a in answers), answers
    assert service.ask("0 1") == "never: cost_above_limit"
    assert service.ask("16 1") == "never: class_unknown"
    assert service.ask("hello") == "never: not 'CLASS COST'"

    service.write(f"1 8 {DAY}\n")
    assert service.says() == "limits 2"
    assert admitted(service.ask_at_once("1 1", 20)) == 5

    for wrong in ("1 many\n", f"1 9 {DAY} 7\n", f"16 9 {DAY}\n", f"1 9 {DAY + 1}\n", "1 -9 1000\n"):
        service.write(wrong)
        said = service.says()
        assert said.startswith("limits unchanged: "), said
    assert admitted(service.ask_at_once("1 1", 4)) == 0

    service.write(f"1 2 {DAY}\n")
    assert service.says() == "limits 3"
    assert service.ask("1 3") == "never: cost_above_limit"
    assert service.stop() == 0


def main() -> None:
    # A service that does not say what it should is not waited for.
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(int(PATIENCE_SECONDS))
    program, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    service = Service(program, folder)
    try:
        check(service)
    finally:
        service.kill()


main()
