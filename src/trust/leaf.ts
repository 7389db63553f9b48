/** The leaf of the ledger's log: the canonical bytes that are hashed into the RFC 6962 tree. */
import { type Bytes, utf8 } from "../base/bytes.ts";

export interface Leaf {
  /** Position in its stream, from 0. */
  readonly seq: number;
  /** SHA-256 (hex) of the JWS. */
  readonly statement: string;
  /** Stream id; for a founding statement its own digest. */
  readonly stream: string;
  /** Ledger's time, milliseconds. */
  readonly time: number;
}

/** RFC 8785 form, spelled out: its members are numbers and hexadecimal text that need no escapes. */
export const leafBytes = ({ seq, statement, stream, time }: Leaf): Bytes =>
  utf8(`{"seq":${seq},"statement":"${statement}","stream":"${stream}","time":${time}}`);
