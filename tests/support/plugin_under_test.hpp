// Loads a built plugin as the contract has it, with a host made of values: settings in, log and failures out.
#pragma once
#include <dlfcn.h>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <rebalancer/plugin.h>

namespace rebalancer::test {

class PluginUnderTest {
 public:
  using Settings = std::map<std::string, std::string>;

  // `name`: the file in the build's plugin folder, without ".so".
  PluginUnderTest(const std::string& name, Settings settings) : settings_(std::move(settings)) {
    const std::string file = std::string(REBALANCER_BINARY_DIR) + "/plugins/" + name + ".so";
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed, as in the program
    if (library == nullptr) throw std::runtime_error(dlerror());
    plugin_ = static_cast<const rb_plugin*>(dlsym(library, RB_PLUGIN_SYMBOL));
    if (plugin_ == nullptr) throw std::runtime_error(file + " has no " RB_PLUGIN_SYMBOL);
    host_.size = sizeof(rb_host);
    host_.self = this;
    host_.log = [](void* self, std::int32_t level, rb_str text) { of(self).logs.emplace_back(level, copy(text)); };
    host_.fail = [](void* self, std::int32_t code, rb_str why) {
      of(self).failure = copy(why);
      return code;
    };
    host_.cancelled = [](void* self) { return of(self).cancelled ? 1 : 0; };
    host_.now = [](void* self) { return of(self).now; };
    host_.progress = [](void*, std::uint64_t, std::uint64_t) {};
    host_.setting = [](void* self, rb_str key, rb_on_text on_text, void* ctx) -> std::int32_t {
      const auto found = of(self).settings_.find(copy(key));
      if (found == of(self).settings_.end()) return RB_NOT_FOUND;
      on_text(ctx, {found->second.data(), found->second.size()});
      return RB_OK;
    };
    host_.http = [](void* self, const rb_http_request* request, rb_on_http on_http, void* ctx) -> std::int32_t {
      if (of(self).http) return of(self).http(*request, on_http, ctx);
      return of(self).host_.fail(self, RB_UNAVAILABLE, {"no network in this test", 23});
    };
    instance_ = plugin_->create(&host_, {"{}", 2});
  }
  PluginUnderTest(const PluginUnderTest&) = delete;
  PluginUnderTest& operator=(const PluginUnderTest&) = delete;
  ~PluginUnderTest() {
    if (instance_ != nullptr) plugin_->destroy(instance_);
  }

  [[nodiscard]] const rb_plugin& plugin() const { return *plugin_; }
  [[nodiscard]] void* instance() const { return instance_; }  // null: create refused, see failure
  [[nodiscard]] const rb_host& host() const { return host_; }
  template <class Api>
  [[nodiscard]] const Api& api() const {
    return *static_cast<const Api*>(plugin_->api);
  }
  static std::string copy(rb_str text) { return {text.data, static_cast<std::size_t>(text.size)}; }

  std::vector<std::pair<std::int32_t, std::string>> logs;
  std::string failure;
  bool cancelled = false;
  rb_instant now = 0;
  std::function<std::int32_t(const rb_http_request&, rb_on_http, void* ctx)> http;  // empty: there is no network

 private:
  static PluginUnderTest& of(void* self) { return *static_cast<PluginUnderTest*>(self); }
  Settings settings_;
  const rb_plugin* plugin_ = nullptr;
  rb_host host_{};
  void* instance_ = nullptr;
};

// What a provider emits, copied.
struct EmittedBars {
  std::string symbol, source;
  std::uint32_t basis;
  std::vector<rb_bar> bars;
};

inline std::int32_t bars_of(PluginUnderTest& plugin, const std::vector<std::string>& symbols, rb_date from, rb_date to,
                            std::vector<EmittedBars>& out) {
  out.clear();
  std::vector<rb_str> names;
  for (const std::string& symbol : symbols) names.push_back({symbol.data(), symbol.size()});
  const auto take = [](void* ctx, const rb_bars* bars) {
    static_cast<std::vector<EmittedBars>*>(ctx)->push_back({PluginUnderTest::copy(bars->symbol),
                                                            PluginUnderTest::copy(bars->source),
                                                            bars->basis,
                                                            {bars->bars, bars->bars + bars->count}});
  };
  return plugin.api<rb_provider>().bars(plugin.instance(), names.data(), names.size(), from, to, take, &out);
}

}  // namespace rebalancer::test
