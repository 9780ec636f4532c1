#include "host/topology.hpp"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <utility>

namespace limiterbench::host {
namespace {

using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

Bitmap make_bitmap() { return {hwloc_bitmap_alloc(), &hwloc_bitmap_free}; }

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

[[noreturn]] void fail_errno(const std::string& what, int error) {
  fail(what + ": " + std::strerror(error));
}

// Numbers keys 0, 1, 2, ... in order of first appearance.
template <class Key>
class DenseIds {
 public:
  unsigned operator()(const Key& key) {
    return ids_.try_emplace(key, static_cast<unsigned>(ids_.size())).first->second;
  }
  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(ids_.size()); }

 private:
  std::map<Key, unsigned> ids_;
};

bool is_within(hwloc_obj_t inner, hwloc_obj_t outer) {
  return hwloc_bitmap_isincluded(inner->cpuset, outer->cpuset) != 0;
}

// The node nearest to the CPU: memory hangs off the objects on its way to the root.
hwloc_obj_t numa_of(hwloc_obj_t pu) {
  for (hwloc_obj_t at = pu; at != nullptr; at = at->parent) {
    for (hwloc_obj_t memory = at->memory_first_child; memory != nullptr;) {
      if (memory->type == HWLOC_OBJ_NUMANODE) return memory;
      // A memory-side cache stands before the node behind it.
      memory = memory->memory_first_child;
    }
  }
  return nullptr;
}

bool is_shared_by_cores(hwloc_topology_t topology, hwloc_obj_t object) {
  return hwloc_get_nbobjs_inside_cpuset_by_type(topology, object->cpuset, HWLOC_OBJ_CORE) > 1;
}

struct Complex {
  hwloc_obj_t object;
  std::string_view kind;
};

Complex complex_of(hwloc_topology_t topology, hwloc_obj_t pu, hwloc_obj_t package) {
  if (hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L3CACHE, pu)) {
    return {l3, "L3"};
  }
  hwloc_obj_t shared_cache = nullptr;
  for (hwloc_obj_t at = pu->parent; at != nullptr && is_within(at, package); at = at->parent) {
    if (hwloc_obj_type_is_dcache(at->type) && is_shared_by_cores(topology, at)) shared_cache = at;
  }
  if (shared_cache != nullptr) {
    return {shared_cache, shared_cache->type == HWLOC_OBJ_L2CACHE ? "L2" : "cache"};
  }
  hwloc_obj_t numa = numa_of(pu);
  if (numa != nullptr && is_within(numa, package) && !is_within(package, numa)) {
    return {numa, "NUMA"};
  }
  return {package, "package"};
}

std::string counted(unsigned count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

void Topology::Destroy::operator()(hwloc_topology* handle) const noexcept {
  hwloc_topology_destroy(handle);
}

Topology::Topology(Handle handle, bool is_this_host)
    : handle_(std::move(handle)), is_this_host_(is_this_host) {
  hwloc_topology_t topology = handle_.get();
  DenseIds<hwloc_obj_t> package_ids, core_ids, numa_ids;
  // A cache described above the package still counts once for each package.
  DenseIds<std::pair<hwloc_obj_t, hwloc_obj_t>> complex_ids;
  std::vector<unsigned> siblings;
  hwloc_obj_t pu = nullptr;
  while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr) {
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);
    if (package == nullptr) package = hwloc_get_root_obj(topology);
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    const Complex complex = complex_of(topology, pu, package);
    // The first kind seen names the machine's, unless some CPUs do have an L3.
    if (complex_kind_.empty() || complex.kind == "L3") complex_kind_ = complex.kind;
    Cpu cpu{};
    cpu.os_index = pu->os_index;
    cpu.package = package_ids(package);
    cpu.complex = complex_ids({package, complex.object});
    cpu.core = core_ids(core != nullptr ? core : pu);
    if (cpu.core == siblings.size()) siblings.push_back(0);
    cpu.sibling = siblings[cpu.core]++;
    cpu.numa = numa_ids(numa_of(pu));
    cpus_.push_back(cpu);
  }
  if (cpus_.empty()) fail("no CPU may be used");
  packages_ = package_ids.size();
  complexes_ = complex_ids.size();
  cores_ = core_ids.size();
  numa_nodes_ = numa_ids.size();
}

Topology Topology::this_host() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) fail_errno("hwloc_topology_init", errno);
  Handle handle(raw);
  // Without HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED the cpuset of the cgroup is obeyed here.
  if (hwloc_topology_load(raw) != 0) fail_errno("reading this machine's topology", errno);
  const bool is_this_host = hwloc_topology_is_thissystem(raw) != 0;
  Bitmap mask = make_bitmap();
  if (is_this_host && hwloc_get_cpubind(raw, mask.get(), HWLOC_CPUBIND_THREAD) == 0 &&
      !hwloc_bitmap_isincluded(hwloc_topology_get_topology_cpuset(raw), mask.get())) {
    if (hwloc_topology_restrict(raw, mask.get(), 0) != 0) {
      fail_errno("the thread's affinity mask and the allowed CPUs do not meet", errno);
    }
  }
  return {std::move(handle), is_this_host};
}

Topology Topology::from(const std::string& spec) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) fail_errno("hwloc_topology_init", errno);
  Handle handle(raw);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(spec, ignored)) {
    if (hwloc_topology_set_xml(raw, spec.c_str()) != 0 || hwloc_topology_load(raw) != 0) {
      fail("'" + spec + "' is not an hwloc XML file");
    }
  } else if (spec.empty() || hwloc_topology_set_synthetic(raw, spec.c_str()) != 0 ||
             hwloc_topology_load(raw) != 0) {
    fail("'" + spec +
         "' is neither a file nor an hwloc description such as \"pack:2 l3:8 core:8 pu:2\"");
  }
  return {std::move(handle), false};
}

Topology Topology::restricted_to(const std::vector<unsigned>& os_indexes) const {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_dup(&raw, handle_.get()) != 0) fail_errno("hwloc_topology_dup", errno);
  Handle handle(raw);
  Bitmap kept = make_bitmap();
  for (unsigned index : os_indexes) hwloc_bitmap_set(kept.get(), index);
  if (hwloc_topology_restrict(raw, kept.get(), 0) != 0) fail("none of these CPUs may be used");
  return {std::move(handle), is_this_host_};
}

void Topology::write_xml(const std::string& path) const {
  errno = 0;
  if (hwloc_topology_export_xml(handle_.get(), path.c_str(), 0) != 0) {
    fail_errno("writing '" + path + "'", errno);
  }
}

std::string Topology::summary() const {
  const std::string complexes =
      complex_kind_ == "package"
          ? "no L3 reported"
          : counted(complexes_, complex_kind_ + " complex", complex_kind_ + " complexes");
  return counted(packages_, "package", "packages") + ", " + complexes + ", " +
         counted(cores_, "core", "cores") + ", " +
         counted(static_cast<unsigned>(cpus_.size()), "CPU", "CPUs") + ", " +
         counted(numa_nodes_, "NUMA node", "NUMA nodes");
}

}  // namespace limiterbench::host
