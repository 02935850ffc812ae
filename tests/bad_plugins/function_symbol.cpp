// The right name on the wrong thing.
extern "C" __attribute__((visibility("default"))) int rebalancer_plugin() { return 42; }
