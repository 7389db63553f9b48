/** Prometheus metrics, in a registry of the server's own. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  /** Seconds an answer took; `route` is the pattern (`/v1/tasks/:id`), never the path. */
  http(answer: { method: string; route: string; status: number; seconds: number }): void;
  /** A number that is asked for whenever metrics are read. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** A number that grows. */
  counter<L extends string = never>(
    name: string,
    help: string,
    labels?: L[],
  ): (labels?: Record<L, string>, by?: number) => void;
  /** Seconds something takes. */
  timer<L extends string = never>(
    name: string,
    help: string,
    labels?: L[],
  ): (seconds: number, labels?: Record<L, string>) => void;
  /** Text exposition and its media type. */
  read(): Promise<{ contentType: string; body: string }>;
}

/** Seconds: from a cached read to a slow upload. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** @param processMetrics memory, processor time, event loop and garbage collection of this process */
export const createMetrics = ({ processMetrics = true } = {}): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "entente_http_request_duration_seconds",
    help: "Time to answer a request.",
    labelNames: ["method", "route", "status"],
    buckets: BUCKETS,
    registers,
  });

  return {
    http: ({ method, route, status, seconds }) => requests.observe({ method, route, status: String(status) }, seconds),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await read());
        },
      });
    },
    counter(name, help, labels = []) {
      const counter = new Counter({ name, help, labelNames: labels, registers });
      return (values, by = 1) => (values ? counter.inc(values, by) : counter.inc(by));
    },
    timer(name, help, labels = []) {
      const histogram = new Histogram({ name, help, labelNames: labels, buckets: BUCKETS, registers });
      return (seconds, values) => (values ? histogram.observe(values, seconds) : histogram.observe(seconds));
    },
    read: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
};
