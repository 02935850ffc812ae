#include "app/exit_codes.hpp"

#include <doctest/doctest.h>

using namespace rebalancer;
using namespace rebalancer::app;

TEST_CASE("an error in an area is an exit code") {
  CHECK(exit_code_for(Area::command_line, ErrorCode::invalid) == ExitCode::usage);
  CHECK(exit_code_for(Area::configuration, ErrorCode::invalid) == ExitCode::configuration);
  CHECK(exit_code_for(Area::plugin, ErrorCode::internal) == ExitCode::plugin);
  CHECK(exit_code_for(Area::file, ErrorCode::not_found) == ExitCode::data);
  CHECK(exit_code_for(Area::provider, ErrorCode::unavailable) == ExitCode::broker);
  CHECK(exit_code_for(Area::provider, ErrorCode::not_found) == ExitCode::data);
  CHECK(exit_code_for(Area::store, ErrorCode::conflict) == ExitCode::data);
  CHECK(exit_code_for(Area::quality, ErrorCode::rejected) == ExitCode::data);
  CHECK(exit_code_for(Area::strategy, ErrorCode::conflict) == ExitCode::infeasible);
  // A solve that fails is no allocation either; prices it cannot use are the data.
  CHECK(exit_code_for(Area::strategy, ErrorCode::exhausted) == ExitCode::infeasible);
  CHECK(exit_code_for(Area::strategy, ErrorCode::internal) == ExitCode::infeasible);
  CHECK(exit_code_for(Area::strategy, ErrorCode::invalid) == ExitCode::data);
  CHECK(exit_code_for(Area::planner, ErrorCode::not_found) == ExitCode::data);
  CHECK(exit_code_for(Area::planner, ErrorCode::rejected) == ExitCode::refused);
  CHECK(exit_code_for(Area::proof, ErrorCode::rejected) == ExitCode::refused);
  CHECK(exit_code_for(Area::broker, ErrorCode::timeout) == ExitCode::broker);
  CHECK(exit_code_for(Area::decision, ErrorCode::conflict) == ExitCode::verification);
  CHECK(exit_code_for(Area::broker, ErrorCode::internal) == ExitCode::internal);
}

TEST_CASE("no error is success") {
  for (int area = 0; area <= static_cast<int>(Area::decision); ++area) {
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
      CHECK(exit_code_for(static_cast<Area>(area), static_cast<ErrorCode>(code)) != ExitCode::ok);
    }
  }
}

TEST_CASE("the table is ascending and each code has a name of its own") {
  int last = -1;
  for (const ExitCodeRow& row : exit_code_table()) {
    CHECK(static_cast<int>(row.code) > last);
    CHECK(name_of(row.code) == row.name);
    last = static_cast<int>(row.code);
  }
}
