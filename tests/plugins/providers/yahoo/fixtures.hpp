// Recorded answers of Yahoo, both forms: a whole exchange {request, response: {bodyJson}}, and a bare body.
#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "support/reference.hpp"

namespace rebalancer::test {

inline std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string body_of(const std::filesystem::path& file) {
  const std::string text = file_text(file);
  const auto document = boost::json::parse(text);
  const auto* record = document.as_object().if_contains("response");
  return record == nullptr ? text : boost::json::serialize(record->as_object().at("bodyJson"));
}

// Nothing when the reference data is not there.
inline std::optional<std::string> yahoo_body(const std::string& name) {
  const auto file = reference_file("protocols/fixtures/yahoo/" + name);
  if (!file) return std::nullopt;
  return body_of(*file);
}

inline std::vector<std::filesystem::path> yahoo_files() {
  std::vector<std::filesystem::path> files;
  const auto folder = reference_file("protocols/fixtures/yahoo");
  if (!folder) return files;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace rebalancer::test
