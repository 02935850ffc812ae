// Which servers the keys may go to.
#include <doctest/doctest.h>

#include "plugins/brokers/trading212/scene.hpp"

using namespace rebalancer::test;

TEST_CASE("trading212: demo says which host it is, in any letters, or it is this machine") {
  struct Case {
    const char* url;
    const char* demo;
    bool good;
  };
  for (const Case& one_case : {Case{"", "true", true},
                               Case{"", "false", true},
                               Case{"https://demo.trading212.com", "true", true},
                               Case{"https://DEMO.Trading212.com/api/v0/", "true", true},
                               Case{"https://live.trading212.com:443", "false", true},
                               Case{"http://127.0.0.1:8080", "true", true},
                               Case{"http://127.0.0.1:8080", "false", true},
                               Case{"https://localhost:8080/", "true", true},
                               Case{"http://[::1]:8080", "true", true},
                               Case{"https://LIVE.trading212.com", "true", false},
                               Case{"https://live.trading212.com", "true", false},
                               Case{"https://demo.trading212.com", "false", false},
                               Case{"https://Demo.Trading212.com", "false", false},
                               Case{"https://trading212.com", "true", false},
                               Case{"https://demo.trading212.com.example.com", "true", false},
                               Case{"https://127.0.0.1.example.com", "true", false},
                               Case{"https://demo.trading212.com@example.com", "true", false},
                               Case{"https://example.com/demo.trading212.com", "true", false},
                               Case{"https://example.com\\@demo.trading212.com", "true", false},
                               Case{"demo.trading212.com", "true", false}}) {
    CAPTURE(one_case.url);
    CAPTURE(one_case.demo);
    const Scene scene(PluginUnderTest::Settings{{"url", one_case.url}, {"demo", one_case.demo}});
    CHECK((scene.plugin->instance() != nullptr) == one_case.good);
    if (!one_case.good) CHECK_MESSAGE(scene.says("its host must be"), scene.plugin->failure);
  }
}
