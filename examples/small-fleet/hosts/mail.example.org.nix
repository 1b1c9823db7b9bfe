{ packages }:
{
  role = "mail server";
  packages = [ packages.proxy packages.archiver ];
}
