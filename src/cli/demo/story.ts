/**
 * The main job: two hospitals each hold half of a table, an institute has a model, and none shows the others what is
 * its own. Played through the public API only, each organisation with the keys in its own profile.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack } from "../../enclave/archive.ts";
import { createClient } from "../../sdk/client.ts";
import {
  type AuthoriseOptions,
  authoriseTask,
  createTask,
  findMember,
  openResult,
  publishModel,
  registerSource,
  verifyEnclave,
} from "../../sdk/workflows/index.ts";
import { found, type Introduction, type Party, resultKey, signUp } from "./parties.ts";
import type { Places } from "./places.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples");
const MODEL = join(EXAMPLES, "models", "logistic-regression");

export interface Text {
  readonly en: string;
  readonly "zh-CN": string;
}
/** Runs one step and shows who did it and how long it took. */
export type Step = <T>(who: string, what: Text, work: () => Promise<T>) => Promise<T>;

export interface StoryOptions {
  readonly url: string;
  readonly profiles: string;
  readonly operator: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly step: Step;
  readonly places: Places;
}

export interface Told {
  /** Lines of the result: measure and value. */
  readonly result: readonly { readonly measure: string; readonly value: number }[];
  /** Path of the evidence bundle. */
  readonly bundle: string;
  readonly task: string;
}

const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

const HOSPITALS = {
  riverside: { nickname: "河畔医院", legalName: "河畔医院", registrationNumber: "12990000MB0000001J" },
  lakeside: { nickname: "湖滨医院", legalName: "湖滨医院", registrationNumber: "12990000MB0000002M" },
  institute: { nickname: "肿瘤研究所", legalName: "肿瘤研究所", registrationNumber: "12990000MB0000003Q" },
} as const;

