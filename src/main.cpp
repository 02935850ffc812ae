#include "app/main.hpp"

int main(int argc, char** argv) { return rebalancer::app::main(argc, argv); }
