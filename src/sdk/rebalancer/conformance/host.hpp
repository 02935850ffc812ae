// A program made of values: settings in, log lines and reasons out. No network, a clock that stands still.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rebalancer/conformance/json.hpp>
#include <rebalancer/plugin.h>

namespace rebalancer::sdk::conformance {

inline std::string text_of(rb_str text) {
  return text.data == nullptr ? std::string() : std::string(text.data, static_cast<std::size_t>(text.size));
}
inline rb_str lent(std::string_view text) { return {text.data(), text.size()}; }

class FakeHost {
 public:
  // `config_json` as the program hands it over: defaults filled in, formats resolved. Defaults of the schema that have
  // no format are filled in here.
  FakeHost(std::string_view config_json, std::string_view schema_json) {
    if (const auto schema = JsonReader(schema_json).read()) {
      if (const Json* properties = schema->find("properties")) fill_defaults(*properties);
    }
    if (const auto config = JsonReader(config_json).read()) flatten(*config, "");
    table_.size = sizeof(rb_host);
    table_.self = this;
    table_.log = [](void* self, std::int32_t level, rb_str text) { of(self).logs.emplace_back(level, text_of(text)); };
    table_.fail = [](void* self, std::int32_t code, rb_str why) {
      of(self).reason = text_of(why);
      return code;
    };
    table_.cancelled = [](void* self) { return of(self).cancelled ? 1 : 0; };
    table_.now = [](void* self) { return of(self).now; };
    table_.progress = [](void*, std::uint64_t, std::uint64_t) {};
    table_.setting = [](void* self, rb_str name, rb_on_text on_text, void* ctx) -> std::int32_t {
      const auto found = of(self).settings.find(text_of(name));
      if (found == of(self).settings.end()) return RB_NOT_FOUND;
      on_text(ctx, lent(found->second));
      return RB_OK;
    };
    table_.http = [](void* self, const rb_http_request* request, rb_on_http on_http, void* ctx) -> std::int32_t {
      if (of(self).http) return of(self).http(*request, on_http, ctx);
      of(self).reason = "there is no network here";
      return RB_UNAVAILABLE;
    };
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  [[nodiscard]] const rb_host* table() const { return &table_; }

  std::map<std::string, std::string, std::less<>> settings;  // nested ones as "a.b"
  std::vector<std::pair<std::int32_t, std::string>> logs;
  std::string reason;  // what the plugin last said with fail
  bool cancelled = false;
  rb_instant now = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z
  std::function<std::int32_t(const rb_http_request&, rb_on_http, void* ctx)> http;

 private:
  static FakeHost& of(void* self) { return *static_cast<FakeHost*>(self); }
  void fill_defaults(const Json& properties) {
    for (const auto& [name, property] : properties.members) {
      const Json* value = property.find("default");
      if (value != nullptr && property.find("format") == nullptr) flatten(*value, name);
    }
  }
  void flatten(const Json& value, const std::string& path) {
    if (value.kind == Json::Kind::scalar) settings.insert_or_assign(path, value.text);
    for (const auto& [name, member] : value.members) flatten(member, path.empty() ? name : path + "." + name);
  }
  rb_host table_{};
};

}  // namespace rebalancer::sdk::conformance
