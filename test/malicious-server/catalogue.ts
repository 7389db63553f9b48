/** Every attack, in the order of the threat model. */
import { channels } from "./attacks/channels.ts";
import { code } from "./attacks/code.ts";
import { consent } from "./attacks/consent.ts";
import { databases } from "./attacks/databases.ts";
import { diagnostics } from "./attacks/diagnostics.ts";
import { enclaves } from "./attacks/enclaves.ts";
import { evidence } from "./attacks/evidence.ts";
import { files } from "./attacks/files.ts";
import { fleet } from "./attacks/fleet.ts";
import { ledger } from "./attacks/ledger.ts";
import { members } from "./attacks/members.ts";
import { moving } from "./attacks/moving.ts";
import { results } from "./attacks/results.ts";
import { schedules } from "./attacks/schedules.ts";
import { signing } from "./attacks/signing.ts";
import { state } from "./attacks/state.ts";
import { statements } from "./attacks/statements.ts";
import { tasks } from "./attacks/tasks.ts";
import type { Attack } from "./harness.ts";

export const catalogue: readonly Attack[] = [
  ...enclaves,
  ...members,
  ...signing,
  ...code,
  ...statements,
  ...ledger,
  ...tasks,
  ...files,
  ...state,
  ...results,
  ...evidence,
  ...databases,
  ...channels,
  ...consent,
  ...fleet,
  ...diagnostics,
  ...schedules,
  ...moving,
];
