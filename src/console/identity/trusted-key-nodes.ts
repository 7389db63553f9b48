/** Which programs of key nodes this browser trusts: those it saw the first time, until the person says otherwise. */
import type { EnclavePin } from "../../evidence/enclave-pin.ts";
import type { Client } from "../../sdk/client.ts";
import type { ExpectedEnclave } from "../../sdk/workflows/verify-enclave.ts";
import type { VerifiedKeyNode } from "../../sdk/workflows/verify-key-node.ts";
import { read, write } from "../storage.ts";

const NAME = "key-node-pins";

const pinsOf = (): readonly EnclavePin[] => read<readonly EnclavePin[]>(NAME, []);

/** Trust on first use: any program where none is known, then only those. */
export const expectedKeyNodes = (): ExpectedEnclave => {
  const pins = pinsOf();
  return { enclaves: pins.length > 0 ? pins : "any" };
};

export const pinKeyNode = ({ provider, measurement }: EnclavePin): void =>
  write(NAME, [...pinsOf().filter((known) => known.measurement !== measurement), { provider, measurement }]);

/** Fresh evidence of the node, checked here. @throws Refusal enclave.untrusted, attestation.* and what the server refuses */
export const verifyTrustedNode = async (client: Client, id: string): Promise<VerifiedKeyNode> => {
  const { verifyKeyNode } = await import("../../sdk/workflows/verify-key-node.ts");
  const verified = await verifyKeyNode(client, id, expectedKeyNodes());
  if (pinsOf().length === 0) pinKeyNode(verified);
  return verified;
};

/** All of them, one after the other: the first is what the others are held to. */
export const verifyTrustedNodes = async (client: Client, ids: readonly string[]): Promise<ExpectedEnclave> => {
  for (const id of ids) await verifyTrustedNode(client, id);
  return expectedKeyNodes();
};
