// Every file that is no good plugin: the promised sentence, and the process lives.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <doctest/doctest.h>

#include "adapters/plugin_host/probe.hpp"
#include "core/base/random.hpp"
#include "support/loaded_plugins.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace rebalancer;
using namespace rebalancer::test;

namespace {

std::string refusal_of(const fs::path& file, std::chrono::milliseconds limit = std::chrono::milliseconds(5000)) {
  PluginHostSettings settings = probed({file});
  settings.probe_limit = limit;
  const PluginHost host = PluginHost::load(settings);
  REQUIRE(host.plugins().size() == 1);
  return host.plugins()[0].refusal;
}
std::string refusal_of(const char* name) { return refusal_of(built("bad_plugins/" + std::string(name) + ".so")); }

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("what is no shared library is refused unread") {
  const TemporaryDirectory folder;
  CHECK(refusal_of(folder.write("empty.so", "")) == "empty.so: not a shared library");
  CHECK(refusal_of(folder.write("text.so", "#!/bin/sh\necho I am a plugin\n")) == "text.so: not a shared library");
  const std::string good = bytes_of(built("bad_plugins/twin_a.so"));
  CHECK(refusal_of(folder.write("half.so", good.substr(0, good.size() / 2))) == "half.so: not a shared library");
  CHECK(refusal_of(folder.write("header.so", good.substr(0, 20))) == "header.so: not a shared library");
  CHECK(refusal_of(folder.path() / "missing.so") == "missing.so: No such file or directory");
  fs::create_directory(folder.path() / "folder.so");
  CHECK(refusal_of(folder.path() / "folder.so") == "folder.so: not a regular file");
}

TEST_CASE("a plugin cut off anywhere, or with any byte changed, never takes the process down") {
  const TemporaryDirectory folder;
  const std::string good = bytes_of(built("bad_plugins/twin_a.so"));
  PluginHostSettings settings = probed({});
  settings.probe_limit = std::chrono::milliseconds(1000);
  Random random(7);
  for (int i = 0; i < 60; ++i) {
    settings.files.push_back(
        folder.write("cut" + std::to_string(i) + ".so", good.substr(0, random.below(good.size()))));
  }
  const PluginHost cut = PluginHost::load(settings);
  REQUIRE(cut.plugins().size() == 60);
  for (const PluginInfo& plugin : cut.plugins()) CHECK_FALSE(plugin.usable());

  // A changed byte may do no harm, so there is no saying which of these load: only children try.
  std::vector<std::string> changed;
  for (int i = 0; i < 60; ++i) {
    std::string bytes = good;
    for (int k = 0; k < 8; ++k) bytes[random.below(4096)] = static_cast<char>(random.below(256));
    changed.push_back(folder.write("changed" + std::to_string(i) + ".so", bytes).string());
  }
  CHECK(probe_in_child(changed, settings.prober, settings.probe_limit).size() == 60);
}

TEST_CASE("a shared library that is not one of ours is refused, nothing of it has run") {
  CHECK(refusal_of("not_a_plugin") == "not_a_plugin.so: not a plugin: no symbol 'rebalancer_plugin'");
  CHECK(refusal_of("function_symbol") == "function_symbol.so: not a plugin: no symbol 'rebalancer_plugin'");
}

TEST_CASE("a plugin for another program is refused with what to do") {
  CHECK(refusal_of("wrong_magic") == "wrong_magic.so: not a plugin: magic is 0x4c4c4548, must be 0x52425031");
  CHECK(refusal_of("other_major") ==
        "other_major.so: built for plugin ABI 2.3, this program speaks 1.0 to 1.3; rebuild it against "
        "rebalancer/plugin.h");
  CHECK(refusal_of("newer_minor") ==
        "newer_minor.so: built for plugin ABI 1.4, this program speaks 1.0 to 1.3; rebuild it against "
        "rebalancer/plugin.h");
}

TEST_CASE("an incomplete description is refused, naming the part") {
  CHECK(refusal_of("unknown_kind") == "unknown_kind.so: kind is 77, must be 1 to 5");
  CHECK(refusal_of("bad_name") ==
        "bad_name.so: name is \"Best Strategy \", must be [a-z][a-z0-9_]*, at most 64 characters");
  CHECK(refusal_of("long_name") ==
        "long_name.so: name is \"a_long_name_that_goes_on_and_on_until_it_has_more_than_sixty_fou...\", must be "
        "[a-z][a-z0-9_]*, at most 64 characters");
  CHECK(refusal_of("missing_create") == "missing_create.so: function create is missing");
  CHECK(refusal_of("missing_function") == "missing_function.so: strategy function weigh is missing");
  CHECK(refusal_of("short_api") == "short_api.so: strategy function weigh is missing");
  CHECK(refusal_of("no_api") == "no_api.so: its strategy functions are missing");
  CHECK(refusal_of("bad_schema") ==
        "bad_schema.so: schema: speed: unknown keyword \"minium\", did you mean \"minimum\"?");
  CHECK(refusal_of("no_schema") == "no_schema.so: schema: not JSON: incomplete JSON");
}

TEST_CASE("an undefined symbol is refused in the dynamic linker's own words") {
  CHECK(refusal_of("undefined_symbol") == "undefined_symbol.so: undefined symbol: a_function_nobody_has");
}

TEST_CASE("what dies while it is loaded takes only the probing child along") {
  CHECK(refusal_of("crash_on_load") == "crash_on_load.so: killed by signal 11 while loading");
  CHECK(refusal_of("throw_on_load") == "throw_on_load.so: killed by signal 6 while loading");
  CHECK(refusal_of("exit_on_load") == "exit_on_load.so: exited with code 3 while loading");
  CHECK(refusal_of("wild_pointer") == "wild_pointer.so: killed by signal 11 while loading");
}

TEST_CASE("what hangs while it is loaded is given up after the limit") {
  CHECK(refusal_of(built("bad_plugins/hang_on_load.so"), std::chrono::milliseconds(300)) ==
        "hang_on_load.so: did not finish loading within 0.3 s");
}

TEST_CASE("what a static initializer prints is not taken for the probe's report") {
  CHECK(refusal_of("chatty_on_load").empty());
}

TEST_CASE("two plugins of one kind with one name are both refused, each naming the other") {
  const fs::path a = built("bad_plugins/twin_a.so");
  const fs::path b = built("bad_plugins/twin_b.so");
  const PluginHost host = PluginHost::load(probed({a, b}));
  REQUIRE(host.plugins().size() == 2);
  CHECK(host.plugins()[0].refusal == "twin_a.so: strategy \"twin\" is also in " + b.string() + "; keep one of them");
  CHECK(host.plugins()[1].refusal == "twin_b.so: strategy \"twin\" is also in " + a.string() + "; keep one of them");
  const auto found = host.find(PluginKind::strategy, "twin");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ErrorCode::invalid);
}

