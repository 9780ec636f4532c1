"""Reads the machine code of each design's loops: what they call, and whether they admit without.

Usage: check_inlining.py ALLOWED_CALLS HARNESS_PROGRAM USER_PROGRAM...

A loop may call only what ALLOWED_CALLS lists for its design. Besides, there must be a way round the
loop on which it makes no call that is listed as `slow`: the way of a request that is admitted.
Exit status 77: this machine's code cannot be read.
"""

import bisect
import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set

LOOPS = re.compile(
    r"limiterbench::bench::WorkerOf<limiterbench::native::(?P<measured>\w+), [^>]*>"
    r"::(?P<loop>send|send_timed|paced)\("
    r"|user_loop<limiterbench::native::(?P<used>\w+)>\("
)


class Instruction(NamedTuple):
    address: int
    mnemonic: str
    target: Optional[int]  # where it jumps to or what it calls, unless that is in a register

    def is_call(self) -> bool:
        return self.mnemonic.startswith("call")

    def is_jump(self) -> bool:
        return self.mnemonic.startswith("j")

    def ends_flow(self) -> bool:
        return self.mnemonic in ("jmp", "ret", "ud2", "hlt")


@dataclass
class Function:
    name: str
    address: int
    code: List[Instruction] = field(default_factory=list)

    def is_fragment_of(self, other: "Function") -> bool:
        return self.name.startswith(other.name) and "[clone .cold" in self.name


class Allowed(NamedTuple):
    design: "re.Pattern[str]"
    kind: str  # "path": on the way to an admission; "slow": not
    pattern: "re.Pattern[str]"


def without_groups(name: str) -> str:
    """Without template arguments and parameters, which say nothing about what is called."""
    kept, depth = [], 0
    for character in name.replace("(anonymous namespace)", "anonymous"):
        depth -= character in ">)"
        if depth == 0 and character not in ">)":
            kept.append(character if character not in "<(" else "")
        depth += character in "<("
    return "".join(kept)


def short_name(name: str) -> str:
    """The qualified name alone: no return type, no parameters, nothing that tools append."""
    name = re.sub(r" \[clone [^]]*\]|@plt|@@?\w+", "", name)
    name = re.sub(r"^TLS (init|wrapper) function for ", r"TLS-\1:", name)
    name = re.sub(r" const$", "", without_groups(name))
    return name.rsplit(" ", 1)[-1]


def read_allowed(path: Path) -> List[Allowed]:
    allowed = []
    for line in path.read_text().splitlines():
        fields = line.split("#")[0].split()
        if fields:
            design, kind, pattern = fields
            designs = re.compile(".*" if design == "*" else design)
            allowed.append(Allowed(designs, kind, re.compile(pattern)))
    return allowed


class Program:
    def __init__(self, path: str) -> None:
        self.functions: List[Function] = []
        listing = subprocess.run(
            ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", "--wide", path],
            check=True,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        ).stdout
        for line in listing.splitlines():
            self._read(line)
        self.functions.sort(key=lambda function: function.address)
        self.starts = [function.address for function in self.functions]

    def _read(self, line: str) -> None:
        head = re.match(r"([0-9a-f]+) <(.*)>:$", line)
        if head:
            self.functions.append(Function(head[2], int(head[1], 16)))
            return
        code = re.match(r"\s+([0-9a-f]+):\t(?:bnd |notrack |lock |rep )*(\S+)\s*(.*)", line)
        if code and self.functions:
            target = re.match(r"([0-9a-f]+)\b", code[3]) if code[2][0] in "cj" else None
            self.functions[-1].code.append(
                Instruction(int(code[1], 16), code[2], int(target[1], 16) if target else None)
            )

    def at(self, address: int) -> Function:
        return self.functions[bisect.bisect_right(self.starts, address) - 1]


