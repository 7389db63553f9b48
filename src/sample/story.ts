/**
 * The main job: two hospitals each hold half of a table, an institute has a model, and none shows the others what is
 * its own. Played through the public API only, each organisation with its own keys: by `npm run demo`, and in the
 * browser of an operator who loads the sample consortium.
 */
import type { Identity } from "../sdk/acts.ts";
import type { Client } from "../sdk/client.ts";
import { type AuthoriseOptions, authoriseTask, type Destination } from "../sdk/workflows/authorise.ts";
import { createTask } from "../sdk/workflows/create-task.ts";

import { findMember } from "../sdk/workflows/find-member.ts";
import { openResult } from "../sdk/workflows/open-result.ts";
import { publishModel } from "../sdk/workflows/publish-model.ts";
import { type PreparedSource, registerSource } from "../sdk/workflows/register-source.ts";
import { type VerifiedEnclave, verifyEnclave } from "../sdk/workflows/verify-enclave.ts";
import { refuse } from "./errors.ts";
import { type Names, numbers, type Role } from "./names.ts";

export interface Text {
  readonly en: string;
  readonly "zh-CN": string;
}
/** Runs one step and shows who did it and how long it took. */
export type Step = <T>(who: string, what: Text, work: () => Promise<T>) => Promise<T>;

/** Who plays. Nothing is shared but the API. */
export interface Party {
  readonly name: string;
  readonly nickname: string;
  readonly client: Client;
  readonly identity: Identity;
  /** Stream id. */
  readonly member: string;
  readonly appId: string;
}

export interface Particulars {
  readonly legalName: string;
  readonly registrationNumber: string;
  readonly contact: string;
  readonly phone: string;
  readonly country: string;
}

/** Where tables lie and where the result goes. */
export interface Places {
  /** Seals a table, or how it is reached, to the enclave and has its structure read. @param file name of the example */
  prepare(party: Party, enclave: VerifiedEnclave, file: string): Promise<PreparedSource>;
  /** Where the receiver wants its result; a sealed file on the platform, where there is none. */
  destination?(party: Party, enclave: VerifiedEnclave): Promise<Destination>;
  /** The sealed result in the receiver's own database. @param task digest that was authorised */
  sealedResult?(task: string): Promise<Uint8Array>;
}

interface SignedUp {
  readonly account: { readonly id: string };
}

