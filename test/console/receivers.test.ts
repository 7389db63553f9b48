/** 结果使用方: results that go into the receiver's own database, sealed to keys of theirs (SM2, RSA), by pages alone. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { startMariadb } from "../../src/cli/demo/machines/mariadb.ts";
import { DESTINATION as MYSQL } from "../../src/enclave/databases/mysql/setup.ts";
import { DESTINATION as POSTGRESQL } from "../../src/enclave/databases/postgresql/setup.ts";
import type { DatabaseConnection } from "../../src/rules/connection.ts";
import { noBrowser, open, openConsole } from "../support/browser.ts";
import { choose, type Insider, insider, reached } from "../support/insiders.ts";
import { addModel, addTable, addTask, ally, newReceiverKey } from "../support/members.ts";
import { startPostgresTls } from "../support/postgres-tls.ts";

const rsa = generateKeyPairSync("rsa", {
  modulusLength: 3_072,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

interface Receiving {
  readonly kind: "SM2" | "RSA";
  readonly keys: { readonly publicPem: string; readonly privatePem: string };
  readonly language: "MySQL" | "PostgreSQL";
  readonly connection: DatabaseConnection;
  /** What the database prints of the parts, in hexadecimal. */
  readonly printed: (digest: string) => string;
}

/** Fills the form in, for a table that takes no results first; then for the one that does. */
const giveDatabase = async (person: Insider, { language, connection }: Receiving) => {
  const { page, t } = person;
  await page.getByRole("radio", { name: t("My database", "我的数据库") }).check();
  await page.getByRole("radio", { name: language }).check();
  const field = (en: string, zh: string) => page.getByLabel(t(en, zh), { exact: true });
  await field("Address", "结果接收地址").fill(connection.host);
  await field("Port", "结果接收端口").fill(String(connection.port));
  await field("Database instance", "数据库实例名").fill(connection.database);
  await field("Table", "数据库表名").fill("people");
  await field("User name", "用户名称").fill(connection.username);
  await field("Password", "用户密码").fill(connection.password);
  const drop = page.getByRole("button", { name: t("Its TLS root certificate, .pem", "请上传数据库 TLS 根证书") });
  await choose(person, drop, { name: "half.pem", content: connection.rootCertificate.slice(0, 200) });
  await page.getByRole("alert").filter({ hasText: "half.pem" }).waitFor();
  await choose(person, drop, { name: "root.pem", content: connection.rootCertificate });
  const ask = page.getByRole("button", { name: t("Seal and test the connection", "加密并测试连接") });
  const reachable = page.getByText(
    t("The enclave reached it, and the table takes results.", "连接成功，该表可以接收结果。"),
  );
  const sign = page.getByRole("button", { name: t("Authorise and sign", "授权并签名") });
  await ask.click();
  await page.getByRole("alert").filter({ hasText: "database." }).waitFor();
  assert.equal(await sign.isDisabled(), true);
  await field("Table", "数据库表名").fill(connection.table);
  await ask.click();
  await reachable.waitFor();
  // What was tested is what is signed: a change asks for another test.
  await field("Port", "结果接收端口").fill("1");
  await reachable.waitFor({ state: "detached" });
  assert.equal(await sign.isDisabled(), true);
  await field("Port", "结果接收端口").fill(String(connection.port));
  await ask.click();
  await reachable.waitFor();
};

