// What fills make of a book.
#pragma once
#include <span>

#include "core/portfolio/order.hpp"
#include "core/portfolio/position.hpp"

namespace rebalancer {

// Cash changes by each fill's value, rounded half-even, and its fee; positions of zero are left out, the others sorted.
// Errors: invalid on overflow and for a fee in another currency than the book's.
[[nodiscard]] Result<Book> book_after(const Book& book, std::span<const Fill> fills);

}  // namespace rebalancer
