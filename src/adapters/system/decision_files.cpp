#include "adapters/system/decision_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace rebalancer::system {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t id_size = 32;
constexpr std::string_view ending = ".json";

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<void> check_id(std::string_view id) {
  if (id.size() == id_size && is_hex(id)) return {};
  return fail(ErrorCode::invalid, "\"{}\" is no decision, must be {} lower-case hex digits", id.substr(0, 2 * id_size),
              id_size);
}

// `error` is an errno.
tl::unexpected<Error> failed(const fs::path& file, std::string_view what, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG || error == EMFILE || error == ENFILE;
  return fail(full ? ErrorCode::exhausted : ErrorCode::unavailable, "{}: {} ({})", file.string(), what,
              std::generic_category().message(error));
}

Result<bool> is_there(const fs::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  return failed(file, "cannot be looked at", errno);
}

// `file` within its bound; errors as DecisionFiles::read says, not_found for a name that is not there.
Result<std::string> text_of(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && errno == ENOENT) return fail(ErrorCode::not_found, "no file {}", file.string());
  if (descriptor < 0) return failed(file, "cannot be opened", errno);
  const auto read = [&]() -> Result<std::string> {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return failed(file, "cannot be looked at", errno);
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::unavailable, "{} is not a regular file", file.string());
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > DecisionFiles::text_size_max) {
      return fail(ErrorCode::exhausted, "{} has {} bytes, must be at most {}", file.string(), size,
                  DecisionFiles::text_size_max);
    }
    std::string text(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = ::read(descriptor, text.data() + done, size - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed(file, "cannot be read", errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
  };
  auto text = read();
  ::close(descriptor);
  return text;
}

}  // namespace

FileOperations::FileOperations()
    : open([](const char* file, int flags, mode_t mode) { return ::open(file, flags, mode); }),
      write(&::write),
      fsync(&::fsync),
      close(&::close),
      rename(&::rename),
      unlink(&::unlink),
      mkdir(&::mkdir) {}

Result<void> DecisionFiles::stage(std::string_view id, std::string_view text) {
  if (auto good = check_id(id); !good) return good;
  if (text.size() > text_size_max) {
    return fail(ErrorCode::invalid, "decision {} has {} bytes, must be at most {}", id, text.size(), text_size_max);
  }
  auto before = text_of(published(id));
  if (before && *before == text) return sync(folder_);
  if (before) return fail(ErrorCode::conflict, "{}: another decision was published there", published(id).string());
  if (before.error().code != ErrorCode::not_found) return fail(before.error());
  if (auto made = make_folder(); !made) return made;

  const fs::path part = published(id).concat(".part");
  auto done = write_whole(part, text);
  if (done && operations_.rename(part.c_str(), staged(id).c_str()) != 0) {
    done = failed(staged(id), "cannot be written", errno);
  }
  if (!done) {
    operations_.unlink(part.c_str());  // best effort: a torn part is read by nobody
    return done;
  }
  return sync(folder_);
}

Result<void> DecisionFiles::publish(std::string_view id) {
  if (auto good = check_id(id); !good) return good;
  auto there = is_there(published(id));
  if (!there) return fail(there.error());
  if (*there) {
    // Published by a process that may have died before it was durable.
    operations_.unlink(staged(id).c_str());
    return sync(folder_);
  }
  if (operations_.rename(staged(id).c_str(), published(id).c_str()) != 0) {
    const int error = errno;
    if (error != ENOENT) return failed(published(id), "cannot be published", error);
    return fail(ErrorCode::not_found, "{}: nothing was staged", staged(id).string());
  }
  return sync(folder_);
}

Result<std::string> DecisionFiles::read(std::string_view id_prefix) {
  if (id_prefix.size() < prefix_size_min || id_prefix.size() > id_size || !is_hex(id_prefix)) {
    return fail(ErrorCode::invalid, "\"{}\" is no decision, must be its first {} to {} lower-case hex digits",
                id_prefix.substr(0, 2 * id_size), prefix_size_min, id_size);
  }
  std::string id(id_prefix);
  if (id.size() < id_size) {
    auto known = ids();
    if (!known) return fail(known.error());
    std::erase_if(*known, [&](const std::string& name) { return !name.starts_with(id_prefix); });
    if (known->size() > 1) {
      return fail(ErrorCode::conflict, "{} begins {} decisions, such as {} and {}", id_prefix, known->size(),
                  known->at(0), known->at(1));
    }
    if (known->empty()) return fail(ErrorCode::not_found, "no decision {} in {}", id_prefix, folder_.string());
    id = known->front();
  }
  auto text = text_of(published(id));
  if (!text && text.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "no decision {} in {}", id_prefix, folder_.string());
  }
  return text;
}

Result<std::vector<std::string>> DecisionFiles::ids() {
  std::vector<std::string> ids;
  std::error_code why;
  fs::directory_iterator entry(folder_, why);
  if (why == std::errc::no_such_file_or_directory) return ids;
  for (; !why && entry != fs::directory_iterator(); entry.increment(why)) {
    const std::string name = entry->path().filename().string();
    if (name.size() != id_size + ending.size() || !name.ends_with(ending)) continue;
    if (is_hex(std::string_view(name).substr(0, id_size))) ids.push_back(name.substr(0, id_size));
  }
  if (why) return failed(folder_, "the folder cannot be read", why.value());
  std::ranges::sort(ids);
  return ids;
}

fs::path DecisionFiles::published(std::string_view id) const { return folder_ / fmt::format("{}{}", id, ending); }
fs::path DecisionFiles::staged(std::string_view id) const { return published(id).concat(".staged"); }

// Once per object, also when the folder is there: whoever made it may have died before it was durable.
Result<void> DecisionFiles::make_folder() {
  if (folder_made_) return {};
  std::vector<fs::path> missing;
  for (fs::path folder = folder_; !folder.empty(); folder = folder.parent_path()) {
    std::error_code ignored;
    missing.push_back(folder);
    if (folder == folder.root_path() || fs::is_directory(folder.parent_path(), ignored)) break;
  }
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    if (operations_.mkdir(folder->c_str(), 0755) != 0 && errno != EEXIST) {
      return failed(*folder, "the folder cannot be created", errno);
    }
    const fs::path parent = folder->has_parent_path() ? folder->parent_path() : fs::path(".");
    if (auto durable = sync(parent); !durable) return durable;
  }
  folder_made_ = true;
  return {};
}

Result<void> DecisionFiles::write_whole(const fs::path& file, std::string_view text) {
  const int descriptor = operations_.open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) return failed(file, "cannot be made", errno);
  Result<void> done;
  while (done && !text.empty()) {
    const ssize_t written = operations_.write(descriptor, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      done = failed(file, "cannot be written", written == 0 ? ENOSPC : errno);
    }
  }
  if (done && operations_.fsync(descriptor) != 0) done = failed(file, "cannot be synced", errno);
  if (operations_.close(descriptor) != 0 && done) done = failed(file, "cannot be closed", errno);
  return done;
}

Result<void> DecisionFiles::sync(const fs::path& folder) {
  const int descriptor = operations_.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (descriptor < 0) return failed(folder, "the folder cannot be opened", errno);
  Result<void> done;
  if (operations_.fsync(descriptor) != 0) done = failed(folder, "the folder cannot be synced", errno);
  operations_.close(descriptor);
  return done;
}

}  // namespace rebalancer::system
