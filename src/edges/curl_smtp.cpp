// SPDX-License-Identifier: MIT
// SMTP by libcurl.
#include "edges/curl_smtp.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "edges/curl_library.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

struct Place {
    std::string shown;  ///< "smtp://host:port"
    bool loopback = false;
};

Result<Place> place_of(const std::string& text) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
    const bool read = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
    const auto scheme = read ? url_part(url.get(), CURLUPART_SCHEME) : "";
    if ((scheme != "smtp" && scheme != "smtps") || !url_part(url.get(), CURLUPART_USER).empty() ||
        !url_part(url.get(), CURLUPART_PASSWORD).empty())
        return Error{ErrorKind::config, "no mail is sent there", "it is no smtp or smtps address without credentials",
                     "correct notify.smtp"};
    const auto host = url_part(url.get(), CURLUPART_HOST), port = url_part(url.get(), CURLUPART_PORT);
    const bool numbers = host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
    return Place{clean_line(scheme + "://" + host + (port.empty() ? "" : ":" + port), 200),
                 numbers || host == "localhost" || host == "[::1]"};
}

bool is_plain(std::string_view address) {
    return !address.empty() && address.find_first_of("<> \"\\") == std::string_view::npos &&
           std::all_of(address.begin(), address.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::size_t give(char* buffer, std::size_t size, std::size_t count, void* user) {
    auto& rest = *static_cast<std::string_view*>(user);
    const auto length = std::min(size * count, rest.size());
    std::memcpy(buffer, rest.data(), length);
    rest.remove_prefix(length);
    return length;
}

void prepare(CURL* easy, const Mail& mail, const Place& place, std::chrono::milliseconds limit,
             const SmtpOptions& options) {
    const auto set = [easy](CURLoption option, auto value) {
        LOCKSTEP_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
    };
    const auto most = std::max<long>(1, static_cast<long>(limit.count()));
    set(CURLOPT_URL, mail.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_TIMEOUT_MS, most);
    set(CURLOPT_CONNECTTIMEOUT_MS, most);
    set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
    const bool verify = !(place.loopback && options.trust_loopback);
    set(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &give);
}

}  // namespace

Result<void> send_mail(const Mail& mail, std::chrono::milliseconds limit, const SmtpOptions& options) {
    LOCKSTEP_TRY(const auto place, place_of(mail.url));
    if (!is_plain(mail.from) || mail.to.empty() || !std::all_of(mail.to.begin(), mail.to.end(), is_plain))
        return Error{ErrorKind::config, "no mail is sent", "an address of sender or reader holds odd characters",
                     "correct notify.mail_from and notify.mail_to"};
    start_curl();
    const Easy easy(curl_easy_init(), &curl_easy_cleanup);
    LOCKSTEP_CHECK(easy != nullptr);
    List readers(nullptr, &curl_slist_free_all);
    for (const auto& address : mail.to) {
        auto* longer = curl_slist_append(readers.get(), ("<" + address + ">").c_str());
        LOCKSTEP_CHECK(longer != nullptr);
        static_cast<void>(readers.release());
        readers.reset(longer);
    }
    std::string_view rest = mail.text;
    std::array<char, CURL_ERROR_SIZE> detail{};
    prepare(easy.get(), mail, place, limit, options);
    const std::string from = "<" + mail.from + ">";
    LOCKSTEP_CHECK(curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, from.c_str()) == CURLE_OK);
    LOCKSTEP_CHECK(curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, readers.get()) == CURLE_OK);
    LOCKSTEP_CHECK(curl_easy_setopt(easy.get(), CURLOPT_READDATA, &rest) == CURLE_OK);
    LOCKSTEP_CHECK(curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail.data()) == CURLE_OK);
    const auto code = curl_easy_perform(easy.get());
    if (code == CURLE_OK) return {};
    long answer = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer);
    const auto what = fmt::format("the mail was not taken by {}", place.shown);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return Error{ErrorKind::infrastructure, what, "it took longer than " + format_duration(limit), ""};
    const auto why = clean_line(detail[0] == '\0' ? curl_easy_strerror(code) : detail.data(), 300);
    const bool for_good = answer >= 500 && answer < 600;
    return Error{for_good ? ErrorKind::credentials : ErrorKind::infrastructure, what, why,
                 for_good ? "check notify.mail_from and notify.mail_to" : ""};
}

}  // namespace lockstep
