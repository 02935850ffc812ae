#include "adapters/plugin_host/plugin_host.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace rebalancer;
using namespace rebalancer::test;

TEST_CASE("plugins are listed folder by folder, by file name, each file once") {
  const TemporaryDirectory folder;
  fs::copy_file(built("plugins/fixed.so"), folder.path() / "b.so");
  fs::copy_file(built("plugins/equal_weight.so"), folder.path() / "a.so");
  fs::create_symlink(folder.path() / "a.so", folder.path() / "c.so");
  folder.write("notes.txt", "not looked at");
  PluginHostSettings settings = probed({folder.path() / "b.so"});
  settings.directories = {folder.path()};
  const PluginHost host = PluginHost::load(settings);
  REQUIRE(host.plugins().size() == 2);
  const PluginInfo& first = host.plugins()[0];
  CHECK(first.file == folder.path() / "a.so");
  CHECK(first.kind == PluginKind::strategy);
  CHECK(first.name == "equal_weight");
  CHECK(first.version == "1.0.0");
  CHECK(first.summary == "The same weight for every symbol.");
  CHECK(first.refusal.empty());
  CHECK(host.plugins()[1].name == "fixed");
}

TEST_CASE("a folder that is not there is listed with its reason") {
  PluginHostSettings settings = probed({});
  settings.directories = {"/nowhere/plugins"};
  const PluginHost host = PluginHost::load(settings);
  REQUIRE(host.plugins().size() == 1);
  CHECK(host.plugins()[0].refusal == "plugin folder /nowhere/plugins: No such file or directory");
}

TEST_CASE("a name nobody has is answered with the nearest one") {
  const LoadedPlugins loaded({built("plugins/equal_weight.so"), built("plugins/fixed.so")});
  const auto found = loaded.host.find(PluginKind::strategy, "equal_wieght");
  REQUIRE_FALSE(found);
  CHECK(found.error() ==
        Error{ErrorCode::not_found, "there is no strategy \"equal_wieght\", did you mean \"equal_weight\"?"});
  CHECK(loaded.host.find(PluginKind::broker, "fixed").error().message == "there is no broker \"fixed\"");
}

TEST_CASE("a refused file is found by its file name, with its reason") {
  const TemporaryDirectory folder;
  const LoadedPlugins loaded({folder.write("alpaca.so", "half a download")});
  const auto found = loaded.host.find(PluginKind::broker, "alpaca");
  REQUIRE_FALSE(found);
  CHECK(found.error() == Error{ErrorCode::invalid, "alpaca.so: not a shared library"});
}

TEST_CASE("a prober that cannot probe refuses everything and says so") {
  PluginHostSettings settings = probed({built("plugins/fixed.so")});
  settings.prober = "/nowhere/rebalancer";
  CHECK(PluginHost::load(settings).plugins()[0].refusal ==
        "fixed.so: could not be probed: /nowhere/rebalancer would not start: No such file or directory");
  settings.prober = "/bin/true";
  CHECK(PluginHost::load(settings).plugins()[0].refusal ==
        "fixed.so: could not be probed: /bin/true does not know how to probe");
}

TEST_CASE("a configuration that breaks the schema creates nothing and names every rule at once") {
  LoadedPlugins loaded({built("plugins/fixed.so")});
  const auto created = loaded.host.create_strategy(
      "fixed", loaded.json(R"({"weigths": {}, "weights": {"SPY": 5, "BND": "x"}})"), loaded.options());
  REQUIRE_FALSE(created);
  CHECK(created.error().code == ErrorCode::invalid);
  CHECK(created.error().message ==
        "strategy.weigths: unknown key \"weigths\", did you mean \"weights\"?\n"
        "strategy.weights.SPY: is 5, a bare fraction must be at most 1; did you mean 5%?\n"
        "strategy.weights.BND: is \"x\", must be a fraction such as 5%, 25bp or 0.05");
}

TEST_CASE("a constructor that throws creates nothing and its reason is told") {
  LoadedPlugins loaded({built("bad_plugins/throwing_constructor.so"), built("bad_plugins/null_instance.so")});
  const auto create = [&](const char* config) {
    return loaded.host.create_strategy("throwing_constructor", loaded.json(config), loaded.options()).error();
  };
  CHECK(create(R"({"what": "failure"})") == Error{ErrorCode::unavailable, "throwing_constructor: api_key is empty"});
  CHECK(create(R"({"what": "exception"})") == Error{ErrorCode::internal, "throwing_constructor: it rains"});
  CHECK(create(R"({"what": "number"})") ==
        Error{ErrorCode::internal, "throwing_constructor: threw something that is not an exception"});
  CHECK(loaded.host.create_strategy("null_instance", {}, loaded.options()).error() ==
        Error{ErrorCode::internal, "null_instance: create returned RB_INTERNAL without a reason"});
}
