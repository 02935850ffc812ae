# What `cmake --install` leaves behind: the program and its plugins (each target installs itself), the SDK with its CMake
# package, the sample configuration and the documentation.
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/rebalancer)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/sdk/rebalancer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set_target_properties(rebalancer_sdk PROPERTIES EXPORT_NAME sdk)
install(TARGETS rebalancer_sdk EXPORT rebalancerTargets)
install(EXPORT rebalancerTargets NAMESPACE rebalancer:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rebalancerConfig.cmake.in
  ${PROJECT_BINARY_DIR}/rebalancerConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rebalancerConfigVersion.cmake
  COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/rebalancerConfig.cmake ${PROJECT_BINARY_DIR}/rebalancerConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/add_plugin.cmake ${PROJECT_SOURCE_DIR}/cmake/embed_schema.cmake DESTINATION ${package})

install(FILES ${PROJECT_SOURCE_DIR}/config.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/rebalancer OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
  OPTIONAL)
