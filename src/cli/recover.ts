/** `entente recover`: a new access key for the operator, made on the machine itself. */
import { systemClock } from "../base/clock.ts";
import { recoverOperator } from "../compose.ts";
import { configOf, type Flags } from "./up.ts";

export const recover = async (flags: Flags, { json }: { json: boolean }): Promise<void> => {
  const key = await recoverOperator({ config: configOf(flags), clock: systemClock });
  console.log(json ? JSON.stringify(key) : `${key.accessKeyId}\n${key.accessKeySecret}`);
};
