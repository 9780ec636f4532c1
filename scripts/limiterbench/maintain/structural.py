"""Steps of the algorithms in the headers that are left out, or done at another time, for the model
tests to notice. `code` stands once in its file: a test looks for it."""

from __future__ import annotations

from typing import NamedTuple


class Structural(NamedTuple):
    """A step of an algorithm that is left out or done at another time."""

    file: str
    what: str
    code: str
    instead: str


_HAZARD = "primitives/hazard_pointer.hpp"
STRUCTURAL = (
    Structural(
        _HAZARD,
        "protect() without its second load",
        "Node* const again = source.load(sync::acquire);",
        "Node* const again = node;",
    ),
    Structural(
        _HAZARD,
        "protect() without its announcement",
        "slot_->announced.store(node, sync::release);",
        "",
    ),
    Structural(
        _HAZARD,
        "reclaim() that frees what is announced",
        "if (std::exchange(node->announced.write(), false)) {",
        "if (std::exchange(node->announced.write(), false) && false) {",
    ),
    Structural(
        "config/hazard_pointer.hpp",
        "publish() that frees at once",
        "domain_.retire(previous);",
        "sync::destroy(previous);",
    ),
    Structural(
        "config/hazard_pointer.hpp",
        "publish() that retires before it replaces",
        "current_.store(next, sync::release);\n    domain_.retire(previous);",
        "domain_.retire(previous);\n    current_.store(next, sync::release);",
    ),
    Structural(
        "config/left_right.hpp", "publish() that waits for nobody", "    await_readers();\n", ""
    ),
    Structural(
        "config/ring.hpp",
        "read() without its second look at the generation",
        "if (words.marked(traffic_class) == sequence)",
        "if (words.marked(traffic_class) == sequence || true)",
    ),
    Structural(
        "config/seqlock.hpp",
        "read() without its second look at the sequence",
        "if (sequence_.load(sync::relaxed) == before)",
        "if (sequence_.load(sync::relaxed) == before || true)",
    ),
    Structural(
        "quota/leased.hpp",
        "a denial by what another generation had admitted",
        "return Window::used_in(view.word, word);",
        "return Window::used(word);",
    ),
    Structural(
        "quota/leased.hpp",
        "a claim under the generation of the window",
        "(Window::generation(word) ^ std::uint64_t{1} << 63) | bit",
        "Window::generation(word) | bit",
    ),
    Structural(
        "quota/leased.hpp",
        "a sweep that passes over a claimed cell",
        "if (Claim::is(seen)) {",
        "if (Claim::is(seen)) return 0;\n      if (Claim::is(seen)) {",
    ),
    Structural(
        "quota/leased.hpp",
        "a sweep that overwrites a claim",
        "if (Claim::is(seen)) {",
        "if (Claim::is(seen) && false) {",
    ),
    Structural(
        "quota/leased.hpp",
        "a cell claimed by two",
        "if (Claim::is(seen) || !Access::claim",
        "if (!Access::claim",
    ),
    Structural(
        "quota/leased.hpp",
        "a lease drawn from a window that stays settled",
        "(word & ~settled) + cost + grant",
        "word + cost + grant",
    ),
    Structural(
        "quota/leased.hpp",
        "a lease in place of what was left of the last",
        "+ Window::used_in(word, seen) + grant;",
        "+ grant;",
    ),
    Structural(
        "quota/leased.hpp",
        "a claim put back empty",
        "drawn ? lease : seen",
        "drawn ? lease : Window::generation(seen)",
    ),
    Structural(
        "quota/sharded.hpp",
        "a batch begun without its announcement",
        "if (begun != 0 && level",
        "if (begun != 0 && false && level",
    ),
    Structural(
        "quota/sharded.hpp",
        "far from the limit by what is announced alone",
        "(Permits{shards_} << shift) + cost <= limit",
        "cost <= limit",
    ),
    Structural(
        "quota/sharded.hpp",
        "a count over that of a later window",
        "if (!Window::same_generation(word, entered)) return Outcome::again;",
        "",
    ),
    Structural(
        "quota/sharded.hpp",
        "a sum of a window that has turned",
        "if (is_later(seen, entered)) return std::nullopt;",
        "",
    ),
    Structural(
        "quota/sharded.hpp",
        "a sum that leaves out a shard",
        "for (unsigned i = 0; i < shards_; ++i) {\n      // (6)",
        "for (unsigned i = 1; i < shards_; ++i) {\n      // (6)",
    ),
    Structural(
        "quota/window.hpp",
        "a denial by a window that has turned",
        "return same_generation(word, word_.load(sync::relaxed));",
        "return true;",
    ),
    Structural(
        "quota/rseq_spend.hpp",
        "a sequence that reads the cell before the word",
        "         steps.load(parts.word, word, sync::acquire) &&\n"
        "         // relaxed: ordered after the word by (4).\n"
        "         steps.load(cell, seen, sync::relaxed) &&",
        "         steps.load(cell, seen, sync::relaxed) &&\n"
        "         steps.load(parts.word, word, sync::acquire) &&",
    ),
)
