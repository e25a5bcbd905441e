# Runs PROGRAM on an empty folder of its own.
file(REMOVE_RECURSE ${FOLDER} ${FOLDER}.pack ${FOLDER}.files)
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} ${FOLDER} RESULT_VARIABLE result)
file(REMOVE_RECURSE ${FOLDER} ${FOLDER}.pack ${FOLDER}.files)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "failed: ${result}")
endif()
