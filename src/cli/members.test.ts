/** Members are trusted on first use, and refused when the platform shows another one later. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOrganisation, type Organisation, SALT } from "../../test/support/principals.ts";
import type { AboutToSign } from "../sdk/workflows/authorise.ts";
import { reviewTask } from "./commands/tasks.ts";
import type { Context } from "./context.ts";
import { meetMember, recognise, requireNoOther } from "./members.ts";
import { say } from "./text.ts";

/** A profile in memory, and a platform that finds whoever it is told to. */
const contextOf = (found: () => Organisation) => {
  let settings: { members: Record<string, string> } = { members: {} };
  const notes: string[] = [];
  const context: object = {
    settings: () => settings,
    remember: (change: object) => {
      settings = { ...settings, ...change };
    },
    note: (...[text, details]: Parameters<Context["note"]>) => notes.push(say(text, "en", details)),
    client: () => ({
      organisations: {
        find: async () => ({ statement: found().founding, detail: { salt: SALT, nickname: found().name } }),
      },
    }),
  };
  return { context: context as Context, notes, members: () => settings.members };
};

const named = ({ name, appId, id }: Organisation) => ({ id, nickname: name, appId });
const hospital = createOrganisation("第一医院");
/** The same nickname and APPID, founded by somebody else. */
const impostor = createOrganisation("第一医院", { appId: hospital.appId });
const { appId } = hospital;
const nickname = hospital.name;

test("whoever is met is said and remembered; another CA under that name is refused", async () => {
  let shown = hospital;
  const { context, notes, members } = contextOf(() => shown);
  assert.equal((await meetMember(context, { nickname, appId })).member, hospital.id);
  assert.deepEqual(members(), { [`${nickname}/${appId}`]: hospital.ca.fingerprint });
  assert.match(notes.join(), /Met for the first time: 第一医院 \(\d{10}\), CA ([0-9a-f]{4} ){3}[0-9a-f]{4}\./);
  await meetMember(context, { nickname, appId });
  assert.equal(notes.length, 1);
  shown = impostor;
  await assert.rejects(meetMember(context, { nickname, appId }), { code: "member.untrusted" });
  assert.deepEqual(members(), { [`${nickname}/${appId}`]: hospital.ca.fingerprint });
});

test("an id that is not the one of the member's own statement is refused", async () => {
  const { context } = contextOf(() => hospital);
  assert.match(await recognise(context, named(hospital)), /^第一医院 \(\d{10}\), CA [0-9a-f]{4} /);
  await assert.rejects(recognise(context, { ...named(hospital), id: impostor.id }), { code: "member.other" });
});

test("a namesake is not taken for the member that is known by the name", async () => {
  const { context } = contextOf(() => hospital);
  const namesake = { nickname, appId: "1399999999" };
  requireNoOther(context, nickname, namesake);
  await meetMember(context, { nickname, appId });
  requireNoOther(context, nickname, { nickname, appId });
  assert.throws(() => requireNoOther(context, nickname, namesake), { code: "member.several" });
  assert.throws(() => requireNoOther(context, appId, { nickname: "x", appId }), { code: "member.several" });
  requireNoOther(context, "第二医院", { nickname: "第二医院", appId: "1399999998" });
});

test("what is about to be signed is shown, its receiver as its own statement has it", async () => {
  const { context, notes } = contextOf(() => hospital);
  const digest = "ab".repeat(32);
  const owner = named(hospital);
  const about = (receiver: string) =>
    ({
      part: "source",
      digest,
      provider: "simulated",
      task: {
        id: "T1",
        receiver: owner,
        model: { id: "M1", owner },
        sources: [{ id: "D1", owner, columns: [{ name: "age" }, { name: "name" }, { name: "city" }] }],
        definition: {
          receiver,
          enclave: "e",
          measurement: "5e".repeat(48),
          model: { archive: "archive-digest", main: "main" },
          sources: [{ envelope: "envelope-digest", table: "people", columns: [0, 2] }],
          limits: { rows: 7, seconds: 60, memory: 256 },
          parameters: { folds: 5 },
        },
      },
    }) as object as AboutToSign;
  await reviewTask(context, about(hospital.id));
  const shown = notes.join("\n");
  for (const part of [
    `About to sign T1 as a data provider: ${digest}`,
    /Result receiver: 第一医院 \(\d{10}\), CA [0-9a-f]{4} /,
    /Model M1 \(archive archive-digest\): 第一医院/,
    /Data source D1 \(envelope envelope-digest\): 第一医院/,
    "as people, columns that the model may read: age, city",
    "At most 7 rows of a result, 60 s, 256 MiB",
    'main({"folds":5})',
    /Enclave e: simulated, (5e){48}/,
  ])
    assert.ok(typeof part === "string" ? shown.includes(part) : part.test(shown), `${part}\n${shown}`);
  // The platform names a friend, the definition somebody else.
  await assert.rejects(reviewTask(context, about(impostor.id)), { code: "member.other" });
});
