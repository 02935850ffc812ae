// Sealed decisions as files, one each, in the folder `decisions` beside the journal: <id>.json.
#pragma once
#include <cstddef>
#include <filesystem>
#include <sys/types.h>

#include "core/ports/decision_store.hpp"

namespace rebalancer::system {

// Every step that changes the disk, as in POSIX, so that tests can fail or die at each of them. The defaults are the
// kernel's.
struct FileOperations {
  FileOperations();
  int (*open)(const char* file, int flags, mode_t mode);
  ssize_t (*write)(int descriptor, const void* bytes, std::size_t size);
  int (*fsync)(int descriptor);
  int (*close)(int descriptor);
  int (*rename)(const char* from, const char* to);
  int (*unlink)(const char* file);
  int (*mkdir)(const char* folder, mode_t mode);
};

// Ids are 32 lower-case hex digits; anything else in the folder is not looked at. On the way to <id>.json a text is
// <id>.json.part, which may be torn and is never read, then <id>.json.staged, which is whole and durable. One process
// writes at a time: the owner of the journal.
class DecisionFiles final : public DecisionStore {
 public:
  static constexpr std::size_t text_size_max = std::size_t{256} << 20;  // bytes
  static constexpr std::size_t prefix_size_min = 8;

  // Makes nothing before something is staged.
  explicit DecisionFiles(std::filesystem::path folder, FileOperations operations = {})
      : folder_(std::move(folder)), operations_(operations) {}
  [[nodiscard]] static std::filesystem::path folder_beside(const std::filesystem::path& journal) {
    return journal.parent_path() / "decisions";
  }

  // Errors: invalid for an id or a size that breaks a rule, conflict when another text was published under this id.
  // Replaces what was only staged.
  [[nodiscard]] Result<void> stage(std::string_view id, std::string_view text) override;
  // Errors: not_found when nothing was staged.
  [[nodiscard]] Result<void> publish(std::string_view id) override;
  // Errors: invalid for a prefix shorter than prefix_size_min or no hex digits, exhausted for a file too large.
  [[nodiscard]] Result<std::string> read(std::string_view id_prefix) override;
  [[nodiscard]] Result<std::vector<std::string>> ids() override;

 private:
  [[nodiscard]] std::filesystem::path published(std::string_view id) const;
  [[nodiscard]] std::filesystem::path staged(std::string_view id) const;
  [[nodiscard]] Result<void> make_folder();
  [[nodiscard]] Result<void> write_whole(const std::filesystem::path& file, std::string_view text);
  [[nodiscard]] Result<void> sync(const std::filesystem::path& folder);

  std::filesystem::path folder_;
  FileOperations operations_;
  bool folder_made_ = false;
};

}  // namespace rebalancer::system
