// SPDX-License-Identifier: MIT
/* Answers what lockstep asks of Nix at once, so that a run's time is lockstep's own: STUB_HOSTS hosts, whose derivations
   stand in STUB_DRVS and whose outputs are all valid. Also called nix-store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text between the next two quotation marks after `from`; *end is set behind them. */
static size_t quoted(const char *from, const char **text, const char **end) {
    const char *open = strchr(from, '"');
    const char *close = open ? strchr(open + 1, '"') : NULL;
    if (!close) return 0;
    *text = open + 1;
    *end = close + 1;
    return (size_t)(close - open - 1);
}

static void names(int hosts) {
    printf("{\"nixosConfigurations\": [");
    for (int n = 0; n < hosts; ++n) printf("%s\"h%d\"", n ? "," : "", n);
    puts("]}");
}

static void evaluate(const char *expression, const char *drvs) {
    const char *first = "", *second = "", *name = "", *at = strstr(expression, "\"lockstep-\" + ");
    if (!at) exit(1);
    at += strlen("\"lockstep-\" + ");
    const int first_size = (int)quoted(at, &first, &at);
    const int second_size = (int)quoted(at, &second, &at);
    printf("{");
    for (int index = 0; (at = strstr(at, "{ name = \"")); ++index) {
        const int size = (int)quoted(at, &name, &at);
        fprintf(stderr, "trace: lockstep-%.*s%.*s begin %d\n", first_size, first, second_size, second, index);
        fprintf(stderr, "trace: lockstep-%.*s%.*s end %d %s/%.*s.drv\n", first_size, first, second_size, second, index, drvs, size, name);
        printf("%s\"%.*s\":\"%s/%.*s.drv\"", index ? "," : "", size, name, drvs, size, name);
    }
    puts("}");
}

int main(int count, char **arguments) {
    static char buffer[1 << 16];
    const char *hosts = getenv("STUB_HOSTS"), *drvs = getenv("STUB_DRVS"), *system = getenv("STUB_SYSTEM");
    if (!hosts || !drvs || !system) return 1;
    setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
    for (int i = 1; i < count; ++i) {
        if (strcmp(arguments[i], "--version") == 0) {
            puts("nix (Nix) 2.8.0");
        } else if (strcmp(arguments[i], "show-config") == 0) {
            printf("{\"system\":{\"value\":\"%s\"},\"max-jobs\":{\"value\":2},\"system-features\":{\"value\":[]},"
                   "\"extra-platforms\":{\"value\":[]},\"builders\":{\"value\":\"\"}}\n", system);
        } else if (strcmp(arguments[i], "--expr") == 0 && i + 1 < count) {
            if (strstr(arguments[i + 1], "attrNames"))
                names(atoi(hosts));
            else
                evaluate(arguments[i + 1], drvs);
        } else {
            continue;
        }
        return 0;
    }
    return 0;
}
