// Every seed of every target, in the builds that have no libFuzzer: among them all inputs that broke something once.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

const std::filesystem::path seeds = REBALANCER_SOURCE_DIR "/fuzz/seeds";

std::vector<std::filesystem::path> files_of(const std::string& subject) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(seeds / subject)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("every target has seeds, and every folder of seeds a target") {
  for (const auto& [subject, check] : targets()) {
    CAPTURE(subject);
    REQUIRE(std::filesystem::is_directory(seeds / subject));
    CHECK_FALSE(files_of(subject).empty());
  }
  for (const auto& entry : std::filesystem::directory_iterator(seeds)) {
    CHECK_MESSAGE((!entry.is_directory() || targets().contains(entry.path().filename().string())), entry.path());
  }
}

TEST_CASE("every seed keeps the promises of its target") {
  for (const auto& [subject, check] : targets()) {
    for (const auto& file : files_of(subject)) {
      INFO(file.string());
      std::ifstream stream(file, std::ios::binary);
      const std::string input(std::istreambuf_iterator<char>(stream), {});
      check(input);
      check(std::string_view(input).substr(0, input.size() / 2));
    }
  }
}

}  // namespace rebalancer::fuzz
