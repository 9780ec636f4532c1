#include "host/topology.hpp"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <system_error>
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
  [[nodiscard]] std::vector<Key> in_order() const {
    std::vector<Key> keys(ids_.size());
    for (const auto& [key, id] : ids_) keys[id] = key;
    return keys;
  }

 private:
  std::map<Key, unsigned> ids_;
};

bool is_within(hwloc_obj_t inner, hwloc_obj_t outer) {
  return hwloc_bitmap_isincluded(inner->cpuset, outer->cpuset) != 0;
}

Bitmap memory_allowed_by_kernel() {
  const std::string key = "Mems_allowed_list:";
  std::ifstream status("/proc/thread-self/status");
  Bitmap allowed = make_bitmap();
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t begin = line.find_first_not_of(" \t", key.size());
    if (begin != std::string::npos) hwloc_bitmap_list_sscanf(allowed.get(), line.c_str() + begin);
  }
  return allowed;
}

// Leaves out the NUMA nodes without memory. Descriptions may give no node's memory: all count then.
// `allowed` restricts the rest, unless it names none of them and so must mean another machine.
void leave_out_useless_nodes(hwloc_topology_t topology, const hwloc_bitmap_s* allowed) {
  const hwloc_const_nodeset_t all = hwloc_topology_get_topology_nodeset(topology);
  Bitmap kept = make_bitmap();
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr;) {
    if (node->attr->numanode.local_memory != 0) hwloc_bitmap_set(kept.get(), node->os_index);
  }
  if (hwloc_bitmap_iszero(kept.get())) hwloc_bitmap_copy(kept.get(), all);
  if (allowed != nullptr && hwloc_bitmap_intersects(kept.get(), allowed))
    hwloc_bitmap_and(kept.get(), kept.get(), allowed);
  if (hwloc_bitmap_isequal(kept.get(), all)) return;
  if (hwloc_topology_restrict(topology, kept.get(), HWLOC_RESTRICT_FLAG_BYNODESET) != 0)
    fail_errno("leaving out NUMA nodes without memory", errno);
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

// The major version of hwloc whose format an XML file is in; the first one did not write it down.
std::optional<std::string> format_version(const std::string& attributes) {
  const std::string name = "version=";
  const std::size_t at = attributes.find(name);
  if (at == std::string::npos) return "1";
  const std::size_t begin = at + name.size() + 1;
  if (begin > attributes.size()) return std::nullopt;
  const std::size_t length =
      std::min(attributes.find_first_not_of("0123456789.", begin), attributes.size()) - begin;
  if (length == 0) return std::nullopt;
  return attributes.substr(begin, length);
}

// What keeps hwloc from reading a file that is there.
std::string what_is_wrong_with(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::strerror(errno);
  std::string text(65536, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.empty()) return "it is empty";
  if (text[std::min(text.find_first_not_of(" \t\r\n"), text.size() - 1)] != '<')
    return "it is not XML";
  const std::size_t begin = text.find("<topology");
  if (begin == std::string::npos) return "it holds no topology";
  const auto version = format_version(text.substr(begin, text.find('>', begin) - begin));
  if (!version) return "it is damaged";
  const unsigned own = hwloc_get_api_version() >> 16;
  const unsigned long major = std::strtoul(version->c_str(), nullptr, 10);
  if (major == own) return "it is damaged or cut short";
  return "it is in the format of hwloc " + *version + (major < own ? ", or damaged" : "") +
         "; hwloc " + std::to_string(own) + " is installed here";
}