TEST_CASE("what anyone may write to is refused") {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "open.so";
  fs::copy_file(built("bad_plugins/twin_a.so"), file);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  CHECK(refusal_of(file) == "open.so: anyone may write to it; chmod o-w " + fs::canonical(file).string());
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
  CHECK(refusal_of(file).empty());
  fs::permissions(folder.path(), fs::perms::others_write, fs::perm_options::add);
  CHECK(refusal_of(file) ==
        "open.so: anyone may write to its folder; chmod o-w " + fs::canonical(folder.path()).string());
}

TEST_CASE("a good plugin among bad ones is loaded, whatever happened to its neighbours") {
  std::vector<fs::path> files;
  for (const char* name : {"crash_on_load", "undefined_symbol", "exit_on_load", "twin_a", "hang_on_load",
                           "not_a_plugin", "chatty_on_load"}) {
    files.push_back(built("bad_plugins/" + std::string(name) + ".so"));
  }
  PluginHostSettings settings = probed(files);
  settings.probe_limit = std::chrono::milliseconds(300);
  const PluginHost host = PluginHost::load(settings);
  std::vector<std::string> usable;
  for (const PluginInfo& plugin : host.plugins()) {
    if (plugin.usable()) usable.push_back(plugin.name);
  }
  CHECK(usable == std::vector<std::string>{"twin", "chatty_on_load"});
}
