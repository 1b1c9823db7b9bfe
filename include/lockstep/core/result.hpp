// SPDX-License-Identifier: MIT
// Environment failures travel as values. A Result holds either a value or an Error, never neither:
// std::expected does not work across g++ 12 and clang-tidy 14, so this is the subset that we use.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace lockstep {

/// Which of the documented endings an environment failure leads to (see exit_code.hpp).
enum class ErrorKind {
    usage,           ///< the command line is wrong (64)
    config,          ///< the configuration, flake or repository is wrong (78)
    credentials,     ///< somebody refused us: token, ssh key, permission (41)
    infrastructure,  ///< network, forge, Nix daemon, disk (40)
    base_moved,      ///< the base branch is not where the run started (30)
    base_refused,    ///< the base branch is protected, rewritten or gone (31)
    locked,          ///< another run holds the lock (75)
    interrupted,     ///< somebody asked us to stop (130 or 143)
    internal,        ///< a bug (70)
};

/// What failed, why, and what to do next. All three are text for people, without a trailing newline;
/// `why` may hold several lines of foreign text (sanitise before printing), `hint` may be empty.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string what;
    std::string why;
    std::string hint;

    bool operator==(const Error&) const = default;
};

/// A value or an Error.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// Precondition: ok().
    [[nodiscard]] T& value() & { return std::get<0>(state_); }
    [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }

    /// Precondition: !ok().
    [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const Error& error() const& { return *error_; }
    [[nodiscard]] Error&& error() && { return std::move(*error_); }

private:
    std::optional<Error> error_;
};

}  // namespace lockstep

#define LOCKSTEP_CONCAT_INNER(a, b) a##b
#define LOCKSTEP_CONCAT(a, b) LOCKSTEP_CONCAT_INNER(a, b)

/// `LOCKSTEP_TRY(auto x, f());` binds x to f()'s value or returns f()'s Error from this function.
#define LOCKSTEP_TRY(declaration, expression)                                                             \
    auto LOCKSTEP_CONCAT(try_, __LINE__) = (expression);                                                  \
    if (!LOCKSTEP_CONCAT(try_, __LINE__).ok()) return std::move(LOCKSTEP_CONCAT(try_, __LINE__)).error(); \
    declaration = std::move(LOCKSTEP_CONCAT(try_, __LINE__)).value()

/// The same for Result<void>.
#define LOCKSTEP_TRY_VOID(expression) \
    if (auto try_void_result = (expression); !try_void_result.ok()) return std::move(try_void_result).error()
