/** The parts of prom-client that pm uses. Its own index loads all of Node's http, zlib and cluster as well: milliseconds and megabytes. */
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";

export { Counter, Gauge, Histogram, Registry };
