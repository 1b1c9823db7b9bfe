// SPDX-License-Identifier: MIT
// A file for node_exporter's textfile collector, which reads whatever ends in ".prom".
#include "adapters/notify/sinks.hpp"

namespace lockstep::notify {

namespace {

Result<Delivery> compose(const Places& places, const News& news) {
    if (!places.wish.textfile.ends_with(".prom") || !places.wish.textfile.starts_with('/'))
        return Error{ErrorKind::config, "notify.textfile is no absolute path that ends in .prom", "",
                     "write it as /var/lib/prometheus/node-exporter/lockstep.prom"};
    // A test is not to be collected: it shows that the directory may be written to.
    return Delivery(PublicFile{places.wish.textfile + (news.test ? ".test" : ""), metrics_text(news)});
}

}  // namespace

const SinkRow k_textfile{"textfile", SinkKind::state,
                         [](const Places& places) { return !places.wish.textfile.empty(); }, &compose};

}  // namespace lockstep::notify
