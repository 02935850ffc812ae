// What every kind of check shares: the findings, an instance and its life.
#pragma once
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <rebalancer/conformance/host.hpp>

namespace rebalancer::sdk::conformance {

struct Options {
  std::string config_json = "{}";
  std::vector<std::string> refused_configs{};  // each must be refused by create, with a reason
  // Names to ask about. Empty: made-up ones, for a strategy; for the other kinds, SPY and BND.
  std::vector<std::string> symbols{};
  // For a strategy: also ask with turnover_max, gross_max, position_min and positions_max, which it must keep or
  // refuse. A strategy that never looks at them leaves it to the program to refuse its answers.
  bool with_book_limits = false;
  rb_date from = 20'089, to = 20'453;  // the year 2025
};

// "a" << 1 << "b" as one text.
class Sentence {
 public:
  template <class T>
  Sentence& operator<<(const T& part) {
    stream_ << part;
    return *this;
  }
  operator std::string() const { return stream_.str(); }

 private:
  std::ostringstream stream_;
};

class Findings {
 public:
  void add(std::string what) { all_.push_back(std::move(what)); }
  // Adds `what` unless `good`; returns `good`.
  bool require(bool good, const std::string& what) {
    if (!good) add(what);
    return good;
  }
  [[nodiscard]] const std::vector<std::string>& all() const { return all_; }

 private:
  std::vector<std::string> all_;
};

// One created instance with its host; destroyed with it.
class Subject {
 public:
  Subject(const rb_plugin& plugin, const std::string& config_json)
      : plugin_(plugin), host(config_json, text_of(plugin.config_schema)) {
    self_ = plugin.create(host.table(), lent(config_json));
  }
  ~Subject() {
    if (self_ != nullptr) plugin_.destroy(self_);
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] void* self() const { return self_; }
  template <class Api>
  [[nodiscard]] const Api& api() const {
    return *static_cast<const Api*>(plugin_.api);
  }
  // Runs one function; a code without a reason, and anything thrown, is a finding.
  template <class Call>
  std::int32_t run(Findings& findings, const std::string& what, Call&& call) {
    host.reason.clear();
    std::int32_t code = RB_INTERNAL;
    try {
      code = call();
    } catch (...) {
      findings.add(what + " threw across the contract");
      return RB_INTERNAL;
    }
    findings.require(code >= RB_OK && code <= RB_INTERNAL, Sentence()
                                                               << what << " returned " << code << ", no rb_code");
    findings.require(code == RB_OK || !host.reason.empty(),
                     Sentence() << what << " returned code " << code << " without a reason");
    return code;
  }

 private:
  const rb_plugin& plugin_;

 public:
  FakeHost host;

 private:
  void* self_ = nullptr;
};

inline bool is_symbol(const std::string& text) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '^' || c == '=';
  };
  if (text.empty() || text.size() > 16) return false;
  for (const char c : text) {
    if (!allowed(c)) return false;
  }
  return true;
}

// Deterministic numbers in (0, 1), so that every run checks the same.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (static_cast<double>(state_ >> 11) + 0.5) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

}  // namespace rebalancer::sdk::conformance
