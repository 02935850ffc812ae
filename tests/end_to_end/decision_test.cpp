// explain, replay, verify: sealed decisions as a user meets them.
#include <filesystem>
#include <fstream>
#include <set>

#include "end_to_end/rebalancer_process.hpp"

using namespace rebalancer::test;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> decisions_in(const TemporaryDirectory& directory) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory.file("data/decisions"))) files.insert(entry.path());
  return {files.begin(), files.end()};
}

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string run_once(const TemporaryDirectory& directory, const std::string& day, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"run", "--as-of", day, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return text_at(json_of(run_binary(directory, arguments)), "/decision");
}

}  // namespace

TEST_CASE("every run leaves a sealed decision: one that trades, one in its band, a dry one, one that holds") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const std::string traded = run_once(directory, "2026-11-20");
  const std::string in_band = run_once(directory, "2026-11-20");
  const std::string dry = run_once(directory, "2026-11-23", {"--dry-run"});
  const std::string held = run_once(directory, "2026-11-23", {"--set", "constraints.groups=[\"equity <= 10%\"]"});
  CHECK(decisions_in(directory).size() == 4);
  for (const std::string& id : {traded, in_band, dry, held}) {
    const auto replayed = run_binary(directory, {"replay", id.substr(0, 8), "--json"});
    CHECK_MESSAGE(replayed.exit_code == 0, replayed.out, replayed.err);
    CHECK(at(json_of(replayed), "/identical").as_bool());
    CHECK(run_binary(directory, {"verify", "data/decisions/" + id + ".json"}).exit_code == 0);
  }
  const auto whole = run_binary(directory, {"verify", "--json"});
  CHECK(whole.exit_code == 0);
  CHECK(number_at(json_of(whole), "/decisions") == 4);
  const auto status = json_of(run_binary(directory, {"status", "--json"}));
  CHECK(number_at(status, "/last_seal/sequence") == 4);
  CHECK(text_at(status, "/last_seal/decision") == held);
}

TEST_CASE("a decision needs neither journal nor configuration: its file alone is explained, replayed and verified") {
  const TemporaryDirectory made;
  made.write("config.yaml", sample_config());
  const std::string id = run_once(made, "2026-11-20");
  const TemporaryDirectory elsewhere;
  elsewhere.write("decision.json", content_of(made.file("data/decisions/" + id + ".json")));
  CHECK(run_binary(elsewhere, {"verify", "decision.json"}).exit_code == 0);
  CHECK(run_binary(elsewhere, {"replay", "decision.json"}).exit_code == 0);
  const auto told = run_binary(elsewhere, {"explain", "decision.json"});
  CHECK(told.exit_code == 0);
  for (const char* part : {"max_sharpe", "2026-11-20", "QQQ", "What was known", "simulated", "Orders"}) {
    CHECK_MESSAGE(told.out.find(part) != std::string::npos, part, told.out);
  }
  const auto order = run_binary(elsewhere, {"explain", "decision.json", "--order", "1", "--json"});
  CHECK(order.exit_code == 0);
  CHECK(order.out.find("rb-" + id) != std::string::npos);
  CHECK(run_binary(elsewhere, {"explain", "decision.json", "--order", "99"}).exit_code == 4);
  CHECK_FALSE(fs::exists(elsewhere.file("data")));
}

TEST_CASE("an edited, removed, added or swapped decision is found, and so is one cut off at the end") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  for (const char* day : {"2026-11-18", "2026-11-19", "2026-11-20"}) run_once(directory, day);
  const auto files = decisions_in(directory);
  REQUIRE(files.size() == 3);
  CHECK(run_binary(directory, {"verify", "data/decisions"}).exit_code == 0);
  std::string last;
  for (const fs::path& file : files) {
    const std::string text = content_of(file);
    std::string edited = text;
    edited[edited.size() / 2] = edited[edited.size() / 2] == '1' ? '2' : '1';
    std::ofstream(file, std::ios::binary) << edited;
    const auto found = run_binary(directory, {"verify", "--json"});
    CHECK(found.exit_code == 9);
    CHECK(text_at(json_of(found), "/error/code") == "verification");
    CHECK(run_binary(directory, {"replay", file.stem().string()}).exit_code == 9);
    fs::remove(file);
    CHECK(run_binary(directory, {"verify"}).exit_code == 9);
    std::ofstream(file, std::ios::binary) << text;
    if (text.find("\"sequence\":3") != std::string::npos) last = file;
  }
  REQUIRE(!last.empty());
  CHECK(run_binary(directory, {"verify"}).exit_code == 0);
  const std::string head = text_at(json_of(run_binary(directory, {"status", "--json"})), "/last_seal/sha256");
  const std::string kept = content_of(last);
  fs::remove(last);
  // Without the journal a shorter chain is a chain; with it, or with a seal that was written down, it is not.
  CHECK(run_binary(directory, {"verify", "data/decisions"}).exit_code == 0);
  CHECK(run_binary(directory, {"verify", "data/decisions", "--head", head}).exit_code == 9);
  CHECK(run_binary(directory, {"verify"}).exit_code == 9);
  std::ofstream(last, std::ios::binary) << kept;
  CHECK(run_binary(directory, {"verify"}).exit_code == 0);
}

TEST_CASE("bad names and bad files get a sentence and the right code") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  directory.write("text.json", "{\"a\": 1}\n");
  directory.write("empty.json", "");
  for (const char* command : {"explain", "replay", "verify"}) {
    CHECK(run_binary(directory, {command, "0123456789abcdef"}).exit_code == 4);
    CHECK(run_binary(directory, {command, "text.json"}).exit_code == 9);
    CHECK(run_binary(directory, {command, "empty.json"}).exit_code == 9);
    CHECK(run_binary(directory, {command, "abc"}).exit_code == 4);
  }
  CHECK(run_binary(directory, {"explain"}).exit_code == 2);
  CHECK(run_binary(directory, {"verify", "nowhere/at/all"}).exit_code == 4);
}
