{ packages }:
{
  role = "backup target";
  packages = [ packages.archiver ];
}
