/** Another connection for a data source, without another source. */
import { reconnectSource } from "../../sdk/workflows/reconnect-source.ts";
import type { Command } from "../command.ts";
import { readJson } from "../files.ts";
import { argOf, requiredText, textOf } from "../given.ts";
import { text } from "../text.ts";
import { connectionFlags, connectionOf } from "./connection.ts";
import { LOCATION, METADATA_TABLE } from "./sources.ts";

export const reconnectCommand: Command = {
  words: ["sources", "reconnect"],
  summary: text(
    "Change how a data source is reached: another password, host or root, the same table",
    "修改数据源的连接信息：密码、主机或根证书变更，表不变",
  ),
  args: [{ name: "id" }],
  flags: [LOCATION, ...connectionFlags(), METADATA_TABLE],
  async run(context, given) {
    const command = "entente sources reconnect";
    const id = argOf(given, "id");
    const client = context.client();
    const [{ enclave: sealedTo }, owner] = await Promise.all([client.sources.get({ id }), context.member()]);
    const enclave = await context.enclave(sealedTo);
    const connection = (type: string) =>
      type === "s3"
        ? readJson(requiredText(given, "location", command))
        : { ...connectionOf(given, type, command), metadata: textOf(given, "metadata-table") ?? "" };
    return reconnectSource(client, context.identity(), id, connection, { owner, enclave });
  },
};
