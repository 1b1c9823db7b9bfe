// SPDX-License-Identifier: MIT
// Starting them.
#include "support/local_sinks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace lockstep::test {

namespace fs = std::filesystem;

namespace {

/// Debian's own Python: aiosmtpd is a package of it.
constexpr const char* k_python = "/usr/bin/python3";

constexpr const char* k_mail_server = R"(
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP

port, folder, refused, certificate = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
count = 0

class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == refused:
            return '550 nobody here has that name'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        global count
        count += 1
        head = 'from ' + envelope.mail_from + '\n' + ''.join('to ' + a + '\n' for a in envelope.rcpt_tos)
        name = '%s/mail-%03d' % (folder, count)
        with open(name + '.new', 'wb') as out:
            out.write(head.encode() + b'tls ' + str(session.ssl is not None).encode() + b'\n\n' + envelope.content)
        import os
        os.rename(name + '.new', name)
        return '250 taken'

context = None
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder + '/key.pem')

async def serve():
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(Keep(), tls_context=context, require_starttls=context is not None, enable_SMTPUTF8=False, loop=loop)
    server = await loop.create_server(make, '127.0.0.1', port)
    await server.serve_forever()

asyncio.run(serve())
)";

}  // namespace

void LocalSink::start(std::vector<std::string> argv, int port, const Env& env) {
    const auto program = argv.front().find('/') == std::string::npos ? find_program(argv.front()) : argv.front();
    if (program.empty() || !fs::exists(program)) {
        ADD_FAILURE() << argv.front() << " is not installed: scripts/setup does it";
        return;
    }
    argv.front() = program;
    // The port is chosen before the server binds it, so another program may take it in between.
    for (int attempt = 0; attempt < 5; ++attempt) {
        port_ = port != 0 ? port : free_port();
        auto command = argv;
        for (auto& word : command)
            if (const auto at = word.find("PORT"); at != std::string::npos) word.replace(at, 4, std::to_string(port_));
        server_ = std::make_unique<LocalServer>(command, env, dir_ / "log");
        for (int i = 0; i < 400 && server_->running(); ++i)
            if (wait_for_port(port_, std::chrono::milliseconds(50)) && server_->running()) return;
    }
    ADD_FAILURE() << argv.front() << " does not come up:\n" << log();
    server_.reset();
}

MailServer::MailServer(int port, const std::string& refused, bool tls) {
    write_file(dir_ / "server.py", k_mail_server);
    if (tls) {
        const auto made =
            run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                 (dir_ / "key.pem").string(), "-out", certificate()});
        if (!made.ok()) ADD_FAILURE() << "openssl: " << made.err;
    }
    start({k_python, (dir_ / "server.py").string(), "PORT", dir_.path().string(), refused, tls ? certificate() : ""},
          port, {{"PYTHONUNBUFFERED", "1"}});
}

std::string MailServer::url(const std::string& host) const {
    return "smtp://" + host + ":" + std::to_string(port_);
}

std::vector<std::string> MailServer::mails() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(dir_.path()))
        if (const auto name = entry.path().filename().string(); name.starts_with("mail-") && !name.ends_with(".new"))
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<std::string> mails;
    for (const auto& file : files) mails.push_back(read_file(file));
    return mails;
}

NatsServer::NatsServer(int port, const std::string& denied) {
    write_file(dir_ / "nats.conf", denied.empty()
                                       ? ""
                                       : "authorization {\n  default_permissions = { publish = { deny = [\"" + denied +
                                             "\"] } }\n  users = [ { user: x, password: x } ]\n}\n"
                                             "no_auth_user: x\n");
    start({"nats-server", "-a", "127.0.0.1", "-p", "PORT", "-c", (dir_ / "nats.conf").string(), "-V"}, port);
}

std::vector<std::string> NatsServer::messages() const {
    std::vector<std::string> found;
    const auto text = log();
    for (auto at = text.find("<<- "); at != std::string::npos; at = text.find("<<- ", at + 1)) {
        const auto line = text.substr(at + 4, text.find('\n', at) - at - 4);
        if (line.starts_with("[PUB ") || line.starts_with("[HPUB ") || line.starts_with("MSG_PAYLOAD"))
            found.push_back(line);
    }
    return found;
}

Pushgateway::Pushgateway(int port) {
    start({"prometheus-pushgateway", "--web.listen-address=127.0.0.1:PORT"}, port);
}

}  // namespace lockstep::test
