#include "core/quant/product_blocks.hpp"

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/covariance.hpp"

using namespace rebalancer;

TEST_CASE("products are cut into the same blocks on every machine") {
  CHECK(product_blocks_are_fixed);
  CHECK(Eigen::l1CacheSize() == block_cache_l1_bytes);
  CHECK(Eigen::l2CacheSize() == block_cache_l2_bytes);
  CHECK(Eigen::l3CacheSize() == block_cache_l3_bytes);
}

TEST_CASE("left to the machine, the last bits of a product would depend on it, those of a covariance never") {
  Random random(3);
  Eigen::MatrixXd returns(2'000, 40);
  for (Eigen::Index i = 0; i < returns.size(); ++i) returns.data()[i] = random.normal();
  const Eigen::MatrixXd here = returns.transpose() * returns, covariance = sample_covariance(returns, 252);
  Eigen::setCpuCacheSizes(48 << 10, 2 << 20, 32 << 20);
  const Eigen::MatrixXd there = returns.transpose() * returns, covariance_there = sample_covariance(returns, 252);
  Eigen::setCpuCacheSizes(block_cache_l1_bytes, block_cache_l2_bytes, block_cache_l3_bytes);
  CHECK((here.array() != there.array()).any());
  CHECK((here - there).norm() < 1e-12 * here.norm());
  CHECK(returns.transpose() * returns == here);
  CHECK(covariance_there == covariance);  // core/quant/kernels.hpp
}
