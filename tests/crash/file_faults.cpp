#include "file_faults.hpp"

#include <cerrno>

#include "steps.hpp"

namespace rebalancer::crash {
namespace {

bool is_journal(const std::string& path) {
  return path.ends_with(".db") || path.ends_with(".db-wal") || path.ends_with(".db-journal");
}

bool fails_with(FileStep step, int error) {
  switch (error) {
    case ENOSPC:  // what frees space works
      return step != FileStep::open && step != FileStep::remove && step != FileStep::truncate;
    case EROFS:  // there is nothing to sync
      return step != FileStep::open && step != FileStep::sync;
    default:
      return step != FileStep::open;
  }
}

}  // namespace

void FileFaults::break_disk(std::uint64_t from, int error, bool& journal_failed) {
  broken_from_ = from;
  error_ = error;
  journal_failed_ = &journal_failed;
}

bool FileFaults::covers(const std::string& path) const {
  if (paused_ || folder_.empty()) return false;
  return path.starts_with(folder_) || path + "/" == folder_;
}

int FileFaults::before(FileStep step, const std::string& path, bool* tear) {
  ++steps_;
  if (is_last_step()) {
    // Half of the deaths in a write leave half of it.
    if (tear == nullptr || steps_ % 2 == 0) die();
    *tear = true;
    return 0;
  }
  if (error_ == 0 || steps_ < broken_from_ || !fails_with(step, error_)) return 0;
  if (is_journal(path)) *journal_failed_ = true;
  return error_;
}

FileFaults& file_faults() {
  static FileFaults of_this_life;
  return of_this_life;
}

}  // namespace rebalancer::crash
