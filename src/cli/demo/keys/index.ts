/** `entente demo keys`: a platform and a chain of their own, a payment that two people approve, verified as an outsider. */
import { join } from "node:path";
import type { Text } from "../../../sample/story.ts";
import { configOf, start, untilTold } from "../../up.ts";
import { refuse } from "../errors.ts";
import { newHome } from "../home.ts";
import type { DemoOptions } from "../index.ts";
import { verifyOutside } from "../outside.ts";
import { createScreen, stepOn } from "../screen.ts";
import { openChain } from "./chain.ts";
import { tellKeys } from "./story.ts";

const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });
const TITLE = text("A treasury whose key nobody holds", "没有任何一方持有密钥的金库");
const PROVEN = text("Paid, and an outsider verified the bundle offline", "付款完成，外部人员已离线验证证据包");

/** Exactly: wei has eighteen places. */
const etherOf = (wei: bigint): string => `${wei / 10n ** 18n}.${String(wei % 10n ** 18n).padStart(18, "0")} ETH`;

export const demoKeys = async ({ once, json, language, data, port = "0" }: DemoOptions): Promise<void> => {
  const told = untilTold();
  const { home, profiles } = newHome(data);
  const screen = createScreen({ json, language, title: TITLE });
  const began = performance.now();
  screen.begin(home);
  await using machines = new AsyncDisposableStack();
  const chain = machines.adopt(await openChain(), ({ close }) => close());
  const config = configOf({
    data: join(home, "platform"),
    port,
    "log-level": "warn",
    "rate-limit": "100000",
    "key-nodes": "3",
    "key-port": "0",
  });
  const platform = machines.adopt(await start(config), ({ close }) => close());
  const { admin: operator, url } = platform;
  if (!operator) throw refuse("demo.directory", { directory: home });
  screen.started(platform);
  const { balances, bundle, ...story } = await tellKeys({ url, profiles, operator, chain, step: stepOn(screen) });
  const verify = await verifyOutside(bundle);
  if (!verify.ok) throw refuse("demo.untrue", { what: `entente verify ${bundle}` });
  const ms = Math.round(performance.now() - began);
  screen.finish(
    PROVEN,
    [
      [text("the key's address", "密钥地址"), `${story.address}  ${etherOf(balances.treasury)}`],
      [text("the supplier", "供应商"), `${story.supplier}  ${etherOf(balances.supplier)}`],
      [text("transaction", "交易"), story.hash],
      [text("evidence bundle", "证据包"), bundle],
      [text("verify it yourself", "自行验证"), `npx entente verify ${bundle}`],
      [text("each organisation's own keys", "各机构自己的密钥"), profiles],
      [text("the interface", "接口文档"), `${url}/openapi.json`],
      [text("in all", "总用时"), `${(ms / 1_000).toFixed(1)} s`],
      ...(once ? [] : [[text("until Ctrl-C", "按 Ctrl-C 停止"), url] as const]),
    ],
    {
      ...{ ...story, bundle, verify, url, ms },
      balances: { treasury: String(balances.treasury), supplier: String(balances.supplier) },
    },
  );
  if (!once) await told;
};
