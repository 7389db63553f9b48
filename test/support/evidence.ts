/** The evidence engine as tests open it: on a directory, under a key of the test run's own. */
import { generateKey, sign } from "#crypto";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { openEvidenceLedger } from "../../src/ledger/engines/evidence/index.ts";
import { rawFromPublicKey } from "../../src/trust/crypto/encoding.ts";
import { createNoteSigner, type NoteSigner } from "../../src/trust/log/note.ts";

const key = generateKey("Ed25519");

/** A log's key of this name. */
export const noteSigner = (name = "entente/test"): NoteSigner =>
  createNoteSigner({ name, publicKey: rawFromPublicKey(key.publicKey), sign: (message) => sign(key, message) });

export const openEvidence = (directory: string, clock: Clock = systemClock) =>
  openEvidenceLedger({ directory, clock, signer: noteSigner() });
