// The built binary as a user would type it, and its JSON.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace rebalancer::test {

inline ProcessResult run_binary(const TemporaryDirectory& directory, std::vector<std::string> arguments,
                                const std::vector<std::string>& environment = {}) {
  arguments.insert(arguments.begin(), REBALANCER_BINARY);
  return run_process(arguments, directory.path(), environment);
}

// With --json; the answer must be one JSON document.
inline boost::json::value json_of(const ProcessResult& result) {
  boost::json::error_code failed;
  boost::json::value value = boost::json::parse(result.out, failed);
  CHECK_MESSAGE(!failed, result.out, result.err);
  return value;
}

inline const boost::json::value& at(const boost::json::value& value, std::string_view pointer) {
  boost::json::error_code failed;
  const auto* found = value.find_pointer(pointer, failed);
  REQUIRE_MESSAGE(found != nullptr, pointer, " is not in ", boost::json::serialize(value));
  return *found;
}

inline std::string text_at(const boost::json::value& value, std::string_view pointer) {
  return std::string(at(value, pointer).as_string());
}

inline double number_at(const boost::json::value& value, std::string_view pointer) {
  return at(value, pointer).to_number<double>();
}

// A configuration that runs offline on made-up prices.
inline std::string sample_config(const std::string& more = "") {
  return "portfolio:\n"
         "  tickers: [SPY, QQQ, VTI, VXUS, BND]\n"
         "  classes: {BND: bond}\n"
         "  investor: {age: 35}\n"
         "provider: {use: simulated}\n"
         "strategy: {use: max_sharpe, glide_path: true}\n" +
         more;
}

}  // namespace rebalancer::test
