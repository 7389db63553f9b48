/** Moving what is one's own to another enclave: shown first, signed for only when that is said. */
import { moveToEnclave, planMove } from "../../sdk/workflows/move-to-enclave.ts";
import type { Command } from "../command.ts";
import { refuse } from "../errors.ts";
import { isSet, textOf } from "../given.ts";
import { text } from "../text.ts";

export const movingCommands: readonly Command[] = [
  {
    words: ["enclaves", "move"],
    summary: text(
      "Move your data sources, models and alliances to another enclave, without sealing again",
      "将您的数据源、计算模型与联盟迁移到另一可信执行环境，无需重新加密",
    ),
    args: [],
    flags: [
      {
        name: "to",
        type: "text",
        value: "ID",
        summary: text("the new enclave; the one that runs now", "新的可信执行环境，默认为当前运行的"),
      },
      { name: "from", type: "text", value: "ID", summary: text("only what is at this one", "仅迁移位于该环境的资源") },
      { name: "yes", type: "boolean", summary: text("sign; without it, only show", "签名执行；不给出则仅显示") },
    ],
    async run(context, given) {
      const [wanted, yes] = [textOf(given, "to"), isSet(given, "yes")];
      // Who has pinned nothing says which one was looked at: its id commits to its measurement.
      if (yes && wanted === undefined && context.settings().enclaves.length === 0)
        throw refuse("usage.missing", { what: "--to", command: "entente enclaves move" });
      const to = await context.enclave(wanted);
      const me = await context.member();
      const client = context.client();
      const plan = await planMove(client, to, { me, from: textOf(given, "from") });
      const { id, measurement, provider } = to;
      context.note(TO, { id, measurement, provider });
      for (const { differs, ...former } of plan.former)
        context.note(FROM, { ...former, differs: differs.join(", ") || "-" });
      const signed = yes && plan.items.length > 0;
      if (signed) await moveToEnclave(client, to, plan);
      else if (plan.items.length > 0) context.note(NOT_YET);
      return { enclave: id, measurement, former: plan.former, items: plan.items, moved: signed };
    },
  },
];

const TO = text(
  "New enclave {id}\n  measurement {measurement}, {provider}",
  "新可信执行环境 {id}\n  度量值 {measurement}，{provider}",
);
const FROM = text(
  "From {id}\n  measurement {measurement}, {provider}; different: {differs}",
  "迁出自 {id}\n  度量值 {measurement}，{provider}；不同的组成：{differs}",
);
const NOT_YET = text(
  "Nothing is signed yet. Compare the new measurement with what was published, then say --yes.",
  "尚未签名。请将新的度量值与已公布的值核对，然后加上 --yes。",
);
