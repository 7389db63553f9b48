/** More forms at their limits: of an account, a task, keys, groups, policies, grants and a receiver's database. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { generateKey } from "#crypto";
import { Refusal } from "../../src/base/refusal.ts";
import { Login, Nickname, Particulars, Password } from "../../src/contract/accounts.ts";
import { MAX_ACCESS_KEYS } from "../../src/platform/accounts/access-keys.ts";
import { DatabaseConnection } from "../../src/rules/connection.ts";
import { GrantTerms } from "../../src/rules/grant.ts";
import { POLICIES_MAX } from "../../src/rules/key-group.ts";
import { Budget, GroupRule, Policy } from "../../src/rules/policy.ts";
import { Schedule } from "../../src/rules/schedule.ts";
import { Limits } from "../../src/rules/task-definition.ts";
import { publishModel } from "../../src/sdk/workflows/index.ts";
import { keyToPem } from "../../src/trust/keys.ts";
import { toPem } from "../../src/trust/pem.ts";
import { noBrowser, open, openConsole, PASSWORD, type Person } from "../support/browser.ts";
import { enterWithKey, siteOf, UNHURRIED } from "../support/entering.ts";
import { between, bounds, fill, long, type Row, type Said, short, upTo } from "../support/fields.ts";
import { addModel, addTable, addTask, ally, archiveOf, join, manifestOf, SUM, signUp } from "../support/members.ts";

/** One character to people, two to a script. */
const WIDE = "𠮷";
const UNSEEN: Said = ["No control characters", "不能包含控制字符"];
const MISSING: Said = ["This is required", "请填写此项"];
const HOST: Said = ["A name or an IP address, without / @ or spaces", "请输入主机名或 IP 地址，不含 / @ 和空格"];

/** Options of a drop-down, the first one of its label that is seen. Escape would close the dialog around it. */
const pick = async ({ page, t }: Person, label: Said, ...options: readonly (string | RegExp)[]): Promise<void> => {
  const field = page
    .getByLabel(t(...label), { exact: true })
    .locator("visible=true")
    .first();
  const list = page.locator(".ant-select-dropdown:visible");
  for (const option of options) {
    await field.click();
    await list.locator(".ant-select-item-option").filter({ hasText: option }).click();
    await field.blur();
    await list.waitFor({ state: "hidden" });
  }
};

const press = ({ page, t }: Person, ...label: Said) => page.getByRole("button", { name: t(...label), exact: true });
const alertOf = ({ page }: Person, code: string | RegExp) => page.getByRole("alert").filter({ hasText: code }).first();
/** Whoever goes around the form is refused all the same. */
const refused = async (...asked: readonly (() => Promise<unknown>)[]): Promise<void> => {
  for (const one of asked)
    await assert.rejects(one, (error) => error instanceof Refusal && error.status >= 400 && error.status < 500);
};

