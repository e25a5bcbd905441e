# Links each file and folder of the package FROM into the folder TO, so that an edit shows at once.
file(MAKE_DIRECTORY ${TO})
file(GLOB entries RELATIVE ${FROM} ${FROM}/*)
foreach(entry ${entries})
  if(NOT entry STREQUAL "__pycache__")
    file(CREATE_LINK ${FROM}/${entry} ${TO}/${entry} SYMBOLIC)
  endif()
endforeach()