const receive = async (person: Insider, task: { id: string }, receiving: Receiving) => {
  const { page, t, member } = person;
  const { kind, keys } = receiving;
  await open(person, `/tasks/${task.id}/authorise`);
  await page.getByText(t("I have a key (.pem)", "已有公钥（.pem）")).click();
  const drop = page.getByRole("button", {
    name: t("The public key that the result is sealed to", "请上传使用方的结果加密公钥"),
  });
  await choose(person, drop, { name: "half.pem", content: keys.publicPem.slice(0, 90) });
  await page
    .getByRole("alert")
    .filter({ hasText: "pem." })
    .or(page.getByRole("alert").filter({ hasText: "key." }))
    .first()
    .waitFor();
  await choose(person, drop, { name: "result.pub.pem", content: keys.publicPem });
  await page.getByText(`${kind} · SHA-256`).waitFor();
  await giveDatabase(person, receiving);
  const sign = page.getByRole("button", { name: t("Authorise and sign", "授权并签名") });
  // This member is the receiver, the only data provider and the model's provider: it decides three times.
  await sign.click();
  await page.getByText(t("You decide as a data provider", "您作为数据源提供方授权")).waitFor();
  await sign.click();
  await page.getByText(t("You decide as the model provider", "您作为模型提供方授权")).waitFor();
  await sign.click();
  await page.getByText(t("You have authorised as the model provider.", "您已作为模型提供方授权。")).waitFor();

  await open(person, `/tasks/${task.id}`);
  await page.getByRole("heading", { name: t("Your result", "您的计算结果") }).waitFor();
  const { digest } = await member.client.tasks.get({ id: task.id });
  assert.ok(digest);
  await page.getByText(digest).first().waitFor();
  const sealed = page.getByRole("button", {
    name: t("The sealed result from your database", "您的数据库中的加密结果"),
  });
  await choose(person, sealed, { name: "result.txt", content: receiving.printed(digest) });
  const file = page.getByRole("button", {
    name: t("Your private key (.pem); it stays on this machine", "您的私钥文件（.pem）"),
  });
  const opens = page.getByRole("button", { name: t("Open the result here", "在本机解密") });
  await choose(person, file, { name: "other.pem", content: newReceiverKey("P-256").privatePem });
  await opens.click();
  await page.getByRole("alert").waitFor();
  await choose(person, file, { name: "result.key.pem", content: keys.privatePem });
  await opens.click();
  await page.getByRole("cell", { name: "6", exact: true }).waitFor();
};

test("results in databases of the receivers' own, sealed to SM2 and RSA keys", { skip: noBrowser }, async (t) => {
  const [maria, pg] = await Promise.all([startMariadb(), startPostgresTls()]);
  if ("skip" in maria) return t.skip(maria.skip);
  t.after(maria.stop);
  if ("skip" in pg) return t.skip(pg.skip);
  t.after(pg.stop);
  await maria.sql("create table people (id int)");
  await maria.sql(MYSQL.slice(0, MYSQL.indexOf("CREATE USER")).replace("`<database>`.`<table>`", "results"));
  await pg.sql('create table people (id int); grant all on people to "reader"');
  await pg.sql(POSTGRESQL.split(";")[0]?.replace('"<schema>"."<table>"', "results") ?? "");
  await pg.sql('grant select, insert on results to "reader"');
  const console = await openConsole(t);
  const platform = await reached(console);

  const begin = async (nickname: string, options: Parameters<typeof insider>[3]) => {
    const person = await insider(console, platform, nickname, options);
    const { member } = person;
    const alliance = await ally(platform, [member]);
    const model = (await addModel(platform, member)).id;
    const table = await addTable(platform, member);
    const task = await addTask(member, { alliance, receiver: member.id, model, sources: [table.id] });
    return { person, task };
  };

  await t.test("PostgreSQL, SM2", async () => {
    const { person, task } = await begin("研究所", { language: "zh-CN" });
    await receive(person, task, {
      ...{ kind: "SM2", keys: newReceiverKey("SM2"), language: "PostgreSQL", connection: pg.connection("results") },
      printed: (digest) =>
        pg
          .psql(`select encode(content, 'hex') from results where task = '${digest}' order by part`)
          .map(([part]) => `${part}\n`)
          .join(""),
    });
  });

  await t.test("MariaDB, RSA", async () => {
    const { person, task } = await begin("Union-Institute", { theme: "dark", width: 390 });
    const keys = { publicPem: rsa.publicKey, privatePem: rsa.privateKey };
    await receive(person, task, {
      ...{ kind: "RSA", keys, language: "MySQL", connection: maria.destination("results") },
      printed: (digest) =>
        maria
          .cli(`select hex(content) from results where task = '${digest}' order by part`)
          .map(([part]) => `${part}\n`)
          .join(""),
    });
  });
});
