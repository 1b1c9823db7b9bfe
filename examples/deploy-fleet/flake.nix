{
  description = "A small fleet that is deployed to";

  # Replaced by scripts/demo: the place of a copy of ../deploy-fleet-app.
  inputs.app.url = "git+file:///path/to/deploy-fleet-app";
  inputs.app.flake = false;

  outputs = { self, app }:
    let
      toplevel = import ./toplevel.nix { system = import ./system.nix; app = import "${app}/app.nix"; };
      host = name: { inherit name; value.config.system.build.toplevel = toplevel name; };
    in
    {
      nixosConfigurations = builtins.listToAttrs (map host [ "canary1" "web1" "web2" ]);
    };
}
