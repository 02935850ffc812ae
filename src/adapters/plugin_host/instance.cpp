#include "adapters/plugin_host/instance.hpp"

#include <array>

#include "adapters/plugin_host/json_text.hpp"

namespace rebalancer {
namespace {

constexpr std::array<std::string_view, 9> code_names = {"RB_OK",       "RB_INVALID",     "RB_NOT_FOUND",
                                                        "RB_CONFLICT", "RB_UNAVAILABLE", "RB_REJECTED",
                                                        "RB_TIMEOUT",  "RB_EXHAUSTED",   "RB_INTERNAL"};

std::string name_of_code(std::int32_t code) {
  if (code < 0 || static_cast<std::size_t>(code) >= code_names.size()) return fmt::format("unknown code {}", code);
  return std::string(code_names[static_cast<std::size_t>(code)]);
}

}  // namespace

Instance::Instance(const Library& library, HostTable::Services services, const SchemaCheck& configuration)
    : library_(library), host_(library.name, std::move(services), configuration) {}

Result<std::unique_ptr<Instance>> Instance::create(const Library& library, HostTable::Services services,
                                                   const SchemaCheck& configuration) {
  std::unique_ptr<Instance> instance(new Instance(library, std::move(services), configuration));
  const std::string config = json_text(configuration.value);
  auto created = instance->run("create", [&]() -> std::int32_t {
    instance->self_ = library.plugin->create(instance->host_.table(), {config.data(), config.size()});
    return instance->self_ == nullptr ? instance->host_.reason_code() : RB_OK;
  });
  if (!created) return fail(created.error());
  return instance;
}

Instance::~Instance() {
  if (self_ == nullptr) return;
  const std::lock_guard lock(mutex_);
  try {
    host_.begin_call({});
    library_.plugin->destroy(self_);
  } catch (...) {
    host_.log(EventLevel::error, "threw while it was destroyed");
  }
}

std::unique_lock<std::mutex> Instance::enter(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  host_.begin_call(std::move(stop));
  return lock;
}

Result<void> Instance::thrown(std::string_view function, std::string_view what) const {
  const std::string text = printable({what.data(), what.size()}, 500);
  return fail(ErrorCode::internal, "{}: {} threw across the plugin contract: {}", name(), function, text);
}

Result<void> Instance::refused(std::string_view function, std::int32_t code) const {
  const bool known = code > RB_OK && code <= RB_INTERNAL;
  if (!known || host_.reason().empty()) {
    const std::string why = host_.reason().empty() ? "without a reason" : host_.reason();
    return fail(error_code_of(code), "{}: {} returned {} {}", name(), function, name_of_code(code), why);
  }
  return fail(error_code_of(code), "{}: {}", name(), host_.reason());
}

}  // namespace rebalancer
