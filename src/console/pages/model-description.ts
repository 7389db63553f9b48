/** A model's description: the text that its statement names, compared with its digest. */
import { sha256Hex } from "#crypto";
import type { Client } from "../../sdk/client.ts";
import { refuse } from "./model-errors.ts";

/** @throws Refusal model.description, blob.unknown */
export const describedBy = async (client: Pick<Client, "models">, id: string, expected: string): Promise<string> => {
  const bytes = await (await client.models.description({ id })).bytes();
  const found = sha256Hex(bytes);
  if (found !== expected) throw refuse("model.description", { found, expected });
  return new TextDecoder().decode(bytes);
};