class Loop:
    """One function that contains a loop, with the fragments that the compiler moved elsewhere."""

    def __init__(self, program: Program, function: Function) -> None:
        self.program = program
        self.code: Dict[int, Instruction] = {}
        self.after: Dict[int, Set[int]] = {}
        self.outside: Dict[int, str] = {}  # calls and jumps to other functions, by their addresses
        self.start = function.address
        self._add(function, function)

    def _add(self, part: Function, whole: Function) -> None:
        for at, following in zip(part.code, [*part.code[1:], None]):
            self.code[at.address] = at
            self.after[at.address] = set()
            if following and not at.ends_flow():
                self.after[at.address].add(following.address)
            if at.is_call() or at.is_jump():
                self._leave(at, whole)

    def _leave(self, at: Instruction, whole: Function) -> None:
        if at.target is None:
            self.outside[at.address] = "indirect"
            return
        there = self.program.at(at.target)
        if at.is_jump() and (there is whole or there.is_fragment_of(whole)):
            self.after[at.address].add(at.target)
            if there.code[0].address not in self.code:
                self._add(there, whole)
        else:
            self.outside[at.address] = short_name(there.name)

    def reachable(self, start: int, closed: Set[int]) -> Set[int]:
        """What can run after `start`, when nothing passes the instructions `closed`."""
        found: Set[int] = set()
        waiting = [start]
        while waiting:
            for following in self.after.get(waiting.pop(), ()):
                if following not in found and following not in closed:
                    found.add(following)
                    waiting.append(following)
        return found

    def goes_round_without(self, slow: Set[int]) -> bool:
        """Whether the test that ends the largest loop can be reached again. A loop inside it, such
        as one that reads again what has changed, does not contain that test."""
        reach = {address: self.reachable(address, set()) for address in self.code}
        live = {self.start, *reach[self.start]}
        rounds = {frozenset(b for b in reach[a] if a in reach[b]) for a in live if a in reach[a]}
        if not rounds:
            return False
        largest = max(rounds, key=len)
        ends = {
            a
            for a, at in self.code.items()
            if at.mnemonic == "ret" or (at.is_jump() and a in self.outside)
        }
        leaving = {
            a
            for a in largest
            for to in self.after[a] - largest
            if to not in slow and ends & {to, *self.reachable(to, slow)}
        }
        return any(a in self.reachable(a, slow) for a in leaving)


def complaints(loop: Loop, design: str, allowed: List[Allowed]) -> Iterator[str]:
    slow = set()
    for address, name in loop.outside.items():
        kinds = {
            entry.kind
            for entry in allowed
            if entry.design.fullmatch(design) and entry.pattern.fullmatch(name)
        }
        if not kinds:
            yield f"calls {name}"
        if "path" not in kinds:
            slow.add(address)
    if not loop.goes_round_without(slow):
        yield "has no way round that avoids slow calls"


def check(path: str, allowed: List[Allowed], designs: List[str]) -> List[str]:
    program = Program(path)
    failures = []
    found = set()
    for function in program.functions:
        match = LOOPS.search(function.name)
        if not match or "[clone .cold" in function.name:
            continue
        design = match["measured"] or match["used"]
        found.add(design)
        title = f"{path}: {design}: {match['loop'] or 'user_loop'}"
        failures += [
            f"{title}: {complaint}"
            for complaint in sorted(set(complaints(Loop(program, function), design, allowed)))
        ]
    return failures + [f"{path}: no loop of {design}" for design in set(designs) - found]


def main(arguments: List[str]) -> int:
    if platform.machine() != "x86_64" or not shutil.which("objdump"):
        print("skipped: needs x86-64 and objdump (Debian, Ubuntu: binutils)")
        return 77
    allowed = read_allowed(Path(arguments[0]))
    rows = json.loads(subprocess.check_output([arguments[1], "--list=json"]))
    designs = [row["name"] for row in rows]
    failures = [line for path in arguments[1:] for line in check(path, allowed, designs)]
    print("\n".join(failures) or f"{len(designs)} designs call only what they are about")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