test("every field says its limit where it is typed, and the server keeps to it", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t, { ...UNHURRIED, "key-nodes": "2" });
  const site = await siteOf(console.platform);
  const hospital = await join(site, "Hospital");
  const english = await enterWithKey(console, hospital);
  const chinese = await enterWithKey(console, hospital, { language: "zh-CN" });
  const { client, id } = hospital;
  const alliance = await ally(site, [hospital]);
  const table = await addTable(site, hospital);
  const nodes = (await client.keyNodes.list({ pageSize: 100 })).items.map(({ stream }) => stream).sort();
  const named = { name: "Vault", description: "" };
  const settings = { nodes, administrators: [id], approvals: 1, requesters: [id], approvers: [] };
  const everything = { id: "everything", text: "permit (principal, action, resource);" };
  const vault = (await client.keyGroups.create({ ...settings, policies: [everything], detail: named })).resource;

  await t.test("an account, from its sign-up to its users and access keys (zh-CN)", async () => {
    const person = await console.person({ language: "zh-CN" });
    const { page } = person;
    await open(person, "/");
    await page.getByText("新机构", { exact: true }).click();
    const password = upTo(Password.maxLength);
    const login = upTo(Login.maxLength);
    const letters: Said = ["", "仅支持小写字母、数字，首位之后可使用 . _ @ -"];
    const access: readonly Row[] = [
      [["", "用户名"], [...login.refused, ["a", short(Login.minLength ?? 0)], ["Sally", letters]], login.taken],
      [["", "密码"], [...password.refused, ["123456789", short(Password.minLength ?? 0)]], password.taken],
    ];
    const nickname = upTo(Nickname.maxLength, "机");
    const plain: Said = ["", "仅支持中英文、数字、_ 和 -"];
    await fill(person, page.locator("form"), [
      [["", "账号昵称"], [...nickname.refused, ["a b", plain]], nickname.taken],
      ...access,
    ]);
    await press(person, "", "注册并登录").click();
    await page.locator(".frame").waitFor();
    await refused(
      () => site.anyone.accounts.create({ nickname: "机".repeat(51), login: "other", password: PASSWORD }),
      () => site.anyone.accounts.create({ nickname: "other", login: "Other", password: PASSWORD }),
      () => site.anyone.accounts.create({ nickname: "other", login: "other", password: "123456789" }),
    );

    await open(person, "/account");
    const { legalName, registrationNumber, contact } = Particulars.shape;
    const particular = (label: string, { maxLength }: { maxLength: number | null }, character?: string): Row => {
      const { refused, taken } = upTo(maxLength, character);
      return [["", label], [[" ", MISSING], ...refused], taken];
    };
    const country: Said = ["", "两位大写字母，例如 CN"];
    const digits: Said = ["", "请输入 5 至 25 位数字"];
    await fill(person, page.locator("form"), [
      particular("机构全称", legalName, "院"),
      particular("联系人", contact, "李"),
      [
        ["", "联系电话"],
        [
          ["1".repeat(26), digits],
          ["one", digits],
        ],
        ["1".repeat(25)],
      ],
      [
        ["", "国家或地区"],
        [
          ["cn", country],
          ["CHN", country],
        ],
        ["CN"],
      ],
      [["", "统一社会信用代码"], [["91350100M000100Y44", ["", "统一社会信用代码有误"]]], ["91350100M000100Y43"]],
      [["", "国家或地区"], [], ["SG"]],
      particular("统一社会信用代码", registrationNumber, "9"),
    ]);
    await press(person, "", "提交审核").click();
    await page.getByText("平台运营方正在审核您提交的资料。").waitFor();
    const other = await signUp(site, "other", { verified: false });
    const given = { legalName: "a", registrationNumber: "1", contact: "a", phone: "1", country: "CN" };
    await refused(
      () => other.client.accounts.submitVerification({ ...given, country: "CHN" }),
      () => other.client.accounts.submitVerification({ ...given, phone: "1".repeat(33) }),
    );

    await press(person, "", "新建用户").click();
    const dialog = page.getByRole("dialog");
    const [[name, ...rest], secret] = access as readonly [Row, Row];
    await fill(person, dialog, [[name, ...rest], secret]);
    // Whoever signed up has this very name.
    await press(person, "", "确 定")
      .or(press(person, "", "确定"))
      .click();
    await alertOf(person, "user.login-taken").waitFor();
    await dialog.getByLabel("用户名").fill("second");
    await press(person, "", "确 定")
      .or(press(person, "", "确定"))
      .click();
    await page.getByRole("cell", { name: "second", exact: true }).waitFor();
    await refused(() => other.client.users.create({ login: "third", password: "123456789", role: "member" }));

    // The sign-up made one.
    for (let made = 2; made <= MAX_ACCESS_KEYS; made++) {
      await press(person, "", "新建访问密钥").click();
      await page
        .locator("section")
        .filter({ hasText: "访问密钥" })
        .locator("tbody tr")
        .nth(made - 1)
        .waitFor();
    }
    await press(person, "", "新建访问密钥").click();
    await alertOf(person, "access-key.limit").waitFor();
  });

  await t.test("a task: names, times, parameters and limits (en)", async () => {
    const archive = await archiveOf(SUM, {
      ...manifestOf(["a"]),
      parameters: { plus: { type: "number", default: 0 }, word: { type: "string" } },
    });
    const version = { version: "1.0.0", main: "main", archive, enclave: site.enclave, open: true };
    await publishModel(client, id, { ...version, name: "Sums", permission: { kind: "public" } });
    const { page } = english;
    await open(english, "/tasks/new");
    const form = page.locator("form");
    const plain: Said = ["Chinese characters, letters and digits only, up to 50", ""];
    await fill(english, form, [
      [
        ["Task name", ""],
        [
          ["a".repeat(51), plain],
          ["a b", plain],
        ],
        [WIDE.repeat(50)],
      ],
      [
        ["Description", ""],
        [
          [WIDE.repeat(101), long(101, 100)],
          ["a\u202eb", UNSEEN],
        ],
        [WIDE.repeat(100)],
      ],
    ]);
    await pick(english, ["Alliance", ""], "可信联盟");
    await pick(english, ["Result receiver", ""], /^Hospital/);
    await pick(english, ["Type", ""], /^Scheduled/);
    await pick(english, ["Unit", ""], "weeks");
    const { every, runs } = Schedule.shape;
    const weeks = Math.floor((every.maxValue ?? 0) / 604_800);
    await fill(english, form, [
      bounds({ minValue: 1, maxValue: weeks }, ["Every", ""]),
      bounds(runs, ["Runs at most", ""]),
    ]);
    await press(english, "Next", "").click();
    await pick(english, ["Provider", ""], /^Hospital/);
    await pick(english, ["Model", ""], /^Sums/);
    const { rows, seconds, memory } = Limits.shape;
    const word = upTo(1_024);
    await fill(english, form, [
      [["word", ""], word.refused, word.taken],
      bounds(rows.unwrap(), ["Rows of the result", ""]),
      bounds(seconds.unwrap(), ["Seconds", ""]),
      bounds(memory.unwrap(), ["Memory (MiB)", ""]),
    ]);
    await form.locator("#sources_0_provider").click();
    await page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter({ hasText: "Hospital" }).click();
    await pick(english, ["Data source", ""], /^数据/);
    await pick(english, ["Fills the model's table", ""], "a");
    await form.getByLabel("Memory (MiB)").fill("512");
    // A series of nineteen years is more than anybody consents to: the ledger says so, and all stays.
    await press(english, "Create and sign", "").click();
    await alertOf(english, "task.schedule").waitFor();
    await press(english, "Back", "").click();
    assert.equal(await form.getByLabel("Task name").inputValue(), WIDE.repeat(50));
    await form.getByLabel("Runs at most").fill("12");
    await press(english, "Next", "").click();
    await press(english, "Create and sign", "").click();
    await page.getByRole("heading", { level: 1, name: WIDE.repeat(50) }).waitFor();
  });

  await t.test("a key: names, tags, threshold, and what is no private key of its kind (zh-CN)", async () => {
    const { page } = chinese;
    await open(chinese, "/keys?new=import");
    const dialog = page.getByRole("dialog");
    await pick(chinese, ["", "群组"], /^Vault/);
    const threshold: Said = ["", "须为 2 至节点数"];
    await fill(chinese, dialog, [
      [
        ["", "门限：签名所需的节点数"],
        [
          ["1", threshold],
          ["3", threshold],
          ["1.5", threshold],
        ],
        ["2"],
      ],
      [
        ["", "密钥名称"],
        [
          ["a".repeat(251), long(251, 250)],
          ["a b", ["", "仅支持字母、数字和 / _ -"]],
        ],
        ["a".repeat(250)],
      ],
      [["", "描述"], [[WIDE.repeat(101), long(101, 100)]], [WIDE.repeat(100)]],
    ]);
    await dialog.getByLabel("标签").fill("env=生产!");
    await page.keyboard.press("Enter");
    await dialog.getByText("最多 50 个标签", { exact: false }).waitFor();
    const tags = dialog.locator(".ant-form-item").filter({ has: page.locator("#tags") });
    await tags.locator(".anticon-close").click();
    await tags.locator(".ant-form-item-explain-error").waitFor({ state: "detached" });
    const own = keyToPem(generateKey("secp256k1"), "its passphrase");
    const other = keyToPem(generateKey("P-256"));
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
    const sign = press(chinese, "", "拆分、加密并签名");
    const give = (name: string, text: string) =>
      dialog.locator("input[type=file]").setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
    for (const [name, text] of [
      ["words.pem", "hello"],
      ["half.pem", own.slice(0, own.length / 2)],
      ["public.pem", toPem("PUBLIC KEY", new Uint8Array(9))],
      ["large.pem", own + " ".repeat(65_536)],
    ] as const) {
      await give(name, text);
      await dialog.getByText(`该文件不是完整的 PEM 私钥：${name}`).waitFor();
      assert.equal(await sign.isDisabled(), true);
    }
    for (const [text, passphrase, code] of [
      [other, "", "key.kind"],
      [rsa.export({ type: "pkcs8", format: "pem" }).toString(), "", "key.kind"],
      [own, "", "key.passphrase-needed"],
      [own, "another passphrase", "key.passphrase"],
    ] as const) {
      await give("key.pem", text);
      await dialog.getByLabel("私钥口令（如有）").fill(passphrase);
      await sign.click();
      await alertOf(chinese, code).waitFor();
      assert.equal(await dialog.getByLabel("密钥名称").inputValue(), "a".repeat(250));
    }
    await dialog.getByLabel("私钥口令（如有）").fill("its passphrase");
    await sign.click();
    await page.getByRole("heading", { level: 1, name: "a".repeat(250) }).waitFor();
    await press(chinese, "", "计划删除…").click();
    await fill(chinese, dialog, [bounds({ minValue: 7, maxValue: 30 }, ["", "等待天数（7 至 30）"])]);
    await press(chinese, "", "取消").click();
    const key = {
      group: vault.stream,
      scheme: "ECDSA_K1",
      participants: nodes,
      origin: { kind: "generated" },
    } as const;
    const detail = { tags: {}, description: "" };
    await refused(
      () => client.keys.create({ ...key, threshold: 3, detail }),
      () => client.keys.create({ ...key, threshold: 2, detail: { ...detail, alias: "a".repeat(251) } }),
    );
  });

  await t.test("a group: its name, and how many agree (en)", async () => {
    const { page } = english;
    const dialog = page.getByRole("dialog");
    const alone: Row[1] = [
      ["0", between(1, 1)],
      ["2", between(1, 1)],
      ["1.5", between(1, 1)],
    ];
    await open(english, "/key-groups?new=1");
    const ends: Said = ["No leading or trailing spaces, no control characters", ""];
    await fill(english, dialog, [
      [
        ["Name", ""],
        [
          [WIDE.repeat(51), long(51, 50)],
          [" a", ends],
          ["a\u202eb", ends],
        ],
        [WIDE.repeat(50)],
      ],
      [["Description", ""], [["a".repeat(101), long(101, 100)]], ["a".repeat(100)]],
      [["Approvals needed for a change", ""], alone, ["1"]],
    ]);
    await pick(english, ["Key nodes", ""], "node-1");
    await press(english, "Create and sign", "").click();
    await dialog.getByText("At least two nodes").waitFor();
    await pick(english, ["Key nodes", ""], "node-2");
    await press(english, "Create and sign", "").click();
    await page.getByRole("heading", { level: 1, name: WIDE.repeat(50) }).waitFor();
    await press(english, "Propose a change", "").click();
    await fill(english, dialog, [[["Approvals needed for a change", ""], alone, ["1"]]]);
    await refused(
      () => client.keyGroups.create({ ...settings, policies: [], detail: { ...named, name: WIDE.repeat(51) } }),
      () => client.keyGroups.create({ ...settings, approvals: 2, policies: [], detail: named }),
      () => client.keyGroups.create({ ...settings, nodes: nodes.slice(1), approvals: 0, policies: [], detail: named }),
    );
  });

  await t.test("a policy: its name, nothing in it, too much, and no Cedar (zh-CN)", async () => {
    const { page } = chinese;
    await open(chinese, `/policies?group=${vault.id}`);
    const name = page.getByLabel("策略名称");
    const text = page.locator("textarea");
    const propose = press(chinese, "", "提议并签名");
    const filled = (bytes: number) => everything.text + "\n//".padEnd(bytes - everything.text.length, "a");
    const broken = `${everything.text.replace(";", "")}\nwhen { 数 };`;
    for (const [field, written, said] of [
      [name, "Every", "策略名称仅支持小写字母、数字和 -"],
      [name, "a".repeat(65), "最多 64 个字符"],
      [text, " ", "请填写策略内容或删除该策略"],
      [text, filled(POLICIES_MAX + 1), "策略合计 65,537 字节，最多 65,536 字节"],
      [text, broken, "第 2 行第 8 个字符处不是一条 Cedar 策略"],
      [text, "permit (principal, action, resource) when { context.nothing };", "第 1 行第"],
    ] as const) {
      const before = await field.inputValue();
      await field.fill(written);
      await alertOf(chinese, said).waitFor();
      assert.equal(await field.inputValue(), written);
      assert.equal(await propose.isDisabled(), true);
      await open(chinese, `/policies?group=${vault.id}`);
      await alertOf(chinese, said).waitFor();
      assert.equal(await field.inputValue(), written, "what was typed is there again");
      await field.fill(before);
    }
    await name.fill("a".repeat(64));
    await text.fill(filled(POLICIES_MAX));
    await page.getByText("检查通过。").waitFor();
    await propose.click();
    await page.getByText("变更内容").waitFor({ state: "detached" });
    const trial = (policy: { id: string; text: string }) =>
      client.keyGroups.simulate({ id: vault.id, policies: [policy], days: 1 });
    await refused(
      () => trial({ id: "a", text: filled(POLICIES_MAX + 1) }),
      () => trial({ id: "A", text: everything.text }),
      () => trial({ id: "a", text: "" }),
      () => trial({ id: "a", text: broken }),
    );
  });

  await t.test("a result policy: amounts, and a group that has no size (en)", async () => {
    const { page } = english;
    await open(english, `/sources/${table.id}`);
    const policy = page.locator("section").filter({ has: page.getByRole("heading", { name: "Result policy" }) });
    await policy.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog");
    await pick(english, ["Values of a result", ""], /^Numbers with noise/);
    const { runs, rows } = Budget.shape;
    const privacy: Said = ["A number from 0.000001 to 1,000,000", ""];
    await fill(english, dialog, [
      bounds(Policy.shape.maxRows.unwrap(), ["Rows of a result, at most", ""]),
      bounds(GroupRule.shape.size, ["Rows in a group, at least", ""]),
      bounds(runs.unwrap(), ["Runs in all, at most", ""]),
      bounds(rows.unwrap(), ["Rows of results in all, at most", ""]),
      [
        ["Privacy loss ε in all, at most", ""],
        ["0", "0.0000001", "1000000.1", "-1"].map((text) => [text, privacy] as const),
        ["1000000", "0.000001"],
      ],
    ]);
    const size = dialog.getByLabel("Rows in a group, at least", { exact: true });
    await size.fill("");
    await pick(english, ["Counted in place of rows", ""], "number");
    await press(english, "Save and sign", "").click();
    await dialog.getByText("A whole number from 2 to 100,000").waitFor();
    await size.fill("5");
    await press(english, "Save and sign", "").click();
    await dialog.waitFor({ state: "detached" });
    await policy.getByText("ε ≤ 0.000001").waitFor();
  });

  await t.test("a grant: table, rows, runs and days (en)", async () => {
    const { page } = english;
    await open(english, `/sources/${table.id}`);
    await press(english, "Authorise in advance", "").click();
    const dialog = page.getByRole("dialog");
    const word = upTo(GrantTerms.shape.table.maxLength);
    await press(english, "Agree and sign", "").click();
    await dialog.getByText("This is required").nth(3).waitFor();
    await fill(english, dialog, [
      [["The model's table that it fills", ""], word.refused, word.taken],
      bounds(GrantTerms.shape.rows, ["Rows of a result, at most", ""]),
      bounds(GrantTerms.shape.runs, ["Runs, at most", ""]),
      bounds({ minValue: 1, maxValue: 365 }, ["Days from now", ""]),
    ]);
    for (const label of ["Who may create such tasks", "Who receives the results"])
      await pick(english, [label, ""], /^Hospital/);
    await pick(english, ["Model", ""], /^Sums/);
    await press(english, "Agree and sign", "").click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("cell", { name: "≤ 10,000,000" }).waitFor();
  });

  await t.test("a receiver's database: where it is, and that it does not answer (zh-CN)", async () => {
    const { page } = chinese;
    const model = (await addModel(site, hospital)).id;
    const task = await addTask(hospital, { alliance, receiver: id, model, sources: [table.id] });
    await open(chinese, `/tasks/${task.id}/authorise`);
    await page.getByRole("radio", { name: "我的数据库" }).check();
    const { host, port, database, table: name, username, password } = DatabaseConnection.shape;
    const text = (label: string, { maxLength }: { maxLength: number | null }, more: Row[1] = []): Row => {
      const { refused, taken } = upTo(maxLength);
      return [["", label], [...refused, ...more], taken];
    };
    await fill(chinese, page.locator("form"), [
      text("结果接收地址", host, [
        ["a/b", HOST],
        ["a b", HOST],
      ]),
      bounds(port, ["", "结果接收端口"]),
      text("数据库实例名", database),
      text("数据库表名", name),
      text("用户名称", username),
      text("用户密码", password),
      text("证书中的服务器名", host),
    ]);
    const pem = toPem("CERTIFICATE", hospital.authority.certificate.der);
    const drop = page.locator("form input[type=file]");
    const give = (name: string, content: string) =>
      drop.setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
    await give("half.pem", pem.slice(0, pem.length / 2));
    await page.getByRole("alert").filter({ hasText: "half.pem 中没有完整的 PEM 证书" }).waitFor();
    const ask = press(chinese, "", "加密并测试连接");
    assert.equal(await ask.isDisabled(), true);
    await give("root.pem", pem);
    await page.getByLabel("结果接收地址", { exact: true }).fill("127.0.0.1");
    await page.getByLabel("结果接收端口").fill("1");
    await ask.click();
    await alertOf(chinese, "database.unreachable").waitFor();
    assert.equal(
      await page.getByLabel("用户密码", { exact: true }).inputValue(),
      password.maxLength && "a".repeat(password.maxLength),
    );
    assert.equal(await press(chinese, "", "授权并签名").isDisabled(), true);
  });
});
