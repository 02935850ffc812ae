// config.yaml with environment and --set: a configuration or problems, each with its place, and no secret told.
// Lines "#env NAME=value" and "#set key=value" are comments to YAML and the upper layers to us.
#include "app/config.hpp"
#include "app/config_show.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

using namespace app;

// What ${SECRET} stands for; nobody else would write it.
constexpr std::string_view canary = "Zq9-canary-Wx7";

ConfigRequest request_of(std::string_view input) {
  ConfigRequest request{.file = "config.yaml", .text = std::string(input)};
  std::map<std::string, std::string, std::less<>> variables{{"SECRET", std::string(canary)}};
  for (std::string_view rest = input; !rest.empty();) {
    std::string_view line = take_line(rest);
    const bool is_variable = line.starts_with("#env ");
    if (!is_variable && !line.starts_with("#set ")) continue;
    line.remove_prefix(5);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    const std::string name(line.substr(0, equals));
    const std::string value(line.substr(equals + 1));
    if (is_variable) {
      variables.insert_or_assign(name, value);
    } else {
      request.settings.emplace_back(name, value);
    }
  }
  variables.insert_or_assign("SECRET", std::string(canary));
  request.environment = Environment(std::move(variables));
  return request;
}

void expect_no_secret(std::string_view text) {
  expect(text.find(canary) == std::string_view::npos, "a secret is told nowhere", text);
}

void check_problems(const std::vector<Problem>& problems, std::size_t input_size) {
  expect(!problems.empty(), "what is refused has a problem");
  expect(problems.size() <= input_size + 100, "problems are bounded");
  for (const Problem& problem : problems) {
    expect(!problem.message.empty(), "a problem has a message");
    expect(problem.message.size() <= input_size + 4000, "a message is bounded", problem.message);
    expect((problem.line > 0) == !problem.file.empty(), "a place in a file has a line", problem.message);
    expect_no_secret(problem.message);
  }
}

void check_shown(const Config& config) {
  const std::string shown = config_yaml(config, false);
  expect_no_secret(shown);
  expect_no_secret(config_yaml(config, true));
  expect_no_secret(config_json(config));
  expect_no_secret(origins_json(config));
  for (const std::string& notice : config.notices) expect_no_secret(notice);
  if (!config.secrets().empty()) return;  // *** is not what was there
  const auto again = load_config({.file = "config.yaml", .text = shown});
  expect(again.has_value(), "a configuration that is shown can be read",
         again ? shown : again.error().front().message + "\n" + shown);
  expect(config_json(*again) == config_json(config), "a configuration reads back as itself",
         config_json(config) + "\n" + config_json(*again) + "\n" + shown);
}

void check(std::string_view input) {
  // Whatever a person has on this machine is none of a fuzzer's business.
  if (input.find("file:") != std::string_view::npos || input.find(canary) != std::string_view::npos) return;
  const auto config = load_config(request_of(input));
  if (!config) return check_problems(config.error(), input.size());
  check_shown(*config);
}

const Target target("config", check);

}  // namespace
}  // namespace rebalancer::fuzz
