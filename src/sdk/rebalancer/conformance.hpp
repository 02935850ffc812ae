// Does a plugin keep the contract? Runs it against a fake program and says what it found; nothing means that it does.
// Needs the standard library only: for a plugin's own tests, and for ours.
//
//   #include <rebalancer/conformance.hpp>
//   extern "C" const rb_plugin rebalancer_plugin;  // or: what dlsym gives for RB_PLUGIN_SYMBOL
//   int main() {
//     using namespace rebalancer::sdk::conformance;
//     for (const std::string& finding : check(rebalancer_plugin, {.config_json = R"({"lookback_days": 60})"})) {
//       std::puts(finding.c_str());
//     }
//   }
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <rebalancer/conformance/broker.hpp>
#include <rebalancer/conformance/checker.hpp>
#include <rebalancer/conformance/provider.hpp>
#include <rebalancer/conformance/store.hpp>
#include <rebalancer/conformance/strategy.hpp>

namespace rebalancer::sdk::conformance {

namespace detail {

inline std::size_t required_size(std::uint32_t kind) {
  switch (kind) {
    case RB_PROVIDER:
      return sizeof(rb_provider);
    case RB_BROKER:
      return offsetof(rb_broker, set_marks);
    case RB_STRATEGY:
      return sizeof(rb_strategy);
    case RB_ANALYTIC:
      return sizeof(rb_analytic);
    default:
      return sizeof(rb_store);
  }
}

// True when it makes sense to go on.
inline bool check_description(const rb_plugin& plugin, Findings& findings) {
  if (!findings.require(plugin.magic == RB_MAGIC, "magic must be RB_MAGIC")) return false;
  if (!findings.require(plugin.abi_major == RB_ABI_MAJOR, "abi_major must be RB_ABI_MAJOR")) return false;
  findings.require(plugin.abi_minor <= RB_ABI_MINOR, "abi_minor must be at most RB_ABI_MINOR");
  const bool kind = plugin.kind >= RB_PROVIDER && plugin.kind <= RB_STORE;
  if (!findings.require(kind, "kind must be one of rb_kind")) return false;
  const std::string name = text_of(plugin.name);
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z'); };
  bool good = !name.empty() && name.size() <= 64 && letter(name.front());
  for (const char c : name) good = good && (letter(c) || (c >= '0' && c <= '9') || c == '_');
  findings.require(good, "name is \"" + name + "\", must be [a-z][a-z0-9_]*");
  findings.require(plugin.version.size > 0, "version is empty");
  findings.require(plugin.summary.size > 0 && text_of(plugin.summary).find('\n') == std::string::npos,
                   "summary must be one line");
  const auto schema = JsonReader(text_of(plugin.config_schema)).read();
  findings.require(schema && schema->kind == Json::Kind::object, "config_schema is no JSON object");
  findings.require(plugin.create != nullptr && plugin.destroy != nullptr, "create and destroy must be there");
  if (!findings.require(plugin.api != nullptr, "api must be there")) return false;
  const std::size_t size = required_size(plugin.kind);
  if (!findings.require(*static_cast<const std::uint64_t*>(plugin.api) >= size, "api is too short for its kind")) {
    return false;
  }
  const std::size_t first = plugin.kind == RB_PROVIDER ? offsetof(rb_provider, bars) : sizeof(std::uint64_t);
  for (std::size_t offset = first; offset < size; offset += sizeof(void*)) {
    const auto* function = reinterpret_cast<void* const*>(static_cast<const char*>(plugin.api) + offset);
    if (!findings.require(*function != nullptr, "a function of api is null")) return false;
  }
  return plugin.create != nullptr && plugin.destroy != nullptr;
}

inline bool check_life(const rb_plugin& plugin, const Options& options, Findings& findings) {
  for (int i = 0; i < 3; ++i) {
    const Subject one(plugin, options.config_json);
    const bool created = one.self() != nullptr;
    findings.require(created || !one.host.reason.empty(), "create gave nothing, without a reason");
    if (!findings.require(created, "create refused the configuration: " + one.host.reason)) return false;
  }
  for (const std::string& config : options.refused_configs) {
    const Subject refused(plugin, config);
    findings.require(refused.self() == nullptr, "create accepted " + config);
    findings.require(!refused.host.reason.empty(), "create refused without a reason: " + config);
  }
  return true;
}

inline void check_analytic(const rb_plugin& plugin, const Options& options, Findings& findings) {
  Subject subject(plugin, options.config_json);
  const rb_date dates[] = {1, 2, 3};
  const rb_str symbol = lent("SPY");
  const double values[] = {100, 101, 102};
  const rb_frame frame{3, 1, dates, &symbol, values};
  std::vector<std::string> answers;
  const auto take = [](void* ctx, rb_str text) {
    static_cast<std::vector<std::string>*>(ctx)->push_back(text_of(text));
  };
  const auto code = subject.run(findings, "run", [&] {
    return subject.api<rb_analytic>().run(subject.self(), &frame, lent("{}"), take, &answers);
  });
  if (code != RB_OK || !findings.require(answers.size() == 1, "run must answer once")) return;
  const auto answer = JsonReader(answers.front()).read();
  findings.require(answer && answer->kind == Json::Kind::object, "the answer is no JSON object");
}

}  // namespace detail

// One sentence per broken promise. Brokers get orders only when they say that they are simulated; stores must be empty.
inline std::vector<std::string> check(const rb_plugin& plugin, const Options& options = {}) {
  Findings findings;
  if (detail::check_description(plugin, findings) && detail::check_life(plugin, options, findings)) {
    switch (plugin.kind) {
      case RB_PROVIDER:
        check_provider(plugin, options, findings);
        break;
      case RB_BROKER:
        BrokerCheck(plugin, options, findings).run();
        break;
      case RB_STRATEGY:
        StrategyCheck(plugin, options, findings).run();
        break;
      case RB_ANALYTIC:
        detail::check_analytic(plugin, options, findings);
        break;
      default:
        StoreCheck(plugin, options, findings).run();
        break;
    }
  }
  return findings.all();
}

}  // namespace rebalancer::sdk::conformance
