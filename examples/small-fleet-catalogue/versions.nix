# Change a version, commit, and the next `lockstep run` of the fleet has something to prove.
# A proxy of version 2 or later does not compile: it makes an update that breaks web1, web2 and mail.example.org.
{
  tls = "3.0.1";
  proxy = "1.4.0";
  database = "15.2";
  archiver = "0.9.8";
}