export interface StoryOptions<S extends SignedUp, P extends Party> {
  /** Of the operator. */
  readonly office: Pick<Client, "accounts">;
  readonly names: Names;
  readonly step: Step;
  readonly places: Places;
  readonly model: { readonly archive: Uint8Array; readonly description: string };
  /** Signs the organisation up and submits its particulars. */
  signUp(who: { name: Role; nickname: string; particulars: Particulars }): Promise<S>;
  /** Makes its keys and puts its authority on the ledger. */
  found(signedUp: S): Promise<P>;
  /** The key that the receiver's results are sealed to. */
  resultKey(receiver: P): { readonly privatePem: string; readonly publicPem: string };
  /** What was done before under this name isn't done again: for a story that goes on where it was interrupted. */
  readonly once?: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

/** Milliseconds between two questions whether the run has ended. */
const PAUSE = 50;

export interface Told<P extends Party> {
  /** Of the result, as the receiver alone can read it. */
  readonly csv: string;
  readonly task: string;
  readonly enclave: VerifiedEnclave;
  readonly receiver: P;
}

const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

const ROLES = ["riverside", "lakeside", "institute"] as const satisfies readonly Role[];

/** @throws Refusal sample.enclave, and what the platform refuses */
export const tell = async <S extends SignedUp, P extends Party>(options: StoryOptions<S, P>): Promise<Told<P>> => {
  const { office, names, step, places, signUp, found, once = (_, work) => work() } = options;
  const introduce = (name: Role) => ({
    name,
    nickname: names[name].nickname,
    particulars: {
      legalName: names[name].legalName,
      registrationNumber: numbers[name],
      ...{ contact: names.contact, phone: "+86 21 5555 0100", country: "CN" },
    },
  });

  const signedUp = await step(
    "riverside, lakeside, institute",
    text("sign up and submit their particulars", "注册账号并提交实名认证"),
    () => Promise.all(ROLES.map((name) => once(`sign-up ${name}`, () => signUp(introduce(name))))),
  );
  await step(
    "operator",
    text("reviews and approves the three organisations", "审核并通过三家机构的实名认证"),
    async () => {
      for (const { account } of signedUp)
        await once(`review ${account.id}`, () => office.accounts.review({ id: account.id, decision: "approved" }));
    },
  );
  const parties = await step(
    "riverside, lakeside, institute",
    text(
      "each make a certificate authority at home and put it on the ledger",
      "各自在本地生成证书颁发机构，并登记到账本",
    ),
    () => Promise.all(signedUp.map((one) => once(`found ${one.account.id}`, () => found(one)))),
  );
  const [riverside, lakeside, institute] = parties as readonly P[] as readonly [P, P, P];

  const enclave = await step(
    "institute",
    text("verifies the enclave's attestation", "验证可信执行环境的远程证明"),
    async () => {
      const { items } = await institute.client.enclaves.list();
      const running = items.find((one) => one.running);
      if (!running) throw refuse("sample.enclave");
      return verifyEnclave(institute.client, running.id, { enclaves: "any" });
    },
  );

  // All run the same demo; between organisations that met elsewhere, each would have this from its own build.
  const enclaves = [{ provider: enclave.provider, measurement: enclave.measurement }];

  const alliance = await step(
    "institute",
    text("creates the alliance and invites both hospitals", "新建计算联盟并邀请两家医院"),
    async () => {
      const { resource } = await once("alliance", () =>
        institute.client.alliances.create({ network: "evidence", enclave: enclave.id, detail: names.alliance }),
      );
      for (const { nickname, appId } of [riverside, lakeside]) {
        const { member } = await findMember(institute.client, { nickname, appId });
        await once(`invite ${member}`, () => institute.client.alliances.invite(resource.id, { member }));
      }
      return resource;
    },
  );
  for (const hospital of [riverside, lakeside])
    await step(
      hospital.name,
      text("finds the invitation in its event centre and accepts", "在事件中心查看邀请并同意加入"),
      () => once(`join ${hospital.member}`, () => hospital.client.alliances.join(alliance.id)),
    );

  const model = await step(
    "institute",
    text("publishes the model, its code open to the members", "发布计算模型，代码对成员公开"),
    async () => {
      const { resource } = await once("model", () =>
        publishModel(institute.client, institute.member, {
          ...options.model,
          ...{ name: names.model, version: "1.0.0", main: "main", open: true, enclave },
          permission: { kind: "public" },
        }),
      );
      return resource;
    },
  );

  const register = (party: P, file: string, name: string) =>
    step(
      party.name,
      places.destination
        ? text(
            `seals how its database is reached to the enclave and registers the table of ${file}`,
            `将数据库连接信息加密给可信执行环境，并登记 ${file} 对应的表`,
          )
        : text(`seals ${file} to the enclave and registers it`, `将 ${file} 加密给可信执行环境并登记为数据源`),
      async () => {
        const { resource } = await once(`source ${file}`, async () => {
          const own = await verifyEnclave(party.client, alliance.enclave, { enclaves });
          const prepared = await places.prepare(party, own, file);
          return registerSource(party.client, prepared, {
            name,
            permission: { kind: "public" },
            descriptions: { patient_no: names.patient },
          });
        });
        return resource;
      },
    );
  const measurements = await register(riverside, "measurements.csv", names.measurements);
  const diagnoses = await register(lakeside, "diagnoses.csv", names.diagnoses);

  const task = await step(
    "institute",
    text("creates the task: one model, two sources", "新建计算任务：一个模型、两个数据源"),
    async () => {
      const wanted = {
        name: names.task,
        alliance: alliance.id,
        receiver: institute.member,
        model: model.id,
        sources: [
          { id: measurements.id, table: "measurements" },
          { id: diagnoses.id, table: "diagnoses" },
        ],
      };
      return (await once("task", () => createTask(institute.client, wanted, { enclaves }))).resource;
    },
  );

  const keys = await once("result key", async () => options.resultKey(institute));
  const authorise = (party: P, what: Text, more: Partial<AuthoriseOptions> = {}) =>
    step(party.name, what, () =>
      once(`authorise ${what.en} ${party.member}`, () =>
        authoriseTask(party.client, task.id, { me: party.member, enclaves, ...more }),
      ),
    );
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
  return { csv, task: task.id, enclave, receiver: institute };
};

/** Waits until the task has ended. */
const ended = async ({ client }: Party, id: string): Promise<void> => {
  for (;;) {
    const { state, failure } = await client.tasks.get({ id });
    if (state === "succeeded") return;
    if (failure) throw refuse("sample.run", { reason: failure.code });
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
};

/** Lines of the result. */
export const readResult = (csv: string) =>
  csv
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => {
      const [measure = "", value = ""] = line.split(",");
      return { measure, value: Number(value) };
    });
