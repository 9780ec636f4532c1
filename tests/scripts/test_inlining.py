"""check_inlining.py on loops that are wrong on purpose."""

import platform
import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest
from check_inlining import check, read_allowed, short_name
from conftest import compiler

LOOPS = """
namespace limiterbench::native { struct direct; struct detour; struct stranger; struct hidden;
                                 struct circling; }
namespace aside {
[[gnu::noinline]] int decide(int value) { asm volatile("" : "+r"(value)); return value; }
[[gnu::noinline]] int add(int value) { asm volatile("" : "+r"(value)); return value; }
}
template <class> [[gnu::noinline]] int user_loop(int count);
#define LOOP(name, ...) \\
  template <> [[gnu::noinline]] int user_loop<limiterbench::native::name>(int count) { \\
    int sum = 0; \\
    for (int i = 0; i < count; ++i) { asm volatile("" : "+r"(sum)); __VA_ARGS__ } \\
    return sum; \\
  }
LOOP(direct, if (sum > 9) [[unlikely]] sum = aside::decide(sum); else ++sum;)
LOOP(detour, sum += aside::decide(i);)
LOOP(stranger, if (sum < 9) sum = aside::add(sum); else ++sum;)
LOOP(hidden, if (sum > 9) sum = reinterpret_cast<int (*)(int)>(sum)(i); else ++sum;)
LOOP(circling, do asm volatile("" : "+r"(sum)); while (sum == 5); sum += aside::decide(i);)
int main(int count, char**) {
  return user_loop<limiterbench::native::direct>(count) +
         user_loop<limiterbench::native::detour>(count) +
         user_loop<limiterbench::native::stranger>(count) +
         user_loop<limiterbench::native::hidden>(count) +
         user_loop<limiterbench::native::circling>(count);
}
"""


@pytest.fixture(name="failures", scope="module")
def failures_of_the_loops(tmp_path_factory: pytest.TempPathFactory) -> List[str]:
    if platform.machine() != "x86_64" or not shutil.which("objdump"):
        pytest.skip("needs x86-64 and objdump")
    folder = tmp_path_factory.mktemp("loops")
    (folder / "loops.cpp").write_text(LOOPS, encoding="utf-8")
    (folder / "allowed.txt").write_text("* slow aside::decide  # on purpose\n", encoding="utf-8")
    program = folder / "loops"
    flags = ["-std=c++20", "-O2", "-w", "-fpermissive", "-o", str(program)]
    subprocess.run([*compiler(), *flags, str(folder / "loops.cpp")], check=True)
    designs = ["direct", "detour", "stranger", "hidden", "circling", "absent"]
    allowed = read_allowed(Path(folder, "allowed.txt"))
    return [line.split(": ", 1)[1] for line in check(str(program), allowed, designs)]


def test_a_way_round_without_slow_calls_is_accepted(failures: List[str]) -> None:
    assert not [line for line in failures if line.startswith("direct:")]


def test_a_slow_call_in_every_round_is_refused(failures: List[str]) -> None:
    assert "detour: user_loop: has no way round that avoids slow calls" in failures


def test_a_loop_inside_is_no_way_round(failures: List[str]) -> None:
    assert "circling: user_loop: has no way round that avoids slow calls" in failures


def test_a_call_that_is_not_listed_is_refused(failures: List[str]) -> None:
    assert "stranger: user_loop: calls aside::add" in failures


def test_a_call_through_a_register_is_refused(failures: List[str]) -> None:
    assert "hidden: user_loop: calls indirect" in failures


def test_a_design_without_a_loop_is_refused(failures: List[str]) -> None:
    assert "no loop of absent" in failures


@pytest.mark.parametrize(
    "name, expected",
    [
        ("void a::b<c<int>, d>::e(f<g> const&) const [clone .part.0]", "a::b::e"),
        ("TLS init function for x::y<z>::w@plt", "TLS-init:x::y::w"),
        ("a::(anonymous namespace)::b()", "a::anonymous::b"),
        ("pthread_rwlock_unlock@plt", "pthread_rwlock_unlock"),
    ],
)
def test_names_lose_what_does_not_name_them(name: str, expected: str) -> None:
    assert short_name(name) == expected
