/** Data sources that stay where they are: a table in PostgreSQL, an object in S3, read by the enclave through a form. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noBrowser, open, openConsole } from "../support/browser.ts";
import { choose, type Insider, insider, reached, select } from "../support/insiders.ts";
import { BUCKET, CREDENTIALS, startObjectStore } from "../support/object-store.ts";
import { PASSWORD, startPostgresTls, type TlsPostgres } from "../support/postgres-tls.ts";

const TABLE = `create table patients (patient_no text not null, radius_mean double precision);
  insert into patients values ('P001', 17.99), ('P002', 20.57), ('P003', 11.42);
  create table notes (column_name text, description text);
  insert into notes values ('patient_no', '患者编号'), ('radius_mean', 'mean radius');
  create table others (something int); grant select on patients, notes, others to reader`;

/** The first step: what it is called and of which kind. */
const begin = async ({ page, t }: Insider, name: string, kind: string) => {
  await page.getByLabel(t("Source name", "数据源名称")).fill(name);
  await page.getByRole("radio", { name: kind }).check();
  await page.getByRole("button", { name: t("Next", "下一步") }).click();
};

const connectTo = async (person: Insider, pg: TlsPostgres, table: string, password: string) => {
  const { page, t } = person;
  await page.getByPlaceholder("10.0.0.8").fill("127.0.0.1");
  await page.getByLabel(t("Port", "端口号")).fill(String(pg.port));
  await page.getByLabel(t("Database", "数据库实例名"), { exact: true }).fill("postgres");
  await page.getByLabel(t("Table", "数据库表名"), { exact: true }).fill(table);
  await page.getByLabel(t("Table that describes its columns", "元数据表名")).fill("notes");
  await page.getByLabel(t("User name", "用户名")).fill("reader");
  await page.getByLabel(t("Password", "密码"), { exact: true }).fill(password);
  const certificate = page.getByLabel(t("Root certificate", "数据库根证书"));
  await choose(person, certificate, { name: "root.pem", content: pg.root.certificate });
};

