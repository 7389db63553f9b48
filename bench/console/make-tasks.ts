/**
 * A data directory as a platform leaves it after very many tasks: some ran, of the others half were refused and half
 * wait. Every one is a statement that is signed, verified and ruled on; only the way over HTTP is
 * left out. Their sources and models are a few, as where an institute asks the same hospitals day after day.
 */
import { systemClock } from "../../src/base/clock.ts";
import { alliance, COLUMNS, type Consortium, model, source, taskUpTo } from "../../test/support/consortium.ts";
import { createEnclave } from "../../test/support/principals.ts";
import { act, found } from "../../test/support/stage.ts";
import { fillLedger } from "../rebuild/make-ledger.ts";

/** Streams that are written to at the same time. */
const WRITERS = 64;
/** Of so many one ran, and one came halfway. */
const EACH = 50;
const WORDS = ["survival", "screening", "follow-up", "readmission", "dosage", "cohort", "outcome"];

export const makeTasks = async (data: string, tasks: number): Promise<void> => {
  await fillLedger(data, tasks, async (stage, [institute, north, south], text) => {
    const enclave = createEnclave({ at: systemClock.now() });
    await found(stage, enclave, institute, north, south);
    for (const { name } of [institute, north, south]) text({ nickname: name });
    const home = await alliance(stage, enclave, [institute, north, south]);
    const code = await model(stage, institute, enclave, text({ name: "Logistic regression" }));
    await act(stage, institute, "model.permitted", code, { permission: { kind: "public" } });
    const about = { description: "", metadata: "", columns: COLUMNS };
    const sources = await Promise.all(
      [north, south].map((owner) =>
        source(stage, owner, enclave, text({ name: `Patients of ${owner.name}`, ...about })),
      ),
    );
    const parts = { alliance: home, receiver: institute, enclave, model: code, sources };
    const trio: Consortium = { hospitals: [north, south], institute, stranger: institute, enclave, parts };
    let count = 0;
    const writer = async () => {
      while (count < tasks) {
        const number = ++count;
        const name = `Analysis of ${WORDS[number % WORDS.length]} ${number}`;
        const id = await taskUpTo(stage, trio, stepOf(number), text({ name, description: "" }));
        if (number % EACH > EACH / 2) await act(stage, institute, "task.refused", id);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  });
};

const stepOf = (number: number): Parameters<typeof taskUpTo>[2] =>
  number % EACH === 0 ? "completed" : number % EACH === 1 ? "receiver" : "created";
