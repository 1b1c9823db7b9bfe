{ packages }:
{
  role = "web server";
  packages = [ packages.proxy packages.tls ];
}
