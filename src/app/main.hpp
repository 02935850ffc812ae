#pragma once

namespace rebalancer::app {

// The whole program; returns its exit code.
int main(int argc, char** argv);

}  // namespace rebalancer::app
