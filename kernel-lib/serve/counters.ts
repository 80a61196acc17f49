/** @file What a server counts, as Prometheus reads it. Source: prometheus.io/docs/instrumenting/exposition_formats, the text format. */

/** Counts of a server. */
export interface Counters {
  /** @param name of the function */
  answered(name: string, seconds: number): void;
  refused(status: number): void;
  /** @param waiting calls that wait now */
  text(waiting: number): string;
}

/** Makes counters. @param memory resident bytes of the process */
export function counters(memory: () => number = () => process.memoryUsage.rss()): Counters {
  const calls = new Map<string, { count: number; seconds: number }>();
  const errors = new Map<number, number>();
  return {
    answered(name, seconds) {
      const one = calls.get(name) ?? { count: 0, seconds: 0 };
      calls.set(name, { count: one.count + 1, seconds: one.seconds + seconds });
    },
    refused: (status) => void errors.set(status, (errors.get(status) ?? 0) + 1),
    text(waiting) {
      const of = (name: string) => `{model="${name}"}`; // names of functions and statuses need no escape
      const metric = (name: string, type: "counter" | "gauge", help: string, samples: readonly string[]) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join("")}`;
      const perCall = (key: "count" | "seconds") => [...calls].map(([name, each]) => `${of(name)} ${each[key]}`);
      return [
        metric("veduta_requests_total", "counter", "Calls that were answered.", perCall("count")),
        metric("veduta_call_seconds_total", "counter", "Seconds that the calls took on the device.", perCall("seconds")),
        metric(
          "veduta_errors_total",
          "counter",
          "Requests that were refused, by HTTP status.",
          [...errors].map(([status, count]) => `{status="${status}"} ${count}`),
        ),
        metric("veduta_waiting", "gauge", "Calls that wait for their turn.", [` ${waiting}`]),
        metric("process_resident_memory_bytes", "gauge", "Resident memory.", [` ${memory()}`]),
      ].join("");
    },
  };
}
