# Other people's libraries, each optional. limiterbench_peers links those that work here and defines
# LIMITERBENCH_WITH_<LIBRARY>=1 for each: the rows that registry.hpp then adds. Benchmarks and tests
# link it; the installed headers need none of them.
include(CheckCXXSourceCompiles)
option(LIMITERBENCH_PEERS "Build the rows that use other people's libraries" ON)

add_library(limiterbench_peers INTERFACE)
target_link_libraries(limiterbench_peers INTERFACE limiterbench::impls)
# GCC names every fence in a library's header that ThreadSanitizer does not model. Where that matters
# the library or impls/peers/unseen_order.hpp says what the fence orders.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,]*thread")
  target_compile_options(limiterbench_peers INTERFACE -Wno-tsan)
endif()

# limiterbench_peer(LIBRARY PACKAGE Debian's [INCLUDE folder] [LINK library...] [HEADERS shared header...]
#                   ROWS row... CODE what a version that fits compiles)
# A folder or library that is NOTFOUND means that it is absent; CODE fails where it is another
# version or for another processor. CODE asks for a version where it can: the headers themselves
# take a second each.
function(limiterbench_peer library)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PACKAGE;INCLUDE;CODE" "LINK;HEADERS;ROWS")
  set(works LIMITERBENCH_${library}_WORKS)
  set(why "not found")
  if(LIMITERBENCH_PEERS AND NOT "${arg_INCLUDE};${arg_LINK}" MATCHES "NOTFOUND")
    set(why "found, but another version or unusable")
    if(NOT ${works})
      unset(${works} CACHE) # a failure is looked at again: the package may have been updated
    endif()
    set(CMAKE_CXX_STANDARD 20)
    set(CMAKE_REQUIRED_QUIET ON)
    set(CMAKE_REQUIRED_INCLUDES ${arg_INCLUDE})
    set(CMAKE_REQUIRED_LIBRARIES ${arg_LINK})
    check_cxx_source_compiles("${arg_CODE}" ${works})
    if(${works})
      target_compile_definitions(limiterbench_peers INTERFACE LIMITERBENCH_WITH_${library}=1)
      target_include_directories(limiterbench_peers SYSTEM INTERFACE ${arg_INCLUDE})
      target_link_libraries(limiterbench_peers INTERFACE ${arg_LINK})
      return()
    endif()
  endif()
  list(TRANSFORM arg_ROWS PREPEND peers/ OUTPUT_VARIABLE headers)
  list(TRANSFORM headers APPEND .hpp)
  set_property(GLOBAL APPEND PROPERTY LIMITERBENCH_UNAVAILABLE_HEADERS ${headers} ${arg_HEADERS})
  list(JOIN arg_ROWS ", " rows)
  if(LIMITERBENCH_PEERS)
    message(STATUS "Without ${rows}: ${library} ${why} (Debian, Ubuntu: ${arg_PACKAGE})")
  endif()
endfunction()

