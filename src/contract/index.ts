/** The whole interface. One line a resource. */
import { accessKeys, accounts, sessions, users } from "./accounts.ts";
import { alliances } from "./alliances.ts";
import { blobs } from "./blobs.ts";
import { enclaves } from "./enclaves.ts";
import type { Contract } from "./endpoint.ts";
import { ethereum } from "./ethereum.ts";
import { events } from "./events.ts";
import { keyGroups } from "./key-groups.ts";
import { keyNodes } from "./key-nodes.ts";
import { keyRequests } from "./key-requests.ts";
import { keys } from "./keys.ts";
import { ledger, streams } from "./ledger.ts";
import { models } from "./models.ts";
import { organisations } from "./organisations.ts";
import { sources } from "./sources.ts";
import { audit, system } from "./system.ts";
import { tasks } from "./tasks.ts";

export const contract = {
  accounts,
  users,
  accessKeys,
  sessions,
  organisations,
  enclaves,
  alliances,
  models,
  sources,
  tasks,
  keyNodes,
  keyGroups,
  keys,
  keyRequests,
  ethereum,
  events,
  blobs,
  ledger,
  streams,
  audit,
  system,
} satisfies Contract;
