#pragma once
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include <fmt/format.h>

#include "adapters/plugin_host/host_table.hpp"
#include "adapters/plugin_host/library.hpp"
#include "adapters/plugin_host/plugin_text.hpp"

namespace rebalancer {

// True when a struct of `size` bytes, from a plugin that may be older than we are, has `field`.
#define REBALANCER_COVERS(object, type, field) \
  ((object).size >= offsetof(type, field) + sizeof(static_cast<type*>(nullptr)->field))

// A created plugin: what every proxy has in common.
class Instance {
 public:
  // Errors: what the plugin's constructor says.
  [[nodiscard]] static Result<std::unique_ptr<Instance>> create(const Library& library, HostTable::Services services,
                                                                const SchemaCheck& configuration);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] const std::string& name() const { return library_.name; }
  [[nodiscard]] void* self() const { return self_; }
  template <class Api>
  [[nodiscard]] const Api& api() const {
    return *static_cast<const Api*>(library_.plugin->api);
  }

  // To be held for a call and for the reading of its answer: two threads never meet in one instance.
  [[nodiscard]] std::unique_lock<std::mutex> enter(std::stop_token stop = {});

  // Runs one function of the plugin, under the lock. Errors: the plugin's own, with its name before its sentence.
  template <class Call>
  [[nodiscard]] Result<void> run(std::string_view function, Call&& call) {
    std::int32_t code = RB_INTERNAL;
    try {
      code = call();
    } catch (const std::exception& error) {
      return thrown(function, error.what());
    } catch (...) {
      return thrown(function, "something that is not an exception");
    }
    if (code == RB_OK) return {};
    return refused(function, code);
  }

  // "risk_parity returned weights that sum to 3": a broken promise of the plugin's.
  template <class... Args>
  [[nodiscard]] tl::unexpected<Error> returned(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(ErrorCode::internal, "{} returned {}", name(), fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  Instance(const Library& library, HostTable::Services services, const SchemaCheck& configuration);
  [[nodiscard]] Result<void> thrown(std::string_view function, std::string_view what) const;
  [[nodiscard]] Result<void> refused(std::string_view function, std::int32_t code) const;

  Library library_;
  HostTable host_;
  void* self_ = nullptr;
  std::mutex mutex_;
};

// ---- one proxy per kind: the port, implemented by a plugin; every answer is checked and rebuilt as our values ----

[[nodiscard]] std::unique_ptr<Provider> make_provider_proxy(std::unique_ptr<Instance> instance);
[[nodiscard]] std::unique_ptr<Broker> make_broker_proxy(std::unique_ptr<Instance> instance);
[[nodiscard]] std::unique_ptr<Strategy> make_strategy_proxy(std::unique_ptr<Instance> instance);
[[nodiscard]] std::unique_ptr<Analytic> make_analytic_proxy(std::unique_ptr<Instance> instance);
[[nodiscard]] std::unique_ptr<PriceStore> make_store_proxy(std::unique_ptr<Instance> instance);

}  // namespace rebalancer
