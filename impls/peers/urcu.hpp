// What the two rows on liburcu share: its headers, and the registration of threads.
#pragma once

// Inlines the read side, as the library means it to be used by code under an LGPL-compatible
// licence, which this is; a call through the PLT costs several times the section itself.
#ifndef _LGPL_SOURCE
#define _LGPL_SOURCE  // NOLINT: the library's name for it
#endif
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#include "../sync.hpp"

#if LIMITERBENCH_TSAN
// The inlined read side uses plain volatile accesses, which ThreadSanitizer takes for races. The
// library's own copies of these functions it does not see.
#undef urcu_memb_read_lock
#undef urcu_memb_read_unlock
#undef urcu_qsbr_thread_offline
#undef urcu_qsbr_thread_online
extern "C" {
void urcu_memb_read_lock();
void urcu_memb_read_unlock();
void urcu_qsbr_thread_offline();
void urcu_qsbr_thread_online();
}
#endif

namespace limiterbench::detail {

// Registers the calling thread with a flavour of liburcu until the thread ends. The library knows
// threads, not handles: a thread may own any number of handles, and a handle may be handed from one
// thread to another.
//
// Hazard: a thread that ends while registered leaves its thread-local record in the library's
// list. The destructor runs before that storage goes.
template <class Flavour>
[[gnu::noinline]] void register_thread() noexcept {
  struct AtThreadExit {
    ~AtThreadExit() {
      if (Flavour::is_registered()) Flavour::unregister_thread();
    }
  };
  Flavour::register_thread();
  static thread_local AtThreadExit at_thread_exit;
  static_cast<void>(at_thread_exit);
}

}  // namespace limiterbench::detail
