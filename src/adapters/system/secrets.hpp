// What must never be printed: strings the configuration fetched as secrets, replaced wherever they turn up.
#pragma once
#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer::system {

// A secret is known as it is, percent-encoded, inside a JSON string, and in base64, also in the middle of a longer text
// that was encoded as a whole (user:password). Of one with several lines, as a private key, each long line is a secret.
// May be used by several threads.
class Secrets {
 public:
  // The empty string is no secret; blanks around one are no part of it.
  void add(std::string_view secret);
  // `text` with every secret in it replaced by ***.
  [[nodiscard]] std::string redacted(std::string_view text) const;
  // The same of the beginning of `text`, taken away from it: all, or until there are more than `size_max` bytes. So the
  // cost is bounded, and no secret is cut in two.
  [[nodiscard]] std::string take_redacted(std::string_view& text, std::size_t size_max) const;

 private:
  void add_form(std::string form);

  mutable std::mutex mutex_;
  std::vector<std::string> forms_;  // longest first, so that one inside another does not leave its ends behind
  std::array<bool, 256> begins_{};  // a form may begin with this byte
};

}  // namespace rebalancer::system
