{
  # A derivation with one file as output. `needs` are derivations; the script sees them as $needs.
  build = system: { name, version ? "1", needs ? [ ], script }: derivation {
    name = "${name}-${version}";
    inherit system version needs;
    builder = "/bin/sh";
    # The last command is a builtin on purpose.
    args = [ "-c" "set -e\n${script}\n:" ];
  };
}
