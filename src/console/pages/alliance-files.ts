/** The two files of an alliance: the enclave's key, checked here before it is handed out, and one's chain identity. */
import type { Client } from "../../sdk/client.ts";
import { verifyTrusted } from "../identity/trusted-enclaves.ts";
import { save } from "../parts/files.ts";

interface Named {
  readonly id: string;
  readonly name: string;
  readonly enclave: string;
}

export const downloadEncryptionKey = async (client: Client, { id, name, enclave }: Named): Promise<void> => {
  await verifyTrusted(client, enclave);
  const file = await client.alliances.encryptionKey({ id });
  save(file.fileName ?? `${name}.encryption-key.json`, await file.bytes(), "application/json");
};

export const downloadIdentity = async (client: Client, { id, name }: Named): Promise<void> => {
  const file = await client.alliances.chainIdentity({ id });
  save(file.fileName ?? `${name}.pem`, await file.bytes(), "application/x-pem-file");
};
