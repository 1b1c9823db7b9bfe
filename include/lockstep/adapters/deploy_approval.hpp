// SPDX-License-Identifier: MIT
// Signing and checking approvals as a translator: ssh-keygen -Y (OpenSSH 8.2 and newer; seen on 9.2). Texts travel by
// standard input; the signature has to be a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lockstep/ports/process.hpp"

namespace lockstep::deploy {

/// The armoured signature comes on standard output. `key`: a private key, or a public one whose private half an agent
/// holds. Asks for no passphrase.
[[nodiscard]] Command approval_sign_command(const std::string& key, const std::string& text);

/// Whether the signature belongs to the text at all, whoever made it.
[[nodiscard]] Command signature_check_command(const std::string& signature_file, const std::string& text);

/// Whether `approvers` lets this principal sign approvals with the key of the signature, now.
/// Precondition: is_principal(principal).
[[nodiscard]] Command signature_verify_command(const std::string& approvers_file, const std::string& principal,
                                               const std::string& signature_file, const std::string& text);

/// Who may have signed, by the file of approvers: names on standard output.
[[nodiscard]] Command signature_principals_command(const std::string& approvers_file,
                                                   const std::string& signature_file);

/// The key's fingerprint out of "Good "…" signature … with ED25519 key SHA256:…"; nullopt: it does not say so.
[[nodiscard]] std::optional<std::string> parse_good_signature(std::string_view out);

}  // namespace lockstep::deploy
