/** Every command: those of the contract, and those that seal, sign or check on this machine. */
import type { Command } from "../command.ts";
import { contractCommands } from "../generated.ts";
import { kebab } from "../names.ts";
import { completionCommand } from "./completion.ts";
import { identityCommands } from "./identity.ts";
import { keyApprovalCommands } from "./key-approvals.ts";
import { keyBackupCommands } from "./key-backups.ts";
import { exportCommand } from "./key-export.ts";
import { keyGroupCommands } from "./key-groups.ts";
import { payCommand } from "./key-pay.ts";
import { keyRequestCommands } from "./key-requests.ts";
import { keyCommands } from "./keys.ts";
import { projectCommands } from "./model.ts";
import { modelCommands } from "./models.ts";
import { movingCommands } from "./moving.ts";
import { profileCommands } from "./profiles.ts";
import { reconnectCommand } from "./source-reconnect.ts";
import { sourceCommands } from "./sources.ts";
import { diagnosticsCommands } from "./task-diagnostics.ts";
import { taskCommands } from "./tasks.ts";
import { trustCommands } from "./trust.ts";

const own: readonly Command[] = [
  ...profileCommands,
  ...identityCommands,
  ...trustCommands,
  ...movingCommands,
  ...projectCommands,
  ...modelCommands,
  ...sourceCommands,
  reconnectCommand,
  ...taskCommands,
  ...diagnosticsCommands,
  ...keyGroupCommands,
  ...keyApprovalCommands,
  ...keyCommands,
  exportCommand,
  ...keyBackupCommands,
  ...keyRequestCommands,
  payCommand,
];

/**
 * Endpoints that a command of another name stands for, because something is sealed, signed or checked first; and
 * sessions, which are for browsers.
 */
const REPLACED = new Set([
  "organisations.found",
  "organisations.manage",
  "organisations.renewAuthority",
  "organisations.publishCrl",
  "organisations.find",
  "enclaves.attest",
  "enclaves.challenge",
  "enclaves.describe",
  "keyNodes.attest",
  "keyNodes.challenge",
  "keyNodes.store",
  "keys.backup",
  "keys.restore",
  "alliances.move",
  "models.move",
  "sources.move",
  "tasks.dryRun",
  "tasks.requestDiagnostics",
  "tasks.authoriseDiagnostics",
  "tasks.refuseDiagnostics",
  "tasks.authoriseReceiver",
  "tasks.authoriseSource",
  "tasks.authoriseModel",
  "sessions.create",
  "sessions.current",
  "sessions.delete",
]);

const isOwn = (resource: string, action: string): boolean =>
  own.some(({ words }) => words[0] === kebab(resource) && words[1] === kebab(action));

export const commands: readonly Command[] = [
  ...own,
  ...contractCommands((resource, action) => !REPLACED.has(`${resource}.${action}`) && !isOwn(resource, action)),
  completionCommand(() => commands),
];
