// halt, resume, reconcile, resolve: what a person does when something is wrong.
#include <filesystem>

#include "end_to_end/rebalancer_process.hpp"

using namespace rebalancer::test;
namespace fs = std::filesystem;

TEST_CASE("halted by command, by hand or before anything ran: no order is sent until resume") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  const auto halted = run_binary(directory, {"halt", "--reason", "the market looks odd", "--json"});
  CHECK(halted.exit_code == 0);
  CHECK(text_at(json_of(halted), "/trading_state") == "halted");
  const auto refused = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"});
  CHECK(refused.exit_code == 6);
  const auto report = json_of(refused);
  CHECK(text_at(report, "/outcome") == "held");
  CHECK(text_at(report, "/reason").find("the market looks odd") != std::string::npos);
  CHECK(text_at(json_of(run_binary(directory, {"status", "--json"})), "/trading_state") == "halted");
  CHECK(at(json_of(run_binary(directory, {"orders", "--json"})), "/orders").as_array().empty());

  CHECK(run_binary(directory, {"resume"}).exit_code == 0);
  directory.write("data/HALT", "");
  CHECK(run_binary(directory, {"run", "--as-of", "2026-11-20"}).exit_code == 6);
  fs::remove(directory.file("data/HALT"));
  const auto traded = json_of(run_binary(directory, {"run", "--as-of", "2026-11-20", "--json"}));
  CHECK(text_at(traded, "/outcome") == "traded");
}

TEST_CASE("reduced to sells, a run sells and buys nothing") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-19"}).exit_code == 0);
  REQUIRE(run_binary(directory, {"halt", "--reducing"}).exit_code == 0);
  const auto run = run_binary(directory, {"run", "--as-of", "2026-11-20", "--json", "--set", "rebalance.threshold=1%",
                                          "--set", "portfolio.investor.age=70"});
  CHECK(run.exit_code == 6);
  int sells = 0;
  const auto report = json_of(run);
  for (const auto& order : at(report, "/orders").as_array()) {
    const bool sell = text_at(order, "/side") == "sell";
    sells += sell ? 1 : 0;
    CHECK(text_at(order, "/state") == (sell ? "filled" : "cancelled"));
  }
  CHECK(sells > 0);
}

TEST_CASE("halting works with a journal that cannot be opened, and without a configuration that loads") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-20"}).exit_code == 0);
  // Read-only, and for root, whom that does not stop, no database at all.
  directory.write("data/journal.db", "no database");
  fs::permissions(directory.file("data/journal.db"), fs::perms::owner_read);
  REQUIRE(run_binary(directory, {"status"}).exit_code != 0);
  const auto halted = run_binary(directory, {"halt"});
  CHECK(halted.exit_code == 0);
  CHECK(halted.err.find("open orders were not cancelled") != std::string::npos);
  CHECK(fs::exists(directory.file("data/HALT")));
  CHECK(run_binary(directory, {"resume"}).exit_code == 0);
  directory.write("config.yaml", "portfolio: [this is\n");
  CHECK(run_binary(directory, {"halt"}).exit_code == 0);
  CHECK(fs::exists(directory.file("data/HALT")));
}

TEST_CASE("reconcile: the journal and the account agree, until somebody else trades in it") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-19"}).exit_code == 0);
  const auto agreed = run_binary(directory, {"reconcile", "--json"});
  CHECK(agreed.exit_code == 0);
  CHECK(at(json_of(agreed), "/reconciled").as_bool());
  CHECK(number_at(json_of(agreed), "/positions_compared") > 0);
  // The same account, another journal.
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-20", "--set", "journal.path=other/journal.db", "--set",
                                 "rebalance.threshold=1%", "--set", "portfolio.investor.age=70"})
              .exit_code == 0);
  const auto gap = run_binary(directory, {"reconcile", "--json"});
  CHECK(gap.exit_code == 8);
  const auto gaps = json_of(gap);
  CHECK(!at(gaps, "/gaps").as_array().empty());
  CHECK(!at(gaps, "/reconciled").as_bool());
}

TEST_CASE("resolve takes a person's word only where nobody knows") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-20"}).exit_code == 0);
  const auto orders = json_of(run_binary(directory, {"orders", "--json"}));
  const std::string filled = text_at(at(orders, "/orders").as_array().at(0), "/id");
  CHECK(run_binary(directory, {"resolve", filled, "cancelled"}).exit_code == 2);
  CHECK(run_binary(directory, {"resolve", "rb-nobody", "cancelled"}).exit_code == 4);
  CHECK(run_binary(directory, {"resolve", filled, "lost"}).exit_code == 2);
}

TEST_CASE("orders tells why each was planned, at what shortfall, and everything about one") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-20"}).exit_code == 0);
  const auto all = json_of(run_binary(directory, {"orders", "--json"}));
  const auto& first = at(all, "/orders").as_array().at(0);
  // The paper broker fills at the prices of the session, which are what was planned at.
  CHECK(text_at(first, "/shortfall") == "0");
  CHECK(text_at(first, "/reference") == text_at(first, "/average_price"));
  const std::string id = text_at(first, "/id");
  const std::string list = run_binary(directory, {"orders"}).out;
  CHECK(list.find(id + "  shortfall 0 (+0.0 bp)\n") != std::string::npos);
  CHECK(list.find(text_at(first, "/reason").substr(0, 40)) != std::string::npos);

  const auto whole = json_of(run_binary(directory, {"orders", id, "--json"}));
  CHECK(text_at(whole, "/history/0/state") == "intent");
  CHECK_FALSE(at(whole, "/fills").as_array().empty());
  CHECK(run_binary(directory, {"orders", id}).out.find("  fill ") != std::string::npos);
  const auto unknown = run_binary(directory, {"orders", "rb-nobody"});
  CHECK(unknown.exit_code == 4);
  CHECK(unknown.err.find("there is no order rb-nobody") != std::string::npos);
}

TEST_CASE("the default mode is paper at the paper broker; live needs an account and refuses a simulated one") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config());
  CHECK(text_at(json_of(run_binary(directory, {"status", "--json"})), "/mode") == "paper");
  CHECK(run_binary(directory, {"run", "--set", "mode=live"}).exit_code == 3);
  CHECK(run_binary(directory, {"run", "--set", "mode=live", "--set", "live.account=paper"}).exit_code == 3);
}
