// What the two rows on liburcu share: its headers, and the registration of threads.
#pragma once

// Inlines the read side, as the library means it to be used by code under an LGPL-compatible
// licence, which this is; a call through the PLT costs several times the section itself.
#ifndef _LGPL_SOURCE
#define _LGPL_SOURCE
#endif
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

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
