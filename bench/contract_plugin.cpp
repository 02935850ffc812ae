#include "contract_subject.hpp"

REBALANCER_STRATEGY(ContractSubject, "contract_subject", "1.0.0", "Measures the contract.", "{}")