[[noreturn]] void fail_to_read(const std::string& path) {
  fail("hwloc cannot read '" + path + "': " + what_is_wrong_with(path));
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
  DenseIds<hwloc_obj_t> package_ids, core_ids;
  DenseIds<const hwloc_obj*> numa_ids;
  // A cache described above the package still counts once for each package.
  DenseIds<std::pair<hwloc_obj_t, hwloc_obj_t>> complex_ids;
  std::vector<unsigned> siblings;
  hwloc_obj_t pu = nullptr;
  while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr) {
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);
    if (package == nullptr) package = hwloc_get_root_obj(topology);
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    const Complex complex = complex_of(topology, pu, package);
    // The first kind seen names the machine's, unless other CPUs have something closer to share.
    if (complex_kind_.empty() || complex_kind_ == "package" || complex.kind == "L3")
      complex_kind_ = complex.kind;
    Cpu cpu{};
    cpu.os_index = pu->os_index;
    cpu.package = package_ids(package);
    cpu.complex = complex_ids({package, complex.object});
    cpu.core = core_ids(core != nullptr ? core : pu);
    if (cpu.core == siblings.size()) siblings.push_back(0);
    cpu.sibling = siblings[cpu.core]++;
    if (const hwloc_obj_t node = numa_of(pu)) cpu.numa = numa_ids(node);
    cpus_.push_back(cpu);
  }
  if (cpus_.empty()) fail("no CPU may be used");
  std::map<unsigned, const hwloc_obj*> by_number;
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr;)
    by_number.emplace(node->os_index, node);
  for (const auto& [number, node] : by_number) numa_ids(node);
  nodes_ = numa_ids.in_order();
  packages_ = package_ids.size();
  complexes_ = complex_ids.size();
  cores_ = core_ids.size();
}

// To be loaded without hwloc's x86 component: it binds the calling thread to every CPU in turn,
// also to those that are forbidden or isolated. The kernel tells hwloc all that matters here.
Topology::Handle Topology::make_handle() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) fail_errno("hwloc_topology_init", errno);
  Handle handle(raw);
  if (hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86") != 0)
    fail_errno("hwloc_topology_set_components", errno);
  return handle;
}

Topology Topology::this_host() {
  Handle handle = make_handle();
  hwloc_topology_t raw = handle.get();
  // Without HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED the cpuset of the cgroup is obeyed here.
  if (hwloc_topology_load(raw) != 0) {
    const int error = errno;
    if (const char* path = std::getenv("HWLOC_XMLFILE")) fail_to_read(path);
    fail_errno("reading this machine's topology", error);
  }
  const bool is_this_host = hwloc_topology_is_thissystem(raw) != 0;
  Bitmap mask = make_bitmap();
  if (is_this_host && hwloc_get_cpubind(raw, mask.get(), HWLOC_CPUBIND_THREAD) == 0 &&
      !hwloc_bitmap_isincluded(hwloc_topology_get_topology_cpuset(raw), mask.get())) {
    if (hwloc_topology_restrict(raw, mask.get(), 0) != 0) {
      fail_errno("the thread's affinity mask and the allowed CPUs do not meet", errno);
    }
  }
  leave_out_useless_nodes(raw, is_this_host ? memory_allowed_by_kernel().get() : nullptr);
  return {std::move(handle), is_this_host};
}

Topology Topology::from(const std::string& spec) {
  Handle handle = make_handle();
  hwloc_topology_t raw = handle.get();
  std::error_code hidden;
  if (std::filesystem::is_regular_file(spec, hidden)) {
    if (hwloc_topology_set_xml(raw, spec.c_str()) != 0 || hwloc_topology_load(raw) != 0) {
      fail_to_read(spec);
    }
  } else if (spec.empty() || hwloc_topology_set_synthetic(raw, spec.c_str()) != 0 ||
             hwloc_topology_load(raw) != 0) {
    // Not before: where the working folder may not be searched a description is one all the same.
    if (hidden == std::errc::permission_denied)
      fail_errno("hwloc cannot read '" + spec + "'", EACCES);
    fail("'" + spec +
         "' is neither a file nor an hwloc description such as \"pack:2 l3:8 core:8 pu:2\"");
  }
  leave_out_useless_nodes(raw, nullptr);
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
         counted(numa_nodes(), "NUMA node", "NUMA nodes");
}

}  // namespace limiterbench::host
