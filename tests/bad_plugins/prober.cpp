// The child's side of the probe alone, where a test has no `rebalancer plugins probe` to start.
#include <string>
#include <vector>

#include "adapters/plugin_host/plugin_host.hpp"

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2 || words[0] != "plugins" || words[1] != "probe") return 64;
  rebalancer::probe_main(std::span(words).subspan(2));
}
