import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "./metrics.ts";

test("what was counted, timed and gauged can be scraped", async () => {
  const metrics = createMetrics();
  metrics.http({ method: "GET", route: "/v1/tasks/:id", status: 200, seconds: 0.004 });
  metrics.gauge("entente_jobs_open", "Open jobs.", async () => 7);
  const acts = metrics.counter("entente_acts_total", "Acts.", ["kind"]);
  acts({ kind: "task.created" });
  acts({ kind: "task.created" }, 2);
  metrics.timer("entente_seal_seconds", "Sealing.")(0.02);
  const { contentType, body } = await metrics.read();
  assert.match(contentType, /^text\/plain/);
  assert.match(
    body,
    /entente_http_request_duration_seconds_bucket\{le="0.005",method="GET",route="\/v1\/tasks\/:id",status="200"\} 1/,
  );
  assert.match(body, /^entente_jobs_open 7$/m);
  assert.match(body, /^entente_acts_total\{kind="task.created"\} 3$/m);
  assert.match(body, /^entente_seal_seconds_count 1$/m);
  assert.match(body, /^process_resident_memory_bytes \d+$/m);
});
