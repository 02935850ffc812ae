#include "adapters/sqlite/instance_lock.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace rebalancer::sqlite {
namespace {

std::string reason_of(int error) { return std::generic_category().message(error); }

// What the holder wrote, if it is a number: the file is ours, but anybody may have edited it.
std::string holder_in(int descriptor) {
  std::array<char, 24> room{};
  const ssize_t size = ::pread(descriptor, room.data(), room.size(), 0);
  std::string digits;
  for (ssize_t i = 0; i < size && room[static_cast<std::size_t>(i)] >= '0' && room[static_cast<std::size_t>(i)] <= '9';
       ++i) {
    digits += room[static_cast<std::size_t>(i)];
  }
  return digits.empty() ? "" : ", process " + digits;
}

}  // namespace

Result<InstanceLock> InstanceLock::take(const std::string& file, std::string_view what) {
  std::error_code why;
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, why);
  if (why) return fail(ErrorCode::unavailable, "{}: the folder cannot be created ({})", folder.string(), why.message());

  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return fail(ErrorCode::unavailable, "{}: the lock cannot be opened ({})", file, reason_of(errno));
  }
  InstanceLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) {
      return fail(ErrorCode::conflict, "the {} is in use by another rebalancer{} ({})", what, holder_in(descriptor),
                  file);
    }
    return fail(ErrorCode::unavailable, "{}: cannot be locked ({})", file, reason_of(error));
  }
  // Only for the sentence above: a full disk is no reason to refuse here, the database will say so.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) == 0) static_cast<void>(!::pwrite(descriptor, pid.data(), pid.size(), 0));
  return lock;
}

InstanceLock::InstanceLock(InstanceLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

InstanceLock& InstanceLock::operator=(InstanceLock&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

InstanceLock::~InstanceLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace rebalancer::sqlite
