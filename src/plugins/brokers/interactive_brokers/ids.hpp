// Order ids that are never used twice, also when a restarted gateway counts backwards: the highest one that may have
// been used is in a file, per API client, on the disk before it is used.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>

namespace interactive_brokers {

class OrderIds {
 public:
  // Ids of orders are below, ids of requests above, since errors do not say which of both they mean.
  static constexpr std::int64_t limit = 2'000'000'000;

  OrderIds(std::filesystem::path file, std::int32_t client_id) : file_(std::move(file)), client_id_(client_id) {}

  // What the server says is next, or an id seen in use: none at or below is given out. Does not touch the file.
  void raise(std::int64_t next_at_least);
  // Throws std::runtime_error when the file cannot be read, written or understood: then nothing may be sent.
  [[nodiscard]] std::int32_t next();

 private:
  void load();
  void store(std::int64_t mark);

  std::filesystem::path file_;
  std::int32_t client_id_;
  bool loaded_ = false;
  std::int64_t next_ = 1;
  std::int64_t reserved_ = 0;  // ids up to this one are covered by the file
};

}  // namespace interactive_brokers
