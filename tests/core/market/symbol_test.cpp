#include "core/market/symbol.hpp"

#include <doctest/doctest.h>

namespace rebalancer {
namespace {

TEST_CASE("a symbol is 1 to 16 of its alphabet, and no other byte") {
  CHECK(Symbol::parse("SPY")->str() == "SPY");
  CHECK(Symbol::parse("BRK.B"));
  CHECK(Symbol::parse("^GSPC"));
  CHECK(Symbol::parse("EURUSD=X"));
  CHECK(Symbol::parse("RDS-A"));
  CHECK(Symbol::parse("ABCDEFGHIJKLMNOP"));
  CHECK_FALSE(Symbol::parse("ABCDEFGHIJKLMNOPQ"));
  CHECK_FALSE(Symbol::parse(""));
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-^=";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    CAPTURE(byte);
    CHECK(Symbol::parse(text).has_value() == (allowed.find(text) != std::string::npos));
  }
}

TEST_CASE("a refused symbol is named, in part when it is long") {
  CHECK(Symbol::parse("spy").error().message == "symbol \"spy\" must be 1 to 16 of A-Z 0-9 . - ^ =");
  CHECK(Symbol::parse(std::string(1'000'000, 'x')).error().message.size() < 120);
}

TEST_CASE("symbols sort by their bytes and print as themselves") {
  CHECK(Symbol::parse("AA").value() < Symbol::parse("AAPL").value());
  CHECK(Symbol::parse("BRK.A").value() != Symbol::parse("BRK.B").value());
  CHECK(fmt::format("[{:>5}]", Symbol::parse("VTI").value()) == "[  VTI]");
}

}  // namespace
}  // namespace rebalancer
