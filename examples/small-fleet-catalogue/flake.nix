# The packages of the small fleet. A stand-in for nixpkgs: an input whose new commits make the fleet's updates.
# Builders need nothing but /bin/sh and use only what is built into it.
{
  description = "Packages of the small example fleet";

  outputs = { self }: {
    lib = import ./build.nix;

    # { tls = <derivation>; proxy = <derivation>; … } for one system
    packagesFor = system: import ./packages {
      build = self.lib.build system;
      versions = import ./versions.nix;
    };
  };
}
