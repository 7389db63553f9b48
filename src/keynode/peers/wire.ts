/** What peers say inside a session (docs/protocols/peers.md section 4): things told, questions, and their answers. */
import { z } from "zod";
import { fromUtf8 } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { refuse } from "./errors.ts";
import { malformed } from "./link.ts";
import { decodeReceived, encodeReceived, RECEIVED_LENGTH, type Received } from "./session.ts";

const KINDS = ["tell", "ask", "answer", "failure"] as const;

export type Spoken =
  | { readonly kind: "tell"; readonly topic: string; readonly body: Buffer }
  | Question
  | { readonly kind: "answer" | "failure"; readonly number: number; readonly body: Buffer };
export interface Question {
  readonly kind: "ask";
  readonly number: number;
  readonly topic: string;
  readonly body: Buffer;
}

/** `kind (1) | number of the question (4)`, for what is told or asked `length (1) | topic`, then the body. */
export const encodeSpoken = (kind: Spoken["kind"], number: number, body: Uint8Array, topic = ""): Buffer => {
  const name = kind === "tell" || kind === "ask" ? [Buffer.of(topic.length), Buffer.from(topic, "latin1")] : [];
  const head = Buffer.alloc(5);
  head.writeUInt8(KINDS.indexOf(kind), 0);
  head.writeUInt32BE(number, 1);
  return Buffer.concat([head, ...name, body]);
};

/** @throws Refusal peer.malformed */
export const decodeSpoken = (bytes: Buffer): Spoken => {
  const kind = bytes.length < 5 ? undefined : KINDS[bytes.readUInt8(0)];
  if (kind === undefined) throw malformed("a message of no kind");
  const number = bytes.readUInt32BE(1);
  if (kind === "answer" || kind === "failure") return { kind, number, body: bytes.subarray(5) };
  const end = 6 + (bytes[5] ?? Number.POSITIVE_INFINITY);
  if (end > bytes.length) throw malformed("a message that ends in its topic");
  return { kind, number, topic: bytes.toString("latin1", 6, end), body: bytes.subarray(end) };
};

const Failure = z.strictObject({
  code: z.string().max(64),
  status: z.int().min(400).max(599),
  details: z.record(z.string(), z.unknown()),
  message: z.string().max(4_096),
});
const MAX_FAILURE = 16 << 10;

/** Of an error that is no refusal nothing is said but that there was one. */
export const encodeFailure = (error: unknown): Buffer => {
  const { code, status, details, message } =
    error instanceof Refusal ? error : { code: "internal", status: 500, details: {}, message: "failed" };
  const short = { code, status, details: {}, message: message.slice(0, 4_096) };
  const whole = Buffer.from(JSON.stringify({ ...short, details }));
  return whole.length <= MAX_FAILURE ? whole : Buffer.from(JSON.stringify(short));
};

/**
 * What `node` refuses with is its word alone: it never comes out as a refusal that this node could have made itself.
 * @throws Refusal peer.malformed
 */
export const decodeFailure = (node: string, body: Uint8Array): Refusal => {
  if (body.length > MAX_FAILURE) throw malformed("a failure that is too long");
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(body));
  } catch {
    throw malformed("a failure that is not JSON");
  }
  const { success, data } = Failure.safeParse(value);
  if (!success) throw malformed("a failure without the members it needs");
  return refuse("peer.refused", { node, code: data.code });
};

/** What both say first on a connection (section 3). */
export interface Hello {
  /** 16 bytes (hex) that this process of the node made when it began. */
  readonly boot: string;
  /** That of the receiver, as the sender knows it; zeros where it knows none. */
  readonly of: string;
  /** What the sender has received of that one. */
  readonly received: Received;
}
const VERSION = 1;
export const NO_BOOT = "0".repeat(32);

export const encodeHello = ({ boot, of, received }: Hello): Buffer =>
  Buffer.concat([Buffer.of(VERSION), Buffer.from(boot, "hex"), Buffer.from(of, "hex"), encodeReceived(received)]);

/** @throws Refusal peer.malformed */
export const decodeHello = (bytes: Buffer): Hello => {
  if (bytes.length !== 33 + RECEIVED_LENGTH || bytes[0] !== VERSION) throw malformed("a hello of another version");
  const received = decodeReceived(bytes.subarray(33));
  return { boot: bytes.toString("hex", 1, 17), of: bytes.toString("hex", 17, 33), received };
};
