// Which CPUs and which memory this process may use, and what the CPUs share.
//
// Ids are dense and follow hwloc's logical order, which lists CPUs that share most next to each
// other; only `os_index` is the kernel's number.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct hwloc_obj;
struct hwloc_topology;

namespace limiterbench::host {

struct Cpu {
  unsigned os_index;
  unsigned package;
  unsigned complex;  // CPUs under one last-level cache; see Topology
  unsigned core;     // over the whole machine, not within its package
  unsigned sibling;  // rank among the CPUs of its core that may be used, 0 first
  // The nearest NUMA node whose memory may be used. A CPU may have none: the kernel then takes its
  // memory from elsewhere.
  std::optional<unsigned> numa;
  friend bool operator==(const Cpu&, const Cpu&) = default;
};

// A complex is an L3 cache. Where none is reported it is the outermost cache that several cores
// share, else the NUMA node, and never more than one package. What is not reported at all (no
// package, no core) counts as one package, and as one core per CPU.
//
// A NUMA node counts if it has memory and this process may use it. It need not have a CPU: another
// package's memory stays usable when only its CPUs are forbidden, and CXL memory never has any.
// Nodes with CPUs are numbered first.
class Topology {
 public:
  // The CPUs that this machine has online, the cpuset allows and the calling thread's affinity
  // mask contains; so call it before binding. The calling thread visits none of them meanwhile.
  // Throws std::runtime_error.
  [[nodiscard]] static Topology this_host();
  // An hwloc synthetic description ("pack:2 l3:8 core:8 pu:2") or the path of an hwloc XML file.
  // Throws std::runtime_error, which says what is wrong with the file.
  [[nodiscard]] static Topology from(const std::string& spec);

  // The same machine and memory as if only these CPUs might be used. Throws std::runtime_error if
  // none is left.
  [[nodiscard]] Topology restricted_to(const std::vector<unsigned>& os_indexes) const;

  [[nodiscard]] const std::vector<Cpu>& cpus() const& noexcept { return cpus_; }
  void cpus() const&& = delete;  // would dangle in a range-for over a temporary
  // False for a description, also for one given in HWLOC_XMLFILE or HWLOC_SYNTHETIC. hwloc then
  // pretends that binding works and does nothing, so nothing may be measured.
  [[nodiscard]] bool is_this_host() const noexcept { return is_this_host_; }
  void write_xml(const std::string& path) const;

  // One line: "1 package, 1 L3 complex, 2 cores, 2 CPUs, 1 NUMA node".
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] unsigned packages() const noexcept { return packages_; }
  [[nodiscard]] unsigned complexes() const noexcept { return complexes_; }
  [[nodiscard]] unsigned cores() const noexcept { return cores_; }
  [[nodiscard]] unsigned numa_nodes() const noexcept {
    return static_cast<unsigned>(nodes_.size());
  }
  [[nodiscard]] const hwloc_obj* node(unsigned numa) const { return nodes_.at(numa); }
  // What a complex is on this machine: "L3", "L2", "NUMA" or "package".
  [[nodiscard]] const std::string& complex_kind() const noexcept { return complex_kind_; }

  [[nodiscard]] hwloc_topology* native() const noexcept { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(hwloc_topology* handle) const noexcept;
  };
  using Handle = std::unique_ptr<hwloc_topology, Destroy>;

  [[nodiscard]] static Handle make_handle();
  Topology(Handle handle, bool is_this_host);

  Handle handle_;
  std::vector<Cpu> cpus_;
  bool is_this_host_;
  unsigned packages_ = 0;
  unsigned complexes_ = 0;
  unsigned cores_ = 0;
  std::vector<const hwloc_obj*> nodes_;
  std::string complex_kind_;
};

}  // namespace limiterbench::host
