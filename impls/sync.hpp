// The only door to atomics, fences, locks and "which CPU am I on".
//
// Nothing else under impls/ names std::atomic or std::mutex. That one rule lets the same limiter
// headers run natively, under a model checker and on a simulated machine: this file picks the
// backend for the whole translation unit. The backend's name is an inline namespace around
// everything in impls/: mixing code built for two backends in one binary does not go unnoticed.
//
//   (default)                    native: the standard library's own types (sync/native.hpp)
//   LIMITERBENCH_SYNC_YIELDING   the same, with CPUs given away at random (sync/yielding.hpp)
//   LIMITERBENCH_SYNC_RELACY     Relacy's race detector (sync/relacy.hpp)
//   LIMITERBENCH_SYNC_SIMULATED  a simulated machine of many CPUs (sync/simulated.hpp)
//
// A backend provides, in limiterbench::sync:
//   atomic<T>, mutex, shared_mutex, lock_guard, shared_lock, fence(order)
//   wide_atomic         two words (wide) that change as one: load(order), swap_if(old, new, order)
//   shared_ptr<T>, make_shared<T>(), atomic_shared_ptr<T>
//   plain<T>            nonatomic data that a checker should watch
//   make<T>(), destroy()              allocation
//   is_model            whether a checker runs this
//   process_fence_available(), process_fence(), compiler_fence()
//                       what primitives/asymmetric_fence.hpp is made of
//   rseq_available(), rseq_store(), restart_sequences(), forget_sequence(), sequence
//                       restartable sequences (sync/native_rseq.hpp)
//   current_cpu(count), cpu_count(), pause(), spin_wait
#pragma once

#if defined(LIMITERBENCH_SYNC_RELACY)
#define LIMITERBENCH_BACKEND relacy
#include "sync/relacy.hpp"
#elif defined(LIMITERBENCH_SYNC_SIMULATED)
#define LIMITERBENCH_BACKEND simulated
#include "sync/simulated.hpp"
#else
#if defined(LIMITERBENCH_SYNC_YIELDING)
#define LIMITERBENCH_BACKEND yielding
#else
#define LIMITERBENCH_BACKEND native
#endif
#include "sync/native.hpp"
#endif
