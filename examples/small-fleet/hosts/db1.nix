{ packages }:
{
  role = "database server";
  packages = [ packages.database ];
}
