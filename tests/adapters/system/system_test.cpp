#include <fstream>

#include <doctest/doctest.h>

#include "adapters/system/digest.hpp"
#include "adapters/system/system_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::system;

TEST_CASE("SHA-256 gives the digests of FIPS 180-4's examples") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a file has the digest of its bytes, whatever its size") {
  const test::TemporaryDirectory folder;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65535}, std::size_t{65536},
                                 std::size_t{65537}, std::size_t{200'000}}) {
    const std::string bytes(size, 'x');
    std::ofstream(folder.file("f").string(), std::ios::binary) << bytes;
    const auto digest = sha256_hex_of_file(folder.file("f").string());
    REQUIRE(digest.has_value());
    CHECK(*digest == sha256_hex(bytes));
  }
}

TEST_CASE("a missing file and a folder have no digest") {
  const test::TemporaryDirectory folder;
  CHECK(sha256_hex_of_file(folder.file("none").string()).error().code == ErrorCode::not_found);
  CHECK(sha256_hex_of_file(folder.path().string()).error().code == ErrorCode::invalid);
}

TEST_CASE("the system clock is later than this product and never runs backwards") {
  const SystemClock clock;
  CHECK(clock.now() > Instant::from_seconds(1'700'000'000));
  auto last = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const auto next = clock.monotonic();
    CHECK(next >= last);
    last = next;
  }
}

TEST_CASE("a wait ends early, with false, when a stop is requested") {
  SystemClock clock;
  std::stop_source stop;
  stop.request_stop();
  const auto before = clock.monotonic();
  CHECK_FALSE(clock.wait(std::chrono::hours(1), stop.get_token()));
  CHECK(clock.monotonic() - before < std::chrono::minutes(1));
  CHECK(clock.wait(std::chrono::milliseconds(1), {}));
}
