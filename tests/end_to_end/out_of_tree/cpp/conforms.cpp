// conforms FILE: the conformance kit as a plugin's author uses it.
#include <cstdio>
#include <dlfcn.h>

#include <rebalancer/conformance.hpp>

int main(int, char** arguments) {
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  const void* plugin = library == nullptr ? nullptr : dlsym(library, RB_PLUGIN_SYMBOL);
  if (plugin == nullptr) return std::puts(dlerror()), 2;
  const auto findings = rebalancer::sdk::conformance::check(*static_cast<const rb_plugin*>(plugin));
  for (const std::string& finding : findings) std::puts(finding.c_str());
  return findings.empty() ? 0 : 1;
}
