// JSON as hr_doctor and hr_schema write it: objects built up as text.
#pragma once

#include <string>
#include <string_view>

namespace headrace::capi {

// A JSON string.
std::string Quoted(std::string_view text);
// Adds a member, whose value is JSON already, to an object that began with "{".
void AddMember(std::string* json, std::string_view key, const std::string& value);

}  // namespace headrace::capi
