/* Plain C against the installed SDK: everything goes to the first symbol that its bounds allow. */
#include <math.h>
#include <stdlib.h>

#include <rebalancer/plugin.h>

#include "schema_json.hpp"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static const rb_str not_allowed = TEXT("no symbol may have all of it");

typedef struct first_only {
  const rb_host* host;
} first_only;

static void* create(const rb_host* host, rb_str config_json) {
  first_only* self = malloc(sizeof *self);
  (void)config_json;
  if (self != NULL) self->host = host;
  return self;
}

static int32_t weigh(void* instance, const rb_problem* problem, rb_on_allocation on_allocation, void* ctx) {
  const first_only* self = instance;
  const uint64_t cols = problem->prices->cols;
  double* weights = calloc(cols, sizeof *weights);
  uint64_t chosen = 0;
  rb_allocation out = {0};
  while (chosen < cols && problem->upper[chosen] < 1) ++chosen;
  for (uint64_t i = 0; i < cols; ++i) {
    if (i != chosen && problem->lower[i] > 0) chosen = cols;
  }
  if (weights == NULL || chosen >= cols || problem->lower[chosen] > 1 || problem->group_count > 0) {
    free(weights);
    return self->host->fail(self->host->self, RB_CONFLICT, not_allowed);
  }
  weights[chosen] = 1;
  out.size = sizeof out;
  out.weights = weights;
  out.objective = out.kkt_residual = out.duality_gap = out.max_violation = NAN;
  on_allocation(ctx, &out);
  free(weights);
  return RB_OK;
}

static const rb_strategy api = {sizeof(rb_strategy), weigh};

RB_EXPORT extern const rb_plugin rebalancer_plugin;
const rb_plugin rebalancer_plugin = {RB_MAGIC,
                                     RB_ABI_MAJOR,
                                     RB_ABI_MINOR,
                                     RB_STRATEGY,
                                     TEXT("first_only"),
                                     TEXT("0.9.0"),
                                     TEXT("All of it in the first symbol."),
                                     {schema_json, sizeof(schema_json) - 1},
                                     create,
                                     free,
                                     &api};
