# What the hosts of ../deploy-fleet run. The demo moves it on, as an upstream would.
{
  version = "1";
  healthy = true;
}
