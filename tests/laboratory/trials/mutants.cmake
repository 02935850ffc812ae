# Planted mistakes (cmake/mutants.cmake) in the program or in one plugin of a broker. Each mutant has a folder with
# bin/rebalancer and plugins/, as an installation has, so that the program finds its own plugins.
include(${PROJECT_SOURCE_DIR}/cmake/mutants.cmake)

set(laboratory_mutants ${CMAKE_CURRENT_BINARY_DIR}/mutants)
set(laboratory_plugins ${CMAKE_BINARY_DIR}/plugins)
add_custom_target(laboratory_mutants ALL)

# The whole program with the copies before its libraries, and the plugins as they are.
function(laboratory_program name)
  mutant_sources(${name} copies)
  set(target laboratory_${name})
  add_executable(${target} ${PROJECT_SOURCE_DIR}/src/main.cpp ${copies})
  target_link_libraries(${target} PRIVATE rebalancer_app SQLiteCpp SQLite::SQLite3)
  target_compile_options(${target} PRIVATE -march=x86-64-v2 -w)
  target_link_options(${target} PRIVATE -s)  # nobody debugs it, and what a debugger needs is most of it
  set_target_properties(${target} PROPERTIES OUTPUT_NAME rebalancer
    RUNTIME_OUTPUT_DIRECTORY ${laboratory_mutants}/${name}/bin)
  file(MAKE_DIRECTORY ${laboratory_mutants}/${name})
  file(CREATE_LINK ${laboratory_plugins} ${laboratory_mutants}/${name}/plugins SYMBOLIC)
  add_dependencies(laboratory_mutants ${target})
endfunction()

# The plugin BROKER with the copies in place of its own sources, before the library that brokers share; the program as it
# is. A program asks the system where it is, so a symbolic link to it would find the plugins beside the original.
function(laboratory_plugin name broker)
  mutant_sources(${name} copies)
  set(target laboratory_${name})
  set(original brokers_${broker})
  set(folder ${laboratory_mutants}/${name})
  get_target_property(sources ${original} SOURCES)
  foreach(copy IN LISTS copies)
    file(RELATIVE_PATH source ${laboratory_mutants}/${name} ${copy})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/${source})
  endforeach()
  add_library(${target} MODULE ${copies} ${sources})
  target_link_libraries(${target} PRIVATE $<TARGET_PROPERTY:${original},LINK_LIBRARIES>)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/plugins/brokers/${broker}
    $<TARGET_PROPERTY:${original},INCLUDE_DIRECTORIES>)
  target_compile_options(${target} PRIVATE -w)
  target_link_options(${target} PRIVATE $<TARGET_PROPERTY:${original},LINK_OPTIONS>)
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${broker}
    LIBRARY_OUTPUT_DIRECTORY ${folder}/plugins)
  set(links "")
  foreach(other providers_csv strategies_equal_weight)
    list(APPEND links COMMAND ${CMAKE_COMMAND} -E rm -f ${folder}/plugins/$<TARGET_FILE_NAME:${other}>
      COMMAND ${CMAKE_COMMAND} -E create_hardlink $<TARGET_FILE:${other}>
        ${folder}/plugins/$<TARGET_FILE_NAME:${other}>)
  endforeach()
  add_custom_command(OUTPUT ${folder}/bin/rebalancer
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}/bin ${folder}/plugins ${links}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${folder}/bin/rebalancer
    COMMAND ${CMAKE_COMMAND} -E create_hardlink $<TARGET_FILE:rebalancer> ${folder}/bin/rebalancer
    DEPENDS rebalancer providers_csv strategies_equal_weight VERBATIM)
  add_custom_target(${target}_folder DEPENDS ${folder}/bin/rebalancer)
  add_dependencies(laboratory_mutants ${target} ${target}_folder)
endfunction()

mutant(post_repeated "a POST is repeated like a GET, where a copy is refused" "--broker alpaca")
mutant_replace(post_repeated adapters/https/retry_policy.cpp
  [[if (method != "GET" && method != "HEAD") return std::nullopt;]] [[]])
laboratory_program(post_repeated)

mutant(new_id_per_attempt "a copy goes out under a new id" "--broker alpaca")
mutant_replace(new_id_per_attempt services/order_desk.cpp
  [[Result<void> OrderDesk::submit_again(Ticket& ticket) {]]
  [[Result<void> OrderDesk::submit_again(Ticket& ticket) {
  ticket.order.client_id += "x";]])
laboratory_program(new_id_per_attempt)

mutant(one_look_is_proof "not found once is taken for never arrived" "--broker alpaca")
mutant_replace(one_look_is_proof services/order_desk.cpp
  [[    if (*found == Found::silent) {
      tell(EventLevel::error, "order_ambiguous", ticket, "the broker]]
  [[    if (*found == Found::no) return conclude_absent(ticket, Absence::never_arrived);
    if (*found == Found::silent) {
      tell(EventLevel::error, "order_ambiguous", ticket, "the broker]])
laboratory_program(one_look_is_proof)

mutant(fills_counted_again "a fill that is told again is applied again" "--broker alpaca")
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
laboratory_program(fills_counted_again)

mutant(failure_is_refusal "a server's failure is taken for a no" "--broker alpaca")
mutant_replace(failure_is_refusal plugins/support/broker_http.cpp
  [[asked == Asked::act ? sdk::Failure(RB_TIMEOUT, sentence("the server failed]]
  [[asked == Asked::act ? sdk::Failure(RB_REJECTED, sentence("the server failed]])
laboratory_plugin(failure_is_refusal alpaca)

mutant(repeated_after_silence "an order without a clear answer is sent again at once" "--broker trading212")
mutant_replace(repeated_after_silence plugins/brokers/trading212/client.cpp
  [[    return send(endpoint, method, std::string(prefix) + path, body);
  } catch (const sdk::Failure& failure) {]]
  [[    sdk::HttpResponse response = send(endpoint, method, std::string(prefix) + path, body);
    if (response.status < 500) return response;
    return send(endpoint, method, std::string(prefix) + path, body);
  } catch (const sdk::Failure& failure) {
    if (failure.code() == RB_TIMEOUT) return send(endpoint, method, std::string(prefix) + path, body);]])
laboratory_plugin(repeated_after_silence trading212)

mutant(one_look_without_ids "not seen once is taken for never arrived, where no id can be asked for"
  "--broker trading212 --seed 9")
mutant_replace(one_look_without_ids plugins/brokers/trading212/orders.cpp
  [[look->second.at - entry.absent_since >= settle_ns_;]] [[true;]])
mutant_replace(one_look_without_ids plugins/brokers/trading212/trading212.cpp
  [[out.lookup_lag_s = static_cast<std::uint32_t>((lag_ns + second_ns - 1) / second_ns);]] [[out.lookup_lag_s = 0;]])
mutant_replace(one_look_without_ids plugins/brokers/trading212/trading212.cpp
  [[orders_.identify(entry, Orders::Look::fresh);]] [[orders_.identify(entry, Orders::Look::recent);]])
laboratory_plugin(one_look_without_ids trading212)

mutant(ids_not_kept "order ids are the gateway's alone, and after its restart it gives them out again"
  "--broker interactive_brokers")
mutant_replace(ids_not_kept plugins/brokers/interactive_brokers/ids.cpp [[  replace(file_, text);]] [[]])
mutant_replace(ids_not_kept plugins/brokers/interactive_brokers/session.cpp
  [[  ids_.raise(std::int64_t{book_.highest_order_id()} + 1);]] [[]])
laboratory_plugin(ids_not_kept interactive_brokers)