test("tables and objects that stay where they are", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const platform = await reached(console);

  await t.test("PostgreSQL: registered, described, reached anew, withdrawn", async (t) => {
    const pg = await startPostgresTls();
    if ("skip" in pg) return t.skip(pg.skip);
    t.after(pg.stop);
    await pg.sql(TABLE);
    const owner = await insider(console, platform, "河畔医院", { language: "zh-CN" });
    const { page, t: say } = owner;
    await open(owner, "/sources/new");
    await begin(owner, "患者表", say("Database", "数据库"));
    await select(owner, say("Database language", "数据库语言"), "PostgreSQL");
    // The port follows the language, until it is another.
    assert.equal(await page.getByLabel(say("Port", "端口号")).inputValue(), "5432");
    await connectTo(owner, pg, "patients", "wrong");
    const fetch = page.getByRole("button", { name: say("Seal and fetch the structure", "获取表结构") });
    await fetch.click();
    await page.getByRole("alert").filter({ hasText: "database." }).waitFor();
    // What was typed stays.
    assert.equal(await page.getByLabel(say("Table", "数据库表名"), { exact: true }).inputValue(), "patients");
    await page.getByLabel(say("Password", "密码"), { exact: true }).fill(PASSWORD);
    await fetch.click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("radius_mean", { exact: true }).waitFor();
    // The metadata table's words are there already.
    const described = (column: string) =>
      page.getByLabel(say("Description of {name}", "{name} 的字段说明", { name: column }));
    assert.equal(await described("patient_no").inputValue(), "患者编号");
    await described("radius_mean").fill("平均半径");
    await dialog.getByRole("button", { name: say("Use these descriptions", "确定") }).click();
    await page
      .getByText(say("{n} {n|column|columns}, {rows} {rows|row|rows}", "{n} 个字段，{rows} 行", { n: 2, rows: 3 }))
      .waitFor();
    await page.getByRole("button", { name: say("Register and sign", "登记并签名") }).click();
    await page.getByRole("heading", { name: "患者表" }).waitFor();
    await page.getByRole("cell", { name: "平均半径" }).waitFor();

    // Another table is refused, the same by a new password is taken.
    await pg.sql("alter user reader password 'rotated'");
    const change = page.getByRole("button", { name: say("Change connection", "修改连接信息") });
    await change.click();
    await connectTo(owner, pg, "others", "rotated");
    const sign = page.getByRole("button", { name: say("Seal, change and sign", "加密、修改并签名") });
    await sign.click();
    await page.getByRole("alert").filter({ hasText: "source.other-table" }).waitFor();
    await page.getByLabel(say("Table", "数据库表名"), { exact: true }).fill("patients");
    await sign.click();
    await page.getByText(say("The connection is changed.", "连接信息已修改。")).waitFor();

    await page.getByRole("button", { name: say("Withdraw", "撤回"), exact: true }).click();
    await page.getByRole("button", { name: say("Withdraw and sign", "撤回并签名") }).click();
    await page.getByText(say("Withdrawn", "已撤回"), { exact: true }).waitFor();
    assert.equal(await change.count(), 0);
  });

  await t.test("S3: an object, by keys that never leave the browser in the clear", async (t) => {
    const store = await startObjectStore();
    t.after(store.stop);
    await store.put("tables/diagnoses.csv", "patient_no,diagnosis\nP001,M\nP002,B\n");
    const owner = await insider(console, platform, "Lakeside-Hospital", { theme: "dark" });
    const { page, t: say } = owner;
    const sent: string[] = [];
    owner.context.on("request", (request) => sent.push(request.postDataBuffer()?.toString("latin1") ?? ""));
    await open(owner, "/sources/new");
    await begin(owner, "Diagnoses", say("Object storage (S3)", "对象存储（S3）"));
    const field = (en: string, zh: string) => page.getByLabel(say(en, zh), { exact: true });
    await field("Endpoint", "服务地址").fill("http://localhost/path");
    await page.getByRole("button", { name: say("Seal and fetch the structure", "获取表结构") }).click();
    await page
      .getByText(
        say("https://host or https://host:port, nothing behind it", "请输入 https://主机 或 https://主机:端口"),
      )
      .waitFor();
    await field("Endpoint", "服务地址").fill(store.endpoint);
    await field("Region", "地域").fill("us-east-1");
    await field("Bucket", "存储桶").fill(BUCKET);
    await field("Object", "对象名").fill("tables/diagnoses.csv");
    await page.getByLabel(say("Bucket in the path", "路径方式访问")).check();
    await field("Access key", "访问密钥 ID").fill(CREDENTIALS.accessKeyId);
    await field("Secret key", "访问密钥").fill("not the secret key");
    const certificate = field("Root certificate of the store", "存储服务根证书");
    await choose(owner, certificate, { name: "store.pem", content: store.root.certificate });
    const fetch = page.getByRole("button", { name: say("Seal and fetch the structure", "获取表结构") });
    await fetch.click();
    await page.getByRole("alert").filter({ hasText: "object." }).waitFor();
    // A draft keeps what is no secret.
    await page.reload();
    await page.getByRole("button", { name: say("Next", "下一步") }).click();
    assert.equal(await field("Object", "对象名").inputValue(), "tables/diagnoses.csv");
    assert.equal(await field("Secret key", "访问密钥").inputValue(), "");
    assert.equal(await field("Access key", "访问密钥 ID").inputValue(), "");
    await field("Access key", "访问密钥 ID").fill(CREDENTIALS.accessKeyId);
    await field("Secret key", "访问密钥").fill(CREDENTIALS.secretAccessKey);
    await choose(owner, certificate, { name: "store.pem", content: store.root.certificate });
    await fetch.click();
    await page.getByRole("dialog").getByText("diagnosis", { exact: true }).waitFor();
    await page.getByRole("button", { name: say("Use these descriptions", "确定") }).click();
    await page.getByRole("button", { name: say("Register and sign", "登记并签名") }).click();
    await page.getByRole("heading", { name: "Diagnoses" }).waitFor();
    await page.getByRole("button", { name: say("Change connection", "修改连接信息") }).click();
    await page.getByLabel(say("Endpoint", "服务地址"), { exact: true }).waitFor();
    const clear = sent.filter((body) => /S3RVER|not the secret key|hospital-data/.test(body));
    assert.deepEqual(clear, []);
    assert.ok(sent.some((body) => body.length > 500));
  });
});
