#pragma once
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include <rebalancer/plugin.h>

#include "adapters/plugin_host/schema_check.hpp"
#include "core/base/clock.hpp"
#include "core/ports/events.hpp"
#include "core/ports/http_client.hpp"

namespace rebalancer {

// The program as one instance sees it: the functions behind its rb_host. Lives longer than the instance.
class HostTable {
 public:
  struct Services {
    const Clock* clock;
    Events* events;
    HttpClient* http;  // may be null
    std::stop_token stop;
  };
  // `name` leads its log lines. Settings and secrets are taken from the checked configuration.
  HostTable(std::string name, Services services, const SchemaCheck& configuration);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  [[nodiscard]] const rb_host* table() const { return &table_; }
  // Forgets the last reason; `stop` ends this call as the instance's own token ends any.
  void begin_call(std::stop_token stop);
  // What the plugin said with `fail` during this call; empty when it said nothing.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] std::int32_t reason_code() const { return reason_code_; }  // RB_INTERNAL when it said nothing
  void log(EventLevel level, std::string_view text);

 private:
  static HostTable& of(void* self) { return *static_cast<HostTable*>(self); }
  [[nodiscard]] std::string without_secrets(std::string text) const;
  [[nodiscard]] bool cancelled() const;
  std::int32_t fail(std::int32_t code, std::string why);
  std::int32_t setting(rb_str name, rb_on_text on_text, void* ctx);
  std::int32_t http(const rb_http_request& request, rb_on_http on_http, void* ctx);
  std::int32_t send(const rb_http_request& request, rb_on_http on_http, void* ctx);

  std::string name_;
  Services services_;
  std::map<std::string, std::string, std::less<>> settings_;  // nested ones as "a.b"
  std::vector<std::string> secrets_;
  std::stop_token call_stop_;
  std::string reason_;
  std::int32_t reason_code_ = RB_INTERNAL;
  rb_host table_;
};

}  // namespace rebalancer
