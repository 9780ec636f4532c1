// What the two designs on liburcu share: its headers, and the registration of threads.
//
// A thread registers when it first attaches or makes a request, and unregisters when it ends.
// Destructors that run at the end of a thread or of the program may make requests too.
//
// If the service uses the same flavour itself: the library accepts one registration a thread and
// does not check; a second one corrupts its list, and the next publish() hangs. So the service must
// register a thread before its first attach(). The limiter then leaves the registration alone. It
// registers the thread itself only at a request made after the service has unregistered it; from
// then on the service must not register that thread again.
//
// Every object of the process must link the same shared liburcu. A static copy in a plug-in has
// readers of its own, and publish() elsewhere does not wait for them.
#pragma once

// Inlines the read side, which the library offers to code under an LGPL-compatible licence, as this
// is. A call through the PLT costs several times the section itself.
#ifndef _LGPL_SOURCE
#define _LGPL_SOURCE  // NOLINT: the library's name for it
#endif
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#include <pthread.h>

#include <cstdlib>

#include "../sync.hpp"

#if LIMITERBENCH_TSAN
// The inlined read side uses volatile accesses, which ThreadSanitizer takes for races. It does not
// see into the library's own copies of these functions.
#undef urcu_memb_read_lock
#undef urcu_memb_read_unlock
#undef urcu_qsbr_thread_offline
#undef urcu_qsbr_thread_online
#undef urcu_qsbr_read_ongoing
extern "C" {
void urcu_memb_read_lock();
void urcu_memb_read_unlock();
void urcu_qsbr_thread_offline();
void urcu_qsbr_thread_online();
int urcu_qsbr_read_ongoing();
}
#endif

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// Registers the calling thread with a flavour of liburcu until the thread ends. The library knows
// threads, not handles: a thread may own any number of handles, and a handle may be handed from one
// thread to another.
//
// Hazard: a thread that ends while registered leaves its thread-local record in the library's list.
// Whoever walks the list later waits forever or reads freed memory. A thread may make a request
// after it has unregistered, in the destructor of a thread_local object that is older than its
// first use. A thread_local object is destroyed only once, so the second time a key of
// pthread_setspecific() unregisters: its destructor runs after those of all thread_local objects,
// and again if the key is set again. The first time a thread_local object does it, since it keeps a
// plug-in loaded until the threads that used it have ended; a key does not.
template <class Flavour>
class UrcuThread {
 public:
  [[gnu::always_inline]] static void attach() noexcept {
    if (!Flavour::is_registered()) [[unlikely]]
      register_thread();
  }

 private:
  [[gnu::noinline]] static void register_thread() noexcept {
    struct AtThreadExit {
      ~AtThreadExit() {
        is_ending = true;
        leave();
      }
    };
    Flavour::register_thread();
    if (is_ending) return leave_by_key();
    static thread_local const AtThreadExit at_thread_exit{};
    static_cast<void>(at_thread_exit);
  }
  // The service may have unregistered the thread meanwhile.
  static void leave() noexcept {
    if (Flavour::is_registered()) Flavour::unregister_thread();
  }
  static void leave_by_key() noexcept {
    struct Key {
      Key() noexcept {
        created = pthread_key_create(&key, [](void*) { leave(); }) == 0;
      }
      ~Key() {
        if (created) pthread_key_delete(key);
        is_key_deleted = true;
      }
      pthread_key_t key{};
      bool created;
    };
    static const Key key;
    // A thread that comes here runs the destructors of static objects: the program ends.
    if (is_key_deleted) return;
    if (!key.created || pthread_setspecific(key.key, &is_ending) != 0) std::abort();
  }

  static inline constinit thread_local bool is_ending = false;
  static inline constinit bool is_key_deleted = false;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
