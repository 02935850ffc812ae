// Every change this process makes to the files below one folder, whoever makes it: the C library's calls are replaced
// for the whole program, SQLite and libstdc++ included (file_hooks.cpp). Each is a step at which a life can end or
// from which on the disk is broken, and is told to the disk that may lose it.
#pragma once
#include <cstdint>
#include <string>

#include "disk.hpp"

namespace rebalancer::crash {

enum class FileStep { open, create, write, truncate, sync, rename, link, remove, make_folder };

class FileFaults {
 public:
  // Nothing happens to files elsewhere, nor before this.
  void watch(std::string folder) { folder_ = std::move(folder) + "/"; }
  // From the file step `from` on, whatever cannot be done on a disk with this error (ENOSPC, EIO, EROFS) fails.
  // `journal_failed` turns true when it was the journal's.
  void break_disk(std::uint64_t from, int error, bool& journal_failed);
  // Not synced, so lost or torn when the power is cut.
  void lose_unsynced(Disk& disk) { disk_ = &disk; }
  // Between fork and kill, the hooks must not see what the harness itself does.
  void pause() { paused_ = true; }

  [[nodiscard]] bool covers(const std::string& path) const;
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] Disk* disk() const { return disk_; }
  // Counts a step; may not return. The errno it must fail with, or 0. `tear` is set when the life ends here and the
  // write is to be done in part first; whoever tears must die then.
  [[nodiscard]] int before(FileStep step, const std::string& path, bool* tear = nullptr);

 private:
  std::string folder_;
  bool paused_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t broken_from_ = 0;
  int error_ = 0;
  bool* journal_failed_ = nullptr;
  Disk* disk_ = nullptr;
};

// The one of this process; a child inherits what its parent set.
[[nodiscard]] FileFaults& file_faults();

}  // namespace rebalancer::crash
