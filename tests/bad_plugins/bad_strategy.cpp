// Wrong in the way its configuration says.
#include <cmath>
#include <limits>
#include <stdexcept>

#include <rebalancer/plugin.h>

#include "description.hpp"

namespace {

struct Instance {
  const rb_host* host;
  std::string_view wrong;
};

Instance the_instance;
char room[64];

void* create(const rb_host* host, rb_str) {
  the_instance.host = host;
  const auto take = [](void*, rb_str text) {
    const auto size = static_cast<std::size_t>(text.size) < sizeof room ? static_cast<std::size_t>(text.size) : 0;
    std::char_traits<char>::copy(room, text.data, size);
    the_instance.wrong = {room, size};
  };
  host->setting(host->self, bad::str("wrong"), take, nullptr);
  return &the_instance;
}

std::int32_t weigh(void* self, const rb_problem* problem, rb_on_allocation on_allocation, void* ctx) {
  const Instance& instance = *static_cast<Instance*>(self);
  const std::string_view wrong = instance.wrong;
  const auto cols = static_cast<std::size_t>(problem->prices->cols);
  std::vector<double> weights(cols, 1.0 / static_cast<double>(cols));
  rb_allocation out{sizeof(rb_allocation), weights.data(), 0, 0, 0, 0, bad::str("{}")};
  if (wrong == "nan") weights[0] = std::nan("");
  if (wrong == "sum_3") weights.assign(cols, 3.0 / static_cast<double>(cols));
  if (wrong == "short_position") weights[0] -= 1, weights[cols - 1] += 1;
  if (wrong == "report") out.report_json = bad::str("{\"a\": 1, \"a\": 2}");
  if (wrong == "list_report") out.report_json = bad::str("[]");
  if (wrong == "huge_report") out.report_json.size = std::numeric_limits<std::uint64_t>::max();
  if (wrong == "null_weights") out.weights = nullptr;
  if (wrong == "short_struct") out.size = sizeof(std::uint64_t);
  if (wrong == "infinite_objective") out.objective = std::numeric_limits<double>::infinity();
  if (wrong == "null_allocation") return on_allocation(ctx, nullptr), RB_OK;
  if (wrong == "silent") return RB_OK;
  if (wrong == "no_reason") return RB_UNAVAILABLE;
  if (wrong == "unknown_code") return 99;
  if (wrong == "ugly_reason") return instance.host->fail(instance.host->self, RB_CONFLICT, {"bad\x01\xff\nnews", 10});
  if (wrong == "twice") on_allocation(ctx, &out);
  on_allocation(ctx, &out);
  return RB_OK;
}
constexpr rb_strategy api{sizeof(rb_strategy), weigh};

constexpr rb_plugin described() {
  rb_plugin plugin = bad::good("bad_strategy");
  plugin.config_schema = bad::str(R"({"properties": {"wrong": {"type": "string", "default": "nothing"}}})");
  plugin.create = create;
  plugin.api = &api;
  return plugin;
}

}  // namespace

BAD_PLUGIN(described())