export const tell = async ({ url, profiles, operator, step, places }: StoryOptions): Promise<Told> => {
  const introduce = (name: keyof typeof HOSPITALS): Introduction => {
    const { nickname, ...particulars } = HOSPITALS[name];
    return {
      url,
      profiles,
      name,
      nickname,
      particulars: { ...particulars, contact: "数据官", phone: "+86 21 5555 0100", country: "CN" },
    };
  };

  const signedUp = await step(
    "riverside, lakeside, institute",
    text("sign up and submit their particulars", "注册账号并提交实名认证"),
    () => Promise.all((["riverside", "lakeside", "institute"] as const).map((name) => signUp(introduce(name)))),
  );
  await step(
    "operator",
    text("reviews and approves the three organisations", "审核并通过三家机构的实名认证"),
    async () => {
      const office = createClient({ url, credentials: operator });
      for (const { account } of signedUp) await office.accounts.review({ id: account.id, decision: "approved" });
    },
  );
  const [riverside, lakeside, institute] = (await step(
    "riverside, lakeside, institute",
    text(
      "each make a certificate authority at home and put it on the ledger",
      "各自在本地生成证书颁发机构，并登记到账本",
    ),
    () => Promise.all(signedUp.map((one) => found(url, one))),
  )) as [Party, Party, Party];

  const enclave = await step(
    "institute",
    text("verifies the enclave's attestation", "验证可信执行环境的远程证明"),
    async () => {
      const { items } = await institute.client.enclaves.list();
      return verifyEnclave(institute.client, items[0]?.id ?? "", { enclaves: "any" });
    },
  );

  // All run the same demo; between organisations that met elsewhere, each would have this from its own build.
  const enclaves = [{ provider: enclave.provider, measurement: enclave.measurement }];

  const alliance = await step(
    "institute",
    text("creates the alliance and invites both hospitals", "新建计算联盟并邀请两家医院"),
    async () => {
      const { resource } = await institute.client.alliances.create({
        network: "evidence",
        enclave: enclave.id,
        detail: { name: "乳腺肿瘤研究联盟", description: "两家医院与研究所联合建模" },
      });
      for (const { nickname, appId } of [riverside, lakeside]) {
        const { member } = await findMember(institute.client, { nickname, appId });
        await institute.client.alliances.invite(resource.id, { member });
      }
      return resource;
    },
  );
  for (const hospital of [riverside, lakeside])
    await step(
      hospital.name,
      text("finds the invitation in its event centre and accepts", "在事件中心查看邀请并同意加入"),
      () => hospital.client.alliances.join(alliance.id),
    );

  const model = await step(
    "institute",
    text("publishes the model, its code open to the members", "发布计算模型，代码对成员公开"),
    async () => {
      const { resource } = await publishModel(institute.client, institute.member, {
        archive: await packDirectory(MODEL),
        name: "逻辑回归",
        version: "1.0.0",
        main: "main",
        description: readFileSync(join(MODEL, "README.md"), "utf8"),
        permission: { kind: "public" },
        open: true,
        enclave,
      });
      return resource;
    },
  );

  const register = (party: Party, file: string, name: string) =>
    step(
      party.name,
      places.destination
        ? text(
            `seals how its database is reached to the enclave and registers the table of ${file}`,
            `将数据库连接信息加密给可信执行环境，并登记 ${file} 对应的表`,
          )
        : text(`seals ${file} to the enclave and registers it`, `将 ${file} 加密给可信执行环境并登记为数据源`),
      async () => {
        const own = await verifyEnclave(party.client, alliance.enclave, { enclaves });
        const prepared = await places.prepare(party, own, file);
        const { resource } = await registerSource(party.client, prepared, {
          name,
          permission: { kind: "public" },
          descriptions: { patient_no: "患者编号" },
        });
        return resource;
      },
    );
  const measurements = await register(riverside, "measurements.csv", "细胞测量");
  const diagnoses = await register(lakeside, "diagnoses.csv", "诊断结果");

  const task = await step(
    "institute",
    text("creates the task: one model, two sources", "新建计算任务：一个模型、两个数据源"),
    async () => {
      const wanted = {
        name: "乳腺肿瘤良恶性判别",
        alliance: alliance.id,
        receiver: institute.member,
        model: model.id,
        sources: [
          { id: measurements.id, table: "measurements" },
          { id: diagnoses.id, table: "diagnoses" },
        ],
      };
      return (await createTask(institute.client, wanted, { enclaves })).resource;
    },
  );

  const keys = resultKey(institute);
  const authorise = (party: Party, what: Text, options: Partial<AuthoriseOptions> = {}) =>
    step(party.name, what, () => authoriseTask(party.client, task.id, { me: party.member, enclaves, ...options }));
  const destination = places.destination
    ? await step(
        "institute",
        text(
          "seals its own database as the destination; the enclave tests it",
          "加密结果接收数据库信息，由可信执行环境测试连接",
        ),
        async () =>
          places.destination?.(institute, await verifyEnclave(institute.client, alliance.enclave, { enclaves })),
      )
    : undefined;
  await authorise(
    institute,
    text("authorises as the receiver, with its own result key", "作为结果使用方授权，并提供结果公钥"),
    { key: keys.publicPem, destination },
  );
  await authorise(riverside, text("authorises as a data provider", "作为数据源提供方授权"));
  await authorise(lakeside, text("authorises as a data provider", "作为数据源提供方授权"));
  await authorise(institute, text("authorises as the model provider", "作为模型提供方授权"));

  await step(
    "enclave",
    text(
      "checks every signature, opens the tables, runs the model, seals the result",
      "核验全部签名，打开数据，运行模型，加密结果",
    ),
    () => ended(institute, task.id),
  );
  const csv = await step(
    "institute",
    text("decrypts the result with its private key", "使用私钥解密结果"),
    async () => {
      const { digest } = await institute.client.tasks.get({ id: task.id });
      return openResult(institute.client, task.id, keys.privatePem, {
        sealed: await places.sealedResult?.(digest ?? ""),
      });
    },
  );
  writeFileSync(join(institute.directory, "result.csv"), csv, { mode: 0o600 });
  const bundle = await step("institute", text("downloads the evidence bundle", "下载证据包"), async () => {
    const path = join(institute.directory, `${task.id}.evidence.json`);
    writeFileSync(path, await (await institute.client.tasks.bundle({ id: task.id })).bytes());
    return path;
  });
  return { result: readResult(csv), bundle, task: task.id };
};

/** The model's archive: every file of its directory. */
const packDirectory = (directory: string): Promise<Uint8Array> =>
  pack(new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))])));

/** Waits until the task has ended. */
const ended = async ({ client }: Party, id: string): Promise<void> => {
  for (;;) {
    const { state, failure } = await client.tasks.get({ id });
    if (state === "succeeded") return;
    if (failure) throw new Error(`the task failed: ${failure.code}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const readResult = (csv: string) =>
  csv
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => {
      const [measure = "", value = ""] = line.split(",");
      return { measure, value: Number(value) };
    });
