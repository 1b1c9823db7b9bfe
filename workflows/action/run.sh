#!/usr/bin/env bash
# The step of the composite action: uses the lockstep on PATH, or builds it from the sources that the action came with.
set -euo pipefail
case "$COMMAND" in
    run | plan | build) ;;
    *) echo "the action knows run, plan and build, not $COMMAND" >&2; exit 64 ;;
esac
args=("$COMMAND")
if [ "$COMMAND" = run ] && [ "${DRY_RUN:-false}" = true ]; then args+=(--dry-run); fi
if [ "$COMMAND" = run ] && [ -n "${EXIT_ZERO_ON:-}" ]; then args+=(--exit-zero-on "$EXIT_ZERO_ON"); fi

if ! command -v lockstep >/dev/null 2>&1; then
    source_dir=$(cd "$ACTION_PATH/../.." && pwd)
    build_dir=${RUNNER_TEMP:-/tmp}/lockstep-build
    echo "lockstep is not on PATH: building it in $build_dir" >&2
    # The build gets no secrets.
    # shellcheck disable=SC2016 # the inner shell expands them
    env -u GITHUB_TOKEN -u GITEA_TOKEN -u FORGEJO_TOKEN bash -c '
        "$1/scripts/setup" --build-only >&2
        cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLOCKSTEP_TESTS=OFF >&2
        cmake --build "$2" >&2' build "$source_dir" "$build_dir"
    PATH=$build_dir/src:$PATH
fi
exec lockstep "${args[@]}"