find_path(LIMITERBENCH_URCU_INCLUDE urcu/urcu-memb.h)
find_library(LIMITERBENCH_URCU_MEMB urcu-memb)
find_library(LIMITERBENCH_URCU_QSBR urcu-qsbr)
find_library(LIMITERBENCH_URCU_COMMON urcu-common)
limiterbench_peer(
  URCU
  PACKAGE liburcu-dev
  INCLUDE ${LIMITERBENCH_URCU_INCLUDE}
  LINK ${LIMITERBENCH_URCU_MEMB} ${LIMITERBENCH_URCU_QSBR} ${LIMITERBENCH_URCU_COMMON}
  HEADERS peers/urcu.hpp
  ROWS urcu_qsbr urcu_memb
  CODE "#define _LGPL_SOURCE
    #include <urcu/urcu-memb.h>
    #include <urcu/urcu-qsbr.h>
    int main() {
      urcu_memb_register_thread();
      urcu_qsbr_register_thread();
      urcu_memb_synchronize_rcu();
      urcu_qsbr_synchronize_rcu();
      return URCU_TLS(urcu_memb_reader).registered + URCU_TLS(urcu_qsbr_reader).registered;
    }")

find_path(LIMITERBENCH_CK_INCLUDE ck_epoch.h)
find_library(LIMITERBENCH_CK ck)
limiterbench_peer(
  CK
  PACKAGE libck-dev
  INCLUDE ${LIMITERBENCH_CK_INCLUDE}
  LINK ${LIMITERBENCH_CK}
  HEADERS peers/ck.hpp
  ROWS ck_epoch ck_brlock
  CODE "#include \"${PROJECT_SOURCE_DIR}/impls/peers/ck.hpp\"
    int main() {
      ck_epoch_t epoch;
      static ck_epoch_record_t record;
      ck_epoch_init(&epoch);
      ck_epoch_register(&epoch, &record, nullptr);
      ck_epoch_synchronize_wait(&epoch, nullptr, nullptr);
    }")

find_path(LIMITERBENCH_XENIUM_INCLUDE xenium/reclamation/hazard_pointer.hpp)
limiterbench_peer(
  XENIUM
  PACKAGE libxenium-dev
  INCLUDE ${LIMITERBENCH_XENIUM_INCLUDE}
  HEADERS peers/xenium.hpp
  ROWS xenium_hp xenium_ebr
  CODE "#include <array>
    #include <xenium/reclamation/generic_epoch_based.hpp>
    #include <xenium/reclamation/hazard_pointer.hpp>
    template <class R>
    void use() {
      struct node : R::template enable_concurrent_ptr<node> {};
      typename R::template concurrent_ptr<node, 0>::guard_ptr guard;
    }
    int main() {
      use<xenium::reclamation::hazard_pointer<>>();
      use<xenium::reclamation::epoch_based<>>();
    }")

find_path(LIMITERBENCH_LIBCDS_INCLUDE cds/gc/hp.h)
find_library(LIMITERBENCH_LIBCDS cds)
limiterbench_peer(
  LIBCDS
  PACKAGE libcds-dev
  INCLUDE ${LIMITERBENCH_LIBCDS_INCLUDE}
  LINK ${LIMITERBENCH_LIBCDS}
  ROWS libcds_hp
  CODE "#include <cds/gc/hp.h>
    #include <cds/init.h>
    int main() {
      cds::Initialize();
      cds::gc::hp::smr::construct(1, 1);
      cds::threading::Manager::attachThread();
    }")

find_path(LIMITERBENCH_TBB_INCLUDE oneapi/tbb/rw_mutex.h)
find_library(LIMITERBENCH_TBB tbb)
limiterbench_peer(
  TBB
  PACKAGE libtbb-dev
  INCLUDE ${LIMITERBENCH_TBB_INCLUDE}
  LINK ${LIMITERBENCH_TBB}
  ROWS tbb_rw_mutex
  CODE "#include <oneapi/tbb/version.h>
    static_assert(TBB_VERSION_MAJOR * 100 + TBB_VERSION_MINOR >= 202106, \"the first rw_mutex\");
    int main() {}")

# A dozen static libraries, which its pkg-config file names.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(limiterbench_absl QUIET IMPORTED_TARGET absl_synchronization)
endif()
if(TARGET PkgConfig::limiterbench_absl)
  set(absl PkgConfig::limiterbench_absl)
else()
  set(absl absl-NOTFOUND)
endif()
limiterbench_peer(
  ABSL
  PACKAGE libabsl-dev
  LINK ${absl}
  ROWS absl_mutex
  CODE "#include <absl/base/config.h>
    #if defined(ABSL_LTS_RELEASE_VERSION) && ABSL_LTS_RELEASE_VERSION < 20220623
    #error
    #endif
    int main() {}")

find_path(LIMITERBENCH_BOOST_THREAD_INCLUDE boost/thread/shared_mutex.hpp)
find_library(LIMITERBENCH_BOOST_THREAD boost_thread)
limiterbench_peer(
  BOOST_THREAD
  PACKAGE libboost-thread-dev
  INCLUDE ${LIMITERBENCH_BOOST_THREAD_INCLUDE}
  LINK ${LIMITERBENCH_BOOST_THREAD}
  ROWS boost_shared_mutex
  CODE "#include <boost/version.hpp>
    static_assert(BOOST_VERSION >= 107400);
    int main() {}")
