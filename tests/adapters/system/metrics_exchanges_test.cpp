#include "adapters/system/metrics_exchanges.hpp"

#include <prometheus/text_serializer.h>
#include <sstream>

#include <doctest/doctest.h>

using namespace rebalancer::system;

namespace {

struct Scene {
  prometheus::Registry registry;
  ExchangeSeries series{registry};
  int labels_made = 0;

  void add(const ExchangeSeries::Which& which) {
    series.add(which, 0.001, [this](std::string_view text) {
      ++labels_made;
      return std::string(text);
    });
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, registry.Collect());
    return out.str();
  }
};

}  // namespace

TEST_CASE("a request of a kind seen before builds no label") {
  Scene scene;
  for (int i = 0; i < 1000; ++i) scene.add({"executor", "/status", "GET", 200});
  CHECK(scene.labels_made == 3);
  CHECK(scene.text().find(R"(status="200",surface="executor"} 1000)") != std::string::npos);
}

TEST_CASE("another text in the same place is another series") {
  Scene scene;
  std::string method = "GET";
  scene.add({"executor", "/orders", method, 200});
  method.replace(0, 3, "PUT");
  scene.add({"executor", "/orders", method, 200});
  scene.add({"executor", "/orders", method, 204});
  const std::string_view longer = "/orders/{id}";
  scene.add({"executor", longer, method, 200});
  scene.add({"executor", longer.substr(0, 7), method, 200});
  CHECK(scene.text().find(R"({method="GET",route="/orders",status="200",surface="executor"} 1)") != std::string::npos);
  CHECK(scene.text().find(R"({method="PUT",route="/orders",status="200",surface="executor"} 2)") != std::string::npos);
  CHECK(scene.text().find(R"({method="PUT",route="/orders",status="204",surface="executor"} 1)") != std::string::npos);
  CHECK(scene.text().find(R"({method="PUT",route="/orders/{id}",status="200",surface="executor"} 1)") !=
        std::string::npos);
}

TEST_CASE("texts that move are counted all the same") {
  Scene scene;
  std::vector<std::string> routes(10'000, "/a route that is too long to be kept in place");
  for (const std::string& route : routes) scene.add({"executor", route, "GET", 200});
  CHECK(scene.text().find(R"(status="200",surface="executor"} 10000)") != std::string::npos);
}
