/** What a member gives when it authorises, and what comes of it. */
import type { Receipt } from "../../contract/endpoint.ts";
import type { Destination, Part } from "../../sdk/workflows/authorise.ts";

export interface Given {
  /** Public key, PEM. */
  readonly key?: string | undefined;
  /** A database that was tested; undefined where it is a sealed file. */
  readonly destination?: Destination | undefined;
  readonly database: boolean;
}

export interface Signed {
  readonly part: Part;
  readonly receipt: Receipt;
}
