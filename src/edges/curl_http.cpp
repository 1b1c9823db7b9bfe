// SPDX-License-Identifier: MIT
// HTTP by libcurl (7.85 or newer; 7.88 is Debian 12's).
#include "edges/curl_http.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "edges/curl_library.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_most_header_bytes = 256U << 10U;

struct Address {
    std::string scheme, host, shown;  ///< shown: scheme://host[:port], without credentials
    bool has_credentials = false;
};

/// Taken apart by libcurl itself, so that what is checked is what is used.
std::optional<Address> parse_address(const std::string& text) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) return {};
    Address address{url_part(url.get(), CURLUPART_SCHEME), url_part(url.get(), CURLUPART_HOST), "", false};
    const auto port = url_part(url.get(), CURLUPART_PORT);
    address.shown = clean_line(address.scheme + "://" + address.host + (port.empty() ? "" : ":" + port), 200);
    address.has_credentials =
        !url_part(url.get(), CURLUPART_USER).empty() || !url_part(url.get(), CURLUPART_PASSWORD).empty();
    return address;
}

bool is_loopback(const std::string& host) {
    const bool numbers = host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
    return numbers || host == "localhost" || host == "[::1]";
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

Error refused_to_send(const std::string& where, const std::string& why, const std::string& hint) {
    return {ErrorKind::config, "no request is sent to " + where, why, hint};
}

/// What must hold before a single byte leaves the machine.
Result<Address> check_request(const HttpRequest& request, const CurlHttp::Options& options) {
    const auto address = parse_address(request.url);
    const std::string hint = "correct " + options.address_key;
    if (!address || has_control(request.url)) return refused_to_send("that address", "it is not a web address", hint);
    if (address->scheme != "https" && address->scheme != "http")
        return refused_to_send(address->shown, "only https and http are spoken", hint);
    if (address->has_credentials)
        return refused_to_send(address->shown, "the address holds a user name or password", hint);
    bool authorized = false;
    for (const auto& [name, value] : request.headers) {
        if (has_control(name) || has_control(value))
            return refused_to_send(address->shown, "a header holds a control character",
                                   "check the token file for a line break inside the token");
        authorized = authorized || lower(name) == "authorization";
    }
    if (authorized && address->scheme == "http" && !is_loopback(address->host) && !options.allow_plain_http)
        return refused_to_send(address->shown, "the token would cross the network unencrypted",
                               "use an https:// address, or allow plain http explicitly");
    return *address;
}

/// What arrives, with its bounds.
struct Incoming {
    HttpResponse response;
    std::size_t max_body = 0, header_bytes = 0;
    bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& incoming = *static_cast<Incoming*>(user);
    const auto length = size * count;
    if (length > incoming.max_body - incoming.response.body.size()) {
        incoming.too_large = true;
        return 0;  // anything but `length` ends the transfer
    }
    incoming.response.body.append(data, length);
    return length;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& incoming = *static_cast<Incoming*>(user);
    const std::string_view line(data, size * count);
    incoming.header_bytes += line.size();
    if (incoming.header_bytes > k_most_header_bytes) {
        incoming.too_large = true;
        return 0;
    }
    if (line.substr(0, 5) == "HTTP/") {  // interim answers come before the real one
        incoming.response.headers.clear();
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        incoming.response.headers.emplace_back(lower(trim(line.substr(0, colon))),
                                               std::string(trim(line.substr(colon + 1))));
    }
    return line.size();
}

std::string hint_for(CURLcode code) {
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return "give the certificate authority of the server to this machine, or name its file; verification "
                   "cannot "
                   "be switched off";
        case CURLE_COULDNT_RESOLVE_HOST:
            return "check the host name, the network and the name servers";
        case CURLE_COULDNT_RESOLVE_PROXY:
            return "check the proxy variables of the environment";
        case CURLE_COULDNT_CONNECT:
            return "check that the server runs and can be reached from here";
        default:
            return "";
    }
}

}  // namespace

struct CurlHttp::Handle {
    CURL* easy = nullptr;
    std::array<char, CURL_ERROR_SIZE> error{};

    Handle() {
        start_curl();
        easy = curl_easy_init();
        LOCKSTEP_CHECK(easy != nullptr);
    }
    ~Handle() { curl_easy_cleanup(easy); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    template <class T>
    void set(CURLoption option, T value) {
        LOCKSTEP_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
    }

    void prepare(const HttpRequest& request, const Address& address, const Options& options, curl_slist* headers,
                 Incoming& incoming);
};

void CurlHttp::Handle::prepare(const HttpRequest& request, const Address& address, const Options& options,
                               curl_slist* headers, Incoming& incoming) {
    curl_easy_reset(easy);  // keeps connections and caches
    error.fill('\0');
    const auto timeout = std::max<long>(1, static_cast<long>(request.timeout.count()));
    set(CURLOPT_ERRORBUFFER, error.data());
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_TIMEOUT_MS, timeout);
    set(CURLOPT_CONNECTTIMEOUT_MS, std::min<long>(timeout, static_cast<long>(options.connect_timeout.count())));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (is_loopback(address.host)) set(CURLOPT_PROXY, "");
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &incoming);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &incoming);
    if (request.method == "GET") return;
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.data());
    }
    // On a kept connection that turns out dead, libcurl repeats a request by itself. What creates must not be repeated.
    if (request.method == "POST") set(CURLOPT_FRESH_CONNECT, 1L);
    if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

namespace {

int when_interrupted(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

}  // namespace

CurlHttp::CurlHttp(Options options) : options_(std::move(options)), handle_(std::make_unique<Handle>()) {}
CurlHttp::~CurlHttp() = default;

Result<HttpResponse> CurlHttp::send(const HttpRequest& request) {
    LOCKSTEP_TRY(const auto address, check_request(request, options_));
    using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
    List headers(nullptr, &curl_slist_free_all);
    const auto add = [&](const std::string& line) {
        auto* longer = curl_slist_append(headers.get(), line.c_str());
        LOCKSTEP_CHECK(longer != nullptr);
        static_cast<void>(headers.release());
        headers.reset(longer);
    };
    add("Expect:");  // waiting for "100 Continue" costs a second with servers that do not know it
    for (const auto& [name, value] : request.headers) add(value.empty() ? name + ";" : name + ": " + value);
    Incoming incoming;
    incoming.max_body = request.max_body;
    handle_->prepare(request, address, options_, headers.get(), incoming);
    handle_->set(CURLOPT_XFERINFOFUNCTION, &when_interrupted);
    handle_->set(CURLOPT_XFERINFODATA, &interrupted_);
    handle_->set(CURLOPT_NOPROGRESS, 0L);
    const auto code = curl_easy_perform(handle_->easy);
    const auto failed = [&](const std::string& why, const std::string& hint) {
        return Error{ErrorKind::infrastructure, fmt::format("no answer from {}", address.shown), why, hint};
    };
    if (incoming.too_large)
        return failed(fmt::format("the answer is larger than {} bytes", request.max_body),
                      "check what serves this address");
    if (code == CURLE_ABORTED_BY_CALLBACK) return failed("the request was interrupted", "");
    if (code != CURLE_OK) {
        const std::string detail = handle_->error.data();
        return failed(clean_line(detail.empty() ? curl_easy_strerror(code) : detail, 300), hint_for(code));
    }
    long status = 0;
    curl_easy_getinfo(handle_->easy, CURLINFO_RESPONSE_CODE, &status);
    incoming.response.status = static_cast<int>(status);
    return std::move(incoming.response);
}

}  // namespace lockstep
