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
        "primitives/bravo_lock.hpp",
        "a writer that looks at no slot",
        "if (biased_.load(sync::relaxed)) revoke();",
        "biased_.store(false, sync::seq_cst);",
    ),
    Structural(
        "primitives/bravo_lock.hpp",
        "a reader of the table without its second look at the bias",
        "if (biased_.load(sync::seq_cst))",
        "if (biased_.load(sync::seq_cst) || true)",
    ),
    Structural(
        "primitives/bravo_lock.hpp",
        "a slot taken by two readers",
        "if (slot.taken.exchange(true, sync::seq_cst)) [[unlikely]]",
        "if (slot.taken.exchange(true, sync::seq_cst) && false) [[unlikely]]",
    ),
    Structural(
        "primitives/bravo_lock.hpp",
        "a bias that begins before its reader holds the mutex",
        "mutex_.lock_shared();",
        "biased_.store(true, sync::release);\n    mutex_.lock_shared();",
    ),
    Structural(
        "primitives/mcs_lock.hpp",
        "a thread that enters before its turn",
        "await_turn(*predecessor);",
        "predecessor->next_.store(this, sync::release);",
    ),
    Structural(
        "primitives/mcs_lock.hpp",
        "a thread that leaves without waiting for its successor to link",
        "successor = await_link();",
        "return;",
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
        "quota/fetch_add.hpp",
        "a count that stays open while the next end and rule are written",
        "last = counter.count.exchange(closed, sync::relaxed);",
        "",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "an addition to a later generation that is forgotten",
        "if (before + cost <= full) {",
        "if (before + cost <= full) return {};\n    if (before + cost <= full) {",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "an addition under a newer rule by the version of the older",
        "same_rule ? rule.version : counter.version.load(sync::relaxed)",
        "rule.version",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "additions ended by any that does not fit",
        "if (before > full) return {};",
        "if (before == closed) return {};",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "a denial that does not write what was used",
        "end_additions(counter, seen, before);",
        "",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "additions ended as if the window were used up",
        "(limit - (full - before)) & Window::used_mask",
        "limit",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "a request that does not wait for the word of its generation",
        "wait();  // the count is open for the next generation and the word not yet\n"
        "        continue;",
        "return;",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "additions ended in another generation",
        "if (ahead < 0 || (word & adding) == 0) return;",
        "if ((word & adding) == 0) return;",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "a count opened although an earlier generation ends later",
        "if (end < latest || used >= limit) return used;",
        "if (used >= limit) return used;",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "usage carried over while it is not known",
        "for (sync::spin_wait wait; (word & adding) != 0; wait())",
        "for (sync::spin_wait wait; false; wait())",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "a limit that the count does not get",
        "counter.limit.store(limit, sync::release);",
        "if (counter.limit.load(sync::relaxed) == 0) counter.limit.store(limit, sync::release);",
    ),
    Structural(
        "quota/fetch_add.hpp",
        "a version that the count does not get",
        "counter.version.store(rule.version, sync::relaxed);",
        "",
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
