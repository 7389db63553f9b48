/** The thread in which QuickJS runs one model, and which ends with it. */
import { parentPort, workerData } from "node:worker_threads";
import {
  getQuickJS,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  shouldInterruptAfterDeadline,
} from "quickjs-emscripten";
import { fromUtf8 } from "../../../base/bytes.ts";
import { modelKit } from "../model-kit.ts";
import { type Limits, MAX_LOG_BYTES } from "../runner.ts";
import { type GuestInput, guest } from "./guest.ts";

/** What the host sends to start. */
export interface Job {
  readonly limits: Limits;
  readonly input: GuestInput;
  readonly bodies: readonly Uint8Array[];
  readonly files: ReadonlyMap<string, Uint8Array>;
}
/** What it gets back: frames of the model's making, or why there are none. */
export type Answer =
  | { readonly kind: "started" }
  | { readonly kind: "frames"; readonly frames: Uint8Array; readonly log: string }
  | { readonly kind: "stuck"; readonly reason: "time" | "memory" | "pending" | "other"; readonly message: string };

const post = (answer: Answer) => parentPort?.postMessage(answer);

const run = async ({ limits, input, bodies, files }: Job): Promise<Answer> => {
  const quickjs = await getQuickJS();
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(limits.memory);
  runtime.setMaxStackSize(512 << 10);
  const deadline = Date.now() + 1_000 * limits.seconds;
  runtime.setInterruptHandler(shouldInterruptAfterDeadline(deadline));
  serve(runtime, files);
  const vm = runtime.newContext();
  const begin = vm.unwrapResult(
    vm.evalCode(`(json, bodies) => (${guest})(${modelKit}, ${MAX_LOG_BYTES}, json, bodies)`),
  );
  const list = vm.newArray();
  bodies.forEach((body, i) => {
    vm.setProp(list, i, vm.newArrayBuffer(body.slice().buffer));
  });
  post({ kind: "started" });
  const promise = vm.callFunction(begin, vm.undefined, vm.newString(JSON.stringify(input)), list);
  if (promise.error) return stuck(vm.dump(promise.error), deadline);
  while (runtime.hasPendingJob()) {
    const jobs = runtime.executePendingJobs(1_000);
    if (jobs.error) return stuck(vm.dump(jobs.error), deadline);
    if (Date.now() > deadline) return stuck("", deadline);
  }
  return settled(vm, promise.value, deadline);
};

/** The model's own files are the only modules. */
const serve = (runtime: QuickJSRuntime, files: ReadonlyMap<string, Uint8Array>): void => {
  runtime.setModuleLoader(
    (name) => {
      const source = files.get(name.slice("model:/".length));
      if (!name.startsWith("model:/") || !source) return { error: new Error(`there is no module ${name}`) };
      const text = fromUtf8(source);
      return { value: name.endsWith(".json") ? `export default ${text};` : text };
    },
    (base, requested) => {
      if (!/^\.{1,2}\//.test(requested)) return { value: requested };
      return { value: `model:${new URL(requested, base.replace("model:/", "file:///")).pathname}` };
    },
  );
};

const settled = (vm: QuickJSContext, promise: QuickJSHandle, deadline: number): Answer => {
  const state = vm.getPromiseState(promise);
  if (state.type === "rejected") return stuck(vm.dump(state.error), deadline);
  if (state.type === "pending") return { kind: "stuck", reason: "pending", message: "" };
  const log = vm.getProp(state.value, "log");
  const frames = vm.getArrayBuffer(vm.getProp(state.value, "frames"));
  return { kind: "frames", frames: frames.value.slice(), log: vm.getString(log).slice(0, MAX_LOG_BYTES) };
};

const stuck = (error: unknown, deadline: number): Answer => {
  const message =
    typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
  if (Date.now() >= deadline) return { kind: "stuck", reason: "time", message };
  return { kind: "stuck", reason: error === null || /out of memory/.test(message) ? "memory" : "other", message };
};

run(workerData as Job).then(post, (error: unknown) => post(stuck(error, Number.POSITIVE_INFINITY)));
