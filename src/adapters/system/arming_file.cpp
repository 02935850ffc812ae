#include "adapters/system/arming_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace rebalancer::system {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t size_max = 4u << 20;  // some forty thousand orders

tl::unexpected<Error> failed(const fs::path& file, std::string_view what, int error) {
  return fail(ErrorCode::unavailable, "{}: {} ({})", file.string(), what, std::generic_category().message(error));
}

// Writes and syncs all of it, or says why not.
Result<void> write_durably(const fs::path& file, int flags, std::string_view text) {
  const int descriptor = ::open(file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failed(file, "cannot be opened", errno);
  Result<void> done;
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      done = failed(file, "cannot be written", errno);
      break;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (done && ::fsync(descriptor) != 0) done = failed(file, "cannot be synced", errno);
  ::close(descriptor);
  return done;
}

Result<void> sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) return failed(folder, "the folder cannot be synced", error);
  return {};
}

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

struct Ledger {
  Arming arming;
  bool torn = false;  // the last line has no end
  std::map<std::string, Decimal, std::less<>> orders;
};

tl::unexpected<Error> unreadable(const fs::path& file, std::size_t line) {
  return fail(ErrorCode::unavailable, "{}:{}: this is no leave to trade; 'rebalancer arm' writes it anew",
              file.string(), line);
}

Result<std::optional<Ledger>> ledger_in(const fs::path& file) {
  std::error_code why;
  const auto size = fs::file_size(file, why);
  if (why == std::errc::no_such_file_or_directory) return std::optional<Ledger>();
  if (why) return failed(file, "cannot be read", why.value());
  if (size > size_max)
    return fail(ErrorCode::unavailable, "{} has {} bytes, at most {}", file.string(), size, size_max);
  std::ifstream in(file, std::ios::binary);
  if (!in) return failed(file, "cannot be opened", errno);
  Ledger ledger;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    std::istringstream words(line);
    std::string word, second, third;
    if (number == 1) {
      std::string armed_at, until, value, account;
      words >> word >> armed_at >> second >> until >> third >> value;
      std::string named;
      words >> named >> account;
      const auto begun = Instant::parse(armed_at), end = Instant::parse(until);
      const auto most = Decimal::parse(value);
      const bool whole =
          word == "armed" && second == "until" && third == "value" && named == "account" && !words.fail();
      if (!whole || !begun || !end || !most || !most->is_positive()) return unreadable(file, number);
      ledger.arming = {*begun, *end, *most, account, Decimal()};
      continue;
    }
    // Of a process that was killed while it wrote: its order never left.
    if (!(words >> word >> second >> third)) continue;
    const auto value = Decimal::parse(third);
    if (word != "order" || !value || value->is_negative()) return unreadable(file, number);
    if (!ledger.orders.emplace(second, *value).second) continue;
    const auto sum = add(ledger.arming.sent, *value);
    if (!sum) return fail(sum.error());
    ledger.arming.sent = *sum;
  }
  if (ledger.arming.account.empty()) return unreadable(file, 1);
  in.clear();
  in.seekg(-1, std::ios::end);
  ledger.torn = in.get() != '\n';
  return std::optional(std::move(ledger));
}

constexpr std::string_view how = "'rebalancer arm --for 24h --max-value $5000' gives leave";

Result<Ledger> leave(const fs::path& file, const Clock& clock, std::string_view account) {
  auto found = ledger_in(file);
  if (!found) return fail(found.error());
  if (!*found) return fail(ErrorCode::rejected, "live trading is not armed: {}", how);
  const Arming& arming = (*found)->arming;
  if (arming.account != account) {
    return fail(ErrorCode::rejected, "live trading is armed for account {}, this is {}: {}", arming.account, account,
                how);
  }
  const Instant now = clock.now();
  if (now >= arming.until || now < arming.armed_at) {
    return fail(ErrorCode::rejected, "live trading was armed from {} to {}, it is {}: {}", arming.armed_at.to_string(),
                arming.until.to_string(), now.to_string(), how);
  }
  return std::move(**found);
}

}  // namespace

Result<std::optional<Arming>> ArmingFile::read() {
  auto found = ledger_in(file_);
  if (!found) return fail(found.error());
  if (!*found) return std::optional<Arming>();
  return std::optional(std::move((*found)->arming));
}

Result<void> ArmingFile::check(std::string_view account) {
  const auto found = leave(file_, clock_, account);
  if (!found) return fail(found.error());
  return {};
}

Result<void> ArmingFile::admit(std::string_view account, std::string_view client_id, Decimal value) {
  auto found = leave(file_, clock_, account);
  if (!found) return fail(found.error());
  if (found->orders.contains(client_id)) return {};
  const auto sum = add(found->arming.sent, value);
  if (!sum) return fail(sum.error());
  if (*sum > found->arming.value_max) {
    return fail(ErrorCode::rejected,
                "order {} is worth {}, and {} of the {} that live trading is armed for are sent: {}", client_id,
                value.to_string(), found->arming.sent.to_string(), found->arming.value_max.to_string(), how);
  }
  return write_durably(file_, O_WRONLY | O_APPEND,
                       fmt::format("{}order {} {}\n", found->torn ? "\n" : "", client_id, value.to_string()));
}

Result<void> ArmingFile::arm(const Arming& arming) {
  if (!arming.value_max.is_positive()) {
    return fail(ErrorCode::invalid, "the value is {}, must be positive", arming.value_max.to_string());
  }
  if (arming.until <= arming.armed_at) {
    return fail(ErrorCode::invalid, "the leave ends at {}, not after it begins at {}", arming.until.to_string(),
                arming.armed_at.to_string());
  }
  if (arming.account.empty() || arming.account.find_first_of(" \t\r\n") != std::string::npos) {
    return fail(ErrorCode::invalid, "the account is \"{}\", must be one word", arming.account);
  }
  std::error_code why;
  fs::create_directories(folder_of(file_), why);
  if (why) return failed(folder_of(file_), "the folder cannot be created", why.value());
  const fs::path next = fs::path(file_).concat(".new");
  ::unlink(next.c_str());
  const std::string line = fmt::format("armed {} until {} value {} account {}\n", arming.armed_at.to_string(),
                                       arming.until.to_string(), arming.value_max.to_string(), arming.account);
  if (auto written = write_durably(next, O_WRONLY | O_CREAT | O_EXCL, line); !written) return written;
  if (::rename(next.c_str(), file_.c_str()) != 0) return failed(file_, "cannot be written", errno);
  return sync_folder(folder_of(file_));
}

Result<void> ArmingFile::disarm() {
  if (::unlink(file_.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return failed(file_, "cannot be removed", errno);
  }
  return sync_folder(folder_of(file_));
}

}  // namespace rebalancer::system
