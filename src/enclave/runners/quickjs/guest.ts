/**
 * The program inside QuickJS, carried there as text. There is no host function: tables are all there before it begins,
 * and what it leaves behind is one buffer of frames.
 */
import type { Field } from "../../columns/batch.ts";
import type { BatchHeader } from "../../columns/codec.ts";
import type { Manifest, ParameterValue } from "../manifest.ts";
import type { ModelKit, ModelTable, modelKit } from "../model-kit.ts";

export interface GuestInput {
  readonly manifest: Manifest;
  readonly main: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly tables: Readonly<
    Record<string, { readonly columns: readonly Field[]; readonly batches: readonly BatchHeader[] }>
  >;
}

/** `bodies` are the buffers of all batches, table by table in the order of `tables`. */
export function guest(makeKit: typeof modelKit, maxLogBytes: number, json: string, bodies: ArrayBuffer[]) {
  /** UTF-8 by hand: this engine has no TextDecoder. The host has checked what comes in. */
  const decode = (bytes: Uint8Array): string => {
    const points: number[] = [];
    let out = "";
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i] as number;
      const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
      let point = more === 0 ? first : first & (0x3f >> more);
      for (let k = 1; k <= more; k++) point = (point << 6) | ((bytes[i + k] as number) & 0x3f);
      points.push(point);
      i += more + 1;
      if (points.length === 4_096) out += String.fromCodePoint(...points.splice(0));
    }
    return out + String.fromCodePoint(...points);
  };
  const encode = (text: string): Uint8Array => {
    const bytes: number[] = [];
    for (const character of text) {
      const point = character.codePointAt(0) as number;
      const valid = point >= 0xd800 && point < 0xe000 ? 0xfffd : point;
      if (valid < 0x80) bytes.push(valid);
      else if (valid < 0x800) bytes.push(0xc0 | (valid >> 6), 0x80 | (valid & 0x3f));
      else if (valid < 0x10000) bytes.push(0xe0 | (valid >> 12), 0x80 | ((valid >> 6) & 0x3f), 0x80 | (valid & 0x3f));
      else
        bytes.push(
          0xf0 | (valid >> 18),
          0x80 | ((valid >> 12) & 0x3f),
          0x80 | ((valid >> 6) & 0x3f),
          0x80 | (valid & 0x3f),
        );
    }
    return Uint8Array.from(bytes);
  };
  const kit: ModelKit = makeKit({ decode, encode });
  const { manifest, main, parameters, tables: given }: GuestInput = JSON.parse(json);
  const tables: Record<string, ModelTable> = {};
  let taken = 0;
  for (const [name, { columns, batches }] of Object.entries(given)) {
    const frames = batches.map((header) => ({ header, body: new Uint8Array(bodies[taken++] as ArrayBuffer) }));
    tables[name] = kit.tableOf(columns, async () => frames.shift());
  }
  const lines: string[] = [];
  let logged = 0;
  const log = (...values: unknown[]) => {
    if (logged >= maxLogBytes) return;
    const line = kit.lineOf(values);
    lines.push(line.slice(0, maxLogBytes - logged));
    logged += line.length + 1;
  };
  const joined = (frames: Uint8Array[]): ArrayBuffer => {
    const out = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of frames) {
      out.set(frame, at);
      at += frame.length;
    }
    return out.buffer;
  };

  const run = async (): Promise<Uint8Array[]> => {
    const module: Record<string, unknown> = await import(`model:/${manifest.entry}`);
    const call = module[main];
    if (typeof call !== "function") throw new Error(`${manifest.entry} exports no function ${main}`);
    const returned: unknown = await call({ tables, parameters, log });
    const frames = [...kit.encodeResult(returned, manifest.result)];
    const results = frames.map(({ header, buffers }) => kit.frame({ kind: "result", batch: header }, buffers));
    return [...results, kit.frame({ kind: "done" })];
  };
  return run()
    .catch((error) => [kit.frame({ kind: "failed", ...kit.failureOf(error) })])
    .then((frames) => ({ frames: joined(frames), log: lines.map((line) => `${line}\n`).join("") }));
}
