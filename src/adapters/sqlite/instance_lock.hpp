// One process at a time: a lock the kernel gives back however the process ends.
#pragma once
#include <string>

#include "core/base/error.hpp"

namespace rebalancer::sqlite {

class InstanceLock {
 public:
  // Locks `file` (created, with its folders, when missing) and writes this process's id into it.
  // Errors: conflict when another process, or another lock of this one, holds it; unavailable when it cannot be made.
  [[nodiscard]] static Result<InstanceLock> take(const std::string& file, std::string_view what);

  InstanceLock(InstanceLock&& other) noexcept;
  InstanceLock& operator=(InstanceLock&& other) noexcept;
  ~InstanceLock();

 private:
  explicit InstanceLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace rebalancer::sqlite
