#include "app/config_secrets.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>

#include "app/config_show.hpp"
#include "app/config_support.hpp"

using namespace rebalancer::app;
using rebalancer::app::test::load;
using rebalancer::app::test::minimal;
using rebalancer::app::test::problems_of;

namespace {

constexpr char canary[] = "canary-5f2c";

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("rebalancer-secrets-{}", getpid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const char* name, const std::string& text) const { std::ofstream(path / name) << text; }
};

}  // namespace

TEST_CASE("${NAME} takes a value from the environment, also inside a text") {
  const auto config =
      load(std::string(minimal) + "broker: {use: alpaca, api_key: \"${KEY}\", url: \"https://${HOST}/v2\"}\n",
           {{"KEY", "a: *b"}, {"HOST", "h"}});
  REQUIRE(config);
  CHECK(config->broker.settings_json == R"({"api_key":"a: *b","url":"https://h/v2"})");
}

TEST_CASE("file: reads a value, relative to the file's folder, without the line end") {
  const Folder folder;
  folder.write("key", std::string(canary) + "\n");
  folder.write("empty", " \n");
  const std::string text = std::string(minimal) + "broker: {use: alpaca, secret: \"file:key\"}\n";
  auto config = load_config({.file = folder.path / "config.yaml", .text = text});
  REQUIRE(config);
  CHECK(config->broker.settings_json == fmt::format(R"({{"secret":"{}"}})", canary));
  config = load_config(
      {.file = folder.path / "config.yaml",
       .text = minimal,
       .environment = Environment({{"REBALANCER_BROKER_SECRET", "file:" + (folder.path / "key").string()}})});
  REQUIRE(config);
  CHECK(config->broker.settings_json == fmt::format(R"({{"secret":"{}"}})", canary));
  CHECK(problems_of(std::string(minimal) + "broker: {secret: \"file:/no/such\"}") ==
        "config.yaml:3:18: broker.secret wants the file /no/such, which cannot be read");
  CHECK(problems_of(std::string(minimal) + "broker: {secret: \"file:" + (folder.path / "empty").string() + "\"}")
            .ends_with("which is empty"));
}

TEST_CASE("a secret that is not there is an error that names it") {
  CHECK(problems_of(std::string(minimal) + "broker: {api_key: \"${KEY}\"}") ==
        "config.yaml:3:19: broker.api_key wants the environment variable KEY, which is not set");
  CHECK(problems_of(std::string(minimal) + "broker: {api_key: \"${KEY}\"}", {{"KEY", ""}}) ==
        "config.yaml:3:19: broker.api_key wants the environment variable KEY, which is empty");
  CHECK(problems_of(std::string(minimal) + "broker: {api_key: \"${KEY\"}", {{"KEY", "x"}}) ==
        "config.yaml:3:19: broker.api_key has a ${ that is not ${NAME}");
}

TEST_CASE("the environment is taken as it is: a ${ in a password stays") {
  const auto config = load(minimal, {{"REBALANCER_BROKER_PASSWORD", "a${KEY}b"}, {"KEY", "x"}});
  REQUIRE(config);
  CHECK(config->broker.settings_json == R"({"password":"a${KEY}b"})");
}

TEST_CASE("a secret is never shown, whichever way it came in") {
  const test::Variables variables{{"KEY", canary}, {"REBALANCER_BROKER_TOKEN", std::string(canary) + "1"}};
  const auto config = load(std::string(minimal) + "broker:\n  use: alpaca\n  one: \"${KEY}\"\n  api_key: " + canary +
                               "2\n  url: postgresql://user:" + canary + "3@host/db\n  list: [{deep_secret: " + canary +
                               "4}]\nportfolio_: 1\n",
                           variables, {{"broker.password", std::string(canary) + "5"}});
  // The unknown key above makes it an error; without it everything is shown.
  REQUIRE_FALSE(config);
  const auto good =
      load(std::string(minimal) + "broker:\n  use: alpaca\n  one: \"${KEY}\"\n  api_key: " + canary +
               "2\n  url: postgresql://user:" + canary + "3@host/db\n  list: [{deep_secret: " + canary + "4}]\n",
           variables, {{"broker.password", std::string(canary) + "5"}});
  REQUIRE(good);
  for (const std::string& text : {config_yaml(*good, true), config_json(*good), origins_json(*good),
                                  good->redact("alpaca answered: bad key " + good->broker.settings_json)}) {
    CAPTURE(text);
    CHECK(text.find("canary") == std::string::npos);
  }
  CHECK(config_yaml(*good, false).find("api_key: \"***\"") != std::string::npos);
  CHECK(good->problem_at("broker.one", std::string("key ") + canary + " is refused").message == "key *** is refused");
  CHECK(good->broker.settings_json.find(canary) != std::string::npos);  // the plugin does get it
}

TEST_CASE("a problem with a secret value does not show the value") {
  for (const std::string& text :
       {problems_of("portfolio: {tickers: [\"${T}\"]}\nprovider: {use: simulated}", {{"T", canary}}),
        problems_of(std::string(minimal) + "mode: \"${T}\"", {{"T", canary}}),
        problems_of(std::string(minimal) + "constraints: {groups: [\"${T}\"]}", {{"T", canary}}),
        problems_of(std::string(minimal) + "constraints: {bounds: {SPY: \"${T}\"}}", {{"T", canary}})}) {
    CAPTURE(text);
    CHECK(text != "good");
    CHECK(text.find("canary") == std::string::npos);
  }
}
