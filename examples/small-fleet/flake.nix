# Five hosts without nixpkgs, for trying lockstep out. Each file in hosts/ is one nixosConfiguration; what a host "runs" comes
# from the input `catalogue`.
{
  description = "A small example fleet";

  # Replace this line by the place of your copy of ../small-fleet-catalogue, see README.md.
  inputs.catalogue.url = "git+file:///path/to/small-fleet-catalogue";

  outputs = { self, catalogue }:
    let
      system = import ./system.nix;
      packages = catalogue.packagesFor system;

      host = file:
        let
          name = builtins.substring 0 (builtins.stringLength file - 4) file;
          wanted = import (./hosts + "/${file}") { inherit packages; };
        in
        {
          inherit name;
          value.config = {
            networking.hostName = name;
            system.build.toplevel = catalogue.lib.build system {
              name = "nixos-system-${name}";
              needs = wanted.packages;
              script = ''
                echo "linking ${name}"
                {
                  echo "host ${name}: ${wanted.role}"
                  for package in $needs; do echo "uses $package"; done
                } > $out
              '';
            };
          };
        };
    in
    {
      nixosConfigurations = builtins.listToAttrs (map host (builtins.attrNames (builtins.readDir ./hosts)));
    };
}
