# The planted mistakes: each a real source with a piece of text replaced, in a program of its own. A piece that is not
# there exactly once stops the configuration, so that a mutant cannot quietly turn into the original.
#   crash_mutant(NAME "what was done wrong" "options of the trials that must catch it")
#   crash_replace(NAME SOURCE FROM TO)   as often as needed
#   crash_build(NAME)

set(crash_mutants "" CACHE INTERNAL "")
set(crash_mutant_table ${CMAKE_CURRENT_BINARY_DIR}/mutants.txt)
file(WRITE ${crash_mutant_table} "")

macro(crash_mutant name mistake options)
  set(crash_sources_${name} "")
  file(APPEND ${crash_mutant_table} "${name}|${options}|${mistake}\n")
endmacro()

function(crash_replace name source from to)
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${source})
  set(original ${PROJECT_SOURCE_DIR}/src/${source})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${original})
  if(source IN_LIST crash_sources_${name})
    set(text "${crash_text_${name}_${source}}")
  else()
    file(READ ${original} text)
    list(APPEND crash_sources_${name} ${source})
    set(crash_sources_${name} "${crash_sources_${name}}" PARENT_SCOPE)
  endif()
  string(FIND "${text}" "${from}" first)
  string(FIND "${text}" "${from}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "tests/crash/mutants.cmake, ${name}: this is not in src/${source} exactly once:\n${from}")
  endif()
  string(REPLACE "${from}" "${to}" text "${text}")
  set(crash_text_${name}_${source} "${text}" PARENT_SCOPE)
endfunction()

function(crash_build name)
  set(copies "")
  foreach(source IN LISTS crash_sources_${name})
    set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${source})
    set(text "${crash_text_${name}_${source}}")
    set(there "")
    if(EXISTS ${copy})
      file(READ ${copy} there)
    endif()
    if(NOT "${there}" STREQUAL "${text}")
      file(WRITE ${copy} "${text}")  # only when it changed, or it would be compiled every time
    endif()
    list(APPEND copies ${copy})
  endforeach()
  # The program's own object files come first, so the original in its library is not taken.
  add_executable(crash_trials_${name} $<TARGET_OBJECTS:crash_harness> ${copies})
  target_link_libraries(crash_trials_${name} PRIVATE ${crash_links} SQLiteCpp SQLite::SQLite3)
  target_compile_options(crash_trials_${name} PRIVATE -march=x86-64-v2 -w)
  set(crash_mutants ${crash_mutants} crash_trials_${name} CACHE INTERNAL "")
endfunction()

crash_mutant(new_id_per_attempt "a copy goes out under a new client id" "--faults 20 --lookup by_client_id")
crash_replace(new_id_per_attempt services/order_desk.cpp
  [[Result<void> OrderDesk::submit_again(Ticket& ticket) {]]
  [[Result<void> OrderDesk::submit_again(Ticket& ticket) {
  ticket.order.client_id += "x";]])
crash_build(new_id_per_attempt)

crash_mutant(sent_before_written "the order leaves before the journal says that it may have" "--faults 0 --dedupe none")
crash_replace(sent_before_written services/order_desk.cpp
  [[  if (auto written = set_state(ticket, OrderState::sending, ""); !written) {
    gate_.give_back(*std::move(pass));
    return written;
  }
]] "")
crash_replace(sent_before_written services/order_desk.cpp
  [[  return answer(ticket, gate_.submit(ticket.order, *std::move(pass)));
}

Result<void> OrderDesk::recover]]
  [[  const auto told = gate_.submit(ticket.order, *std::move(pass));
  if (auto written = set_state(ticket, OrderState::sending, ""); !written) return written;
  return answer(ticket, told);
}

Result<void> OrderDesk::recover]])
crash_build(sent_before_written)

crash_mutant(unknown_is_rejected "no answer is taken for a no" "--faults 20 --lookup by_client_id")
crash_replace(unknown_is_rejected services/order_desk.cpp
  [[  const bool definite = error.code == ErrorCode::rejected || error.code == ErrorCode::invalid;]]
  [[  const bool definite = error.code != ErrorCode::exhausted && error.code != ErrorCode::conflict;]])
