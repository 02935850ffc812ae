// The files of the store csv: what it writes it reads, whatever a provider calls itself.
#include "core/market/fact.hpp"
#include "csv/fact_file.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

void check_file(std::string_view text) {
  const auto facts = parse_facts(text, "SPY.csv");
  if (!facts) return expect_message(facts.error().message, 600);
  const std::string written = facts_text(*facts, true);
  const auto again = parse_facts(written, "SPY.csv");
  expect(again.has_value(), "a file reads back", again ? written : again.error().message + "\n" + written);
  expect(again->size() == facts->size(), "a file keeps every fact", written);
  // The names of sources lose what would break a line, once.
  const std::string rewritten = facts_text(*again, true);
  const auto at_rest = parse_facts(rewritten, "SPY.csv");
  expect(at_rest && facts_text(*at_rest, true) == rewritten, "a file reads back as itself", rewritten);
  expect(written.find('"') != std::string::npos || rewritten == written, "and plain ones at once", written);
}

void check_source(std::string_view source) {
  Fact fact;
  fact.bar.date = Date::make(2026, 11, 20).value();
  fact.bar.close = 100.5;
  fact.source = std::string(source);
  fact.known_at = Instant::from_seconds(1'795'208'700);
  const std::string written = facts_text({&fact, 1}, true);
  const auto again = parse_facts(written, "SPY.csv");
  expect(again && again->size() == 1, "a fact is a line, whatever its source is called", written);
}

void check(std::string_view input) {
  check_file(input);
  check_source(input);
}

const Target target("fact_text", check);

}  // namespace
}  // namespace rebalancer::fuzz
