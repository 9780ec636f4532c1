// Concurrency Kit's headers, which are C, for C++.
#pragma once

// First: the library's headers must find these included already, and not declare them as C.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>

extern "C" {
#include <ck_pr.h>
// ck_stack.h assigns the void* that this returns to typed pointers, which C++ does not allow.
// NOLINTNEXTLINE: the library's name for it
#define ck_pr_fas_ptr(target, value) \
  static_cast<std::remove_reference_t<decltype(*(target))>>(ck_pr_fas_ptr(target, value))
#include <ck_stack.h>
#undef ck_pr_fas_ptr
#include <ck_brlock.h>
#include <ck_epoch.h>
}
