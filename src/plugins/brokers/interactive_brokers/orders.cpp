// openOrder and completedOrder: 100 to 150 fields, of which a dozen matter; the others are counted, since what follows
// a group depends on what is in it.
#include "messages.hpp"

namespace interactive_brokers {
namespace {

void skip_if_set(FieldReader& fields, int count) {
  if (!fields.text().empty()) fields.skip(count);
}

void skip_groups(FieldReader& fields, int size) { fields.skip(size * fields.count()); }

// Initial level, subsequent level, increment, and what belongs to a positive increment.
void skip_scale(FieldReader& fields) {
  fields.skip(2);
  const auto increment = fields.optional_decimal();
  if (increment && increment->is_positive()) fields.skip(7);
}

void skip_delta_neutral_contract(FieldReader& fields) {
  if (fields.boolean()) fields.skip(3);
}

void skip_algorithm(FieldReader& fields) {
  if (!fields.text().empty()) skip_groups(fields, 2);
}

void skip_conditions(FieldReader& fields) {
  const int count = fields.count();
  for (int i = 0; i < count; ++i) {
    const std::int64_t type = fields.integer();
    switch (type) {
      case 1:  // price
        fields.skip(6);
        break;
      case 3:  // time
      case 4:  // margin
        fields.skip(3);
        break;
      case 5:  // execution
        fields.skip(4);
        break;
      case 6:  // volume
      case 7:  // change in percent
        fields.skip(5);
        break;
      default:
        fields.wrong(std::to_string(type), "is no known type of condition");
    }
  }
  if (count > 0) fields.skip(2);
}

void skip_peg_to_benchmark(FieldReader& fields, const std::string& type) {
  if (type == "PEG BENCH") fields.skip(5);
}

void skip_combination(FieldReader& fields) {
  fields.skip(1);
  skip_groups(fields, 8);
  skip_groups(fields, 1);
  skip_groups(fields, 2);
}

}  // namespace

OpenOrder open_order_from(FieldReader& fields, int version) {
  OpenOrder told;
  told.order_id = fields.small_integer();
  told.contract = contract_from(fields);
  told.action = fields.text();
  told.quantity = fields.decimal();
  told.type = fields.text();
  fields.skip(4);  // limit, auxiliary price, time in force, OCA group
  told.account = fields.text();
  fields.skip(2);
  told.reference = fields.text();
  told.client_id = fields.small_integer();
  told.perm_id = fields.integer();
  fields.skip(5);                      // outside hours to the deprecated one
  fields.skip(version < 177 ? 4 : 3);  // advisor's group and profile
  fields.skip(8);                      // model to exempt code
  fields.skip(6);                      // auction to stock range
  fields.skip(5);                      // display size to minimum quantity
  fields.skip(4);                      // OCA type to price cap
  fields.skip(2);                      // parent, trigger
  fields.skip(2);                      // volatility
  const bool delta_neutral = !fields.text().empty();
  fields.skip(1);
  if (delta_neutral) fields.skip(8);
  fields.skip(6);  // continuous update to basis points
  skip_combination(fields);
  skip_scale(fields);
  skip_if_set(fields, 1);  // hedge
  fields.skip(4);          // smart routing to not held
  skip_delta_neutral_contract(fields);
  skip_algorithm(fields);
  fields.skip(2);  // solicited, what-if
  told.status = fields.text();
  fields.skip(9);  // margin before, change, after
  fields.skip(4);  // commission, its bounds and its currency
  if (version >= 195) {
    fields.skip(12);  // margins outside of hours, suggested size, reason
    skip_groups(fields, 7);
  }
  told.warning = fields.text();
  fields.skip(2);
  skip_peg_to_benchmark(fields, told.type);
  skip_conditions(fields);
  fields.skip(8);  // adjusted order
  fields.skip(3);  // soft dollars
  fields.skip(5);  // cash quantity to price management
  if (version >= 159) fields.skip(1);
  if (version >= 160) fields.skip(1);
  if (version >= 162) fields.skip(1);
  if (version >= 170) fields.skip(5);
  if (version >= 183) fields.skip(1);
  if (version >= 184) fields.skip(1);
  if (version >= 185) fields.skip(1);
  if (version >= 189) fields.skip(1);
  if (version >= 193) fields.skip(2);
  if (version >= 198) fields.skip(1);
  if (version >= 199) fields.skip(1);
  return told;
}

CompletedOrder completed_order_from(FieldReader& fields, int version) {
  CompletedOrder told;
  told.contract = contract_from(fields);
  told.action = fields.text();
  told.quantity = fields.decimal();
  told.type = fields.text();
  fields.skip(4);  // limit, auxiliary price, time in force, OCA group
  told.account = fields.text();
  fields.skip(2);
  told.reference = fields.text();
  told.perm_id = fields.integer();
  fields.skip(4);                      // outside hours to good after
  fields.skip(version < 177 ? 4 : 3);  // advisor's group and profile
  fields.skip(8);                      // model to exempt code
  fields.skip(5);                      // starting price to stock range
  fields.skip(4);                      // display size to minimum quantity
  fields.skip(2);                      // OCA type, trigger
  fields.skip(2);                      // volatility
  const bool delta_neutral = !fields.text().empty();
  fields.skip(1);
  if (delta_neutral) fields.skip(4);
  fields.skip(4);  // continuous update to trailing percent
  skip_combination(fields);
  skip_scale(fields);
  skip_if_set(fields, 1);  // hedge
  fields.skip(3);          // clearing, not held
  skip_delta_neutral_contract(fields);
  skip_algorithm(fields);
  fields.skip(1);
  told.status = fields.text();
  fields.skip(2);
  skip_peg_to_benchmark(fields, told.type);
  skip_conditions(fields);
  fields.skip(6);  // stop and limit offsets to the date of its end
  told.filled = fields.optional_decimal();
  fields.skip(7);  // futures contract to time of completion
  told.completed_status = fields.text();
  if (version >= 170) fields.skip(5);
  if (version >= 183) fields.skip(1);
  if (version >= 184) fields.skip(1);
  if (version >= 198) fields.skip(1);
  return told;
}

}  // namespace interactive_brokers
