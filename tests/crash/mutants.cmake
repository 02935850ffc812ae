# The planted mistakes (cmake/mutants.cmake): each is a program of its own. Every mutant ends with crash_build(NAME).
include(${PROJECT_SOURCE_DIR}/cmake/mutants.cmake)

function(crash_build name)
  mutant_sources(${name} copies)
  # The program's own object files come first, so the original in its library is not taken.
  add_executable(crash_trials_${name} $<TARGET_OBJECTS:crash_harness> ${copies})
  target_link_libraries(crash_trials_${name} PRIVATE ${crash_links} SQLiteCpp SQLite::SQLite3)
  target_compile_options(crash_trials_${name} PRIVATE -march=x86-64-v2 -w)
endfunction()

mutant(new_id_per_attempt "a copy goes out under a new client id" "--faults 20 --lookup by_client_id")
mutant_replace(new_id_per_attempt services/order_desk.cpp
  [[Result<void> OrderDesk::submit_again(Ticket& ticket) {]]
  [[Result<void> OrderDesk::submit_again(Ticket& ticket) {
  ticket.order.client_id += "x";]])
crash_build(new_id_per_attempt)

mutant(sent_before_written "the order leaves before the journal says that it may have" "--faults 0 --dedupe none")
mutant_replace(sent_before_written services/order_desk.cpp
  [[  if (auto written = set_state(ticket, OrderState::sending, ""); !written) {
    gate_.give_back(*std::move(pass));
    return written;
  }
]] "")
mutant_replace(sent_before_written services/order_desk.cpp
  [[  return answer(ticket, gate_.submit(ticket.order, *std::move(pass)));
}

Result<void> OrderDesk::recover]]
  [[  const auto told = gate_.submit(ticket.order, *std::move(pass));
  if (auto written = set_state(ticket, OrderState::sending, ""); !written) return written;
  return answer(ticket, told);
}

Result<void> OrderDesk::recover]])
crash_build(sent_before_written)

mutant(unknown_is_rejected "no answer is taken for a no" "--faults 20 --lookup by_client_id")
mutant_replace(unknown_is_rejected services/order_desk.cpp
  [[  const bool definite = error.code == ErrorCode::rejected || error.code == ErrorCode::invalid;]]
  [[  const bool definite = error.code != ErrorCode::exhausted && error.code != ErrorCode::conflict;]])
crash_build(unknown_is_rejected)

mutant(weaker_sync "the journal is synced as a cache would be" "--mode power --faults 0 --dedupe none")
mutant_replace(weaker_sync adapters/sqlite/migrations.cpp
  [[database.exec("PRAGMA synchronous = EXTRA");]] [[database.exec("PRAGMA synchronous = NORMAL");]])
mutant_replace(weaker_sync adapters/sqlite/run_store.cpp [[{"PRAGMA synchronous", "3"}]] [[{"PRAGMA synchronous", "1"}]])
crash_build(weaker_sync)

mutant(no_look_before_sending_again "a copy goes out without a look for the first" "--faults 20 --dedupe none --lookup by_client_id")
mutant_replace(no_look_before_sending_again services/order_desk.cpp
  [[  using Lookup = BrokerCapabilities::Lookup;
  if (capabilities_.lookup != Lookup::none) {
    auto found]]
  [[  using Lookup = BrokerCapabilities::Lookup;
  if (ticket.copies < settings_.copies_max) return submit_again(ticket);
  if (capabilities_.lookup != Lookup::none) {
    auto found]])
crash_build(no_look_before_sending_again)

mutant(one_look_is_proof "not found once is taken for never arrived" "--faults 20 --dedupe none --lookup by_client_id")
mutant_replace(one_look_is_proof services/order_desk.cpp
  [[    if (patience == Patience::first_answer) {]]
  [[    if (patience == Patience::first_answer || *found == Found::no) {]])
crash_build(one_look_is_proof)

mutant(fills_counted_again "a fill that is told again is applied again" "--faults 0")
mutant_replace(fills_counted_again adapters/sqlite/journal_orders.cpp
  [[      continue;
    }
    auto order = find_orders]]
  [[      Fill again = fill;
      again.id += "-" + std::to_string(database.getTotalChanges());
      insert_fill(database, again);
      continue;
    }
    auto order = find_orders]])
crash_build(fills_counted_again)

mutant(partial_is_filled "some of it is taken for all of it" "--faults 0")
mutant_replace(partial_is_filled services/order_desk.cpp
  [[  const bool news = report.state]]
  [[  if (report.state == OrderState::partial) report.state = OrderState::filled;
  const bool news = report.state]])
crash_build(partial_is_filled)

mutant(id_used_twice "an id does not depend on the run, so another run's order gets it again" "--faults 60")
mutant_replace(id_used_twice services/executor.cpp
  [[client_order_id(request.run_id, planned.symbol]]
  [[client_order_id("00000000000000000000000000000000", planned.symbol]])
crash_build(id_used_twice)

mutant(nothing_settled_at_start "what an earlier run left open is not looked at" "--faults 60")
mutant_replace(nothing_settled_at_start services/pipeline_begin.cpp
  [[if (auto settled = settle_the_rest(interrupted_before); !settled) return settled;]]
  [[]])
crash_build(nothing_settled_at_start)

mutant(resumed_without_a_look "after a crash what may have been sent is sent" "--faults 0 --dedupe none")
mutant_replace(resumed_without_a_look services/execution.cpp
  [[    if (auto recovered = desk_.recover(ticket); !recovered) return recovered;]]
  [[    if (ticket.report.state == OrderState::sending) ticket.report.state = OrderState::intent;]])
crash_build(resumed_without_a_look)

mutant(published_before_the_end "the decision has its name before the journal knows its seal" "--faults 0")
mutant_replace(published_before_the_end services/pipeline_end.cpp
  [[  if (auto written = parts().store.finish_run(]]
  [[  if (auto published = parts().decisions.publish(ended.id); !published) return published;
  if (auto written = parts().store.finish_run(]])
crash_build(published_before_the_end)

mutant(decision_not_synced "the decision is written and not synced" "--mode power --faults 0")
mutant_replace(decision_not_synced adapters/system/decision_files.cpp
  [[if (done && operations_.fsync(descriptor) != 0)]] [[if (false)]])
crash_build(decision_not_synced)

mutant(sent_all_the_same "the order leaves though the journal could not write it" "--mode error --stride 7")
mutant_replace(sent_all_the_same services/order_desk.cpp
  [[    gate_.give_back(*std::move(pass));
    return written;
  }
  ticket.sent = true;]]
  [[    ticket.report.state = OrderState::sending;
  }
  ticket.sent = true;]])
crash_build(sent_all_the_same)