crash_build(unknown_is_rejected)

crash_mutant(weaker_sync "the journal is synced as a cache would be" "--mode power --faults 0 --dedupe none")
crash_replace(weaker_sync adapters/sqlite/migrations.cpp
  [[database.exec("PRAGMA synchronous = EXTRA");]] [[database.exec("PRAGMA synchronous = NORMAL");]])
crash_replace(weaker_sync adapters/sqlite/run_store.cpp [[{"PRAGMA synchronous", "3"}]] [[{"PRAGMA synchronous", "1"}]])
crash_build(weaker_sync)

crash_mutant(no_look_before_sending_again "a copy goes out without a look for the first" "--faults 20 --dedupe none --lookup by_client_id")
crash_replace(no_look_before_sending_again services/order_desk.cpp
  [[  using Lookup = BrokerCapabilities::Lookup;
  if (capabilities_.lookup != Lookup::none) {
    auto found]]
  [[  using Lookup = BrokerCapabilities::Lookup;
  if (ticket.copies < settings_.copies_max) return submit_again(ticket);
  if (capabilities_.lookup != Lookup::none) {
    auto found]])
crash_build(no_look_before_sending_again)

crash_mutant(one_look_is_proof "not found once is taken for never arrived" "--faults 20 --dedupe none --lookup by_client_id")
crash_replace(one_look_is_proof services/order_desk.cpp
  [[    if (patience == Patience::first_answer) {]]
  [[    if (patience == Patience::first_answer || *found == Found::no) {]])
crash_build(one_look_is_proof)

crash_mutant(fills_counted_again "a fill that is told again is applied again" "--faults 0")
crash_replace(fills_counted_again adapters/sqlite/journal_orders.cpp
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

crash_mutant(partial_is_filled "some of it is taken for all of it" "--faults 0")
crash_replace(partial_is_filled services/order_desk.cpp
  [[  const bool news = report.state]]
  [[  if (report.state == OrderState::partial) report.state = OrderState::filled;
  const bool news = report.state]])
crash_build(partial_is_filled)

crash_mutant(id_used_twice "an id does not depend on the run, so another run's order gets it again" "--faults 60")
crash_replace(id_used_twice services/executor.cpp
  [[client_order_id(request.run_id, planned.symbol]]
  [[client_order_id("00000000000000000000000000000000", planned.symbol]])
crash_build(id_used_twice)

crash_mutant(nothing_settled_at_start "what an earlier run left open is not looked at" "--faults 60")
crash_replace(nothing_settled_at_start services/pipeline_begin.cpp
  [[if (auto settled = settle_the_rest(interrupted_before); !settled) return settled;]]
  [[]])
crash_build(nothing_settled_at_start)

crash_mutant(resumed_without_a_look "after a crash what may have been sent is sent" "--faults 0 --dedupe none")
crash_replace(resumed_without_a_look services/execution.cpp
  [[    if (auto recovered = desk_.recover(ticket); !recovered) return recovered;]]
  [[    if (ticket.report.state == OrderState::sending) ticket.report.state = OrderState::intent;]])
crash_build(resumed_without_a_look)

crash_mutant(published_before_the_end "the decision has its name before the journal knows its seal" "--faults 0")
crash_replace(published_before_the_end services/pipeline_end.cpp
  [[  if (auto written = parts().store.finish_run(]]
  [[  if (auto published = parts().decisions.publish(ended.id); !published) return published;
  if (auto written = parts().store.finish_run(]])
crash_build(published_before_the_end)

crash_mutant(decision_not_synced "the decision is written and not synced" "--mode power --faults 0")
crash_replace(decision_not_synced adapters/system/decision_files.cpp
  [[if (done && operations_.fsync(descriptor) != 0)]] [[if (false)]])
crash_build(decision_not_synced)

crash_mutant(sent_all_the_same "the order leaves though the journal could not write it" "--mode error --stride 7")
crash_replace(sent_all_the_same services/order_desk.cpp
  [[    gate_.give_back(*std::move(pass));
    return written;
  }
  ticket.sent = true;]]
  [[    ticket.report.state = OrderState::sending;
  }
  ticket.sent = true;]])
crash_build(sent_all_the_same)
