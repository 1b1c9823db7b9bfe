// SPDX-License-Identifier: MIT
#include "fuzz/support/well_formed_xml.hpp"

#include <expat.h>

#include <memory>

namespace lockstep::fuzz {

std::optional<std::string> xml_content(std::string_view document) {
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate("UTF-8"),
                                                                              &XML_ParserFree);
    std::string content;
    XML_SetUserData(parser.get(), &content);
    XML_SetElementHandler(
        parser.get(),
        [](void* into, const XML_Char*, const XML_Char** attributes) {
            for (; *attributes != nullptr; attributes += 2) *static_cast<std::string*>(into) += attributes[1];
        },
        [](void*, const XML_Char*) {});
    XML_SetCharacterDataHandler(parser.get(), [](void* into, const XML_Char* text, int length) {
        static_cast<std::string*>(into)->append(text, static_cast<std::size_t>(length));
    });
    if (XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), XML_TRUE) != XML_STATUS_OK)
        return std::nullopt;
    return content;
}

}  // namespace lockstep::fuzz
