/** The contract's operational resources over the platform: what the server mounts for them. */
import type { Identity } from "../accounts/identity.ts";
import type { Audit } from "../audit.ts";
import { createAccessKeysApi } from "./access-keys.ts";
import { createAccountsApi } from "./accounts.ts";
import { createAuditApi } from "./audit.ts";
import { createSessionsApi } from "./sessions.ts";
import { createShow, type VerificationLabels } from "./show.ts";
import { createSystemApi, type SystemOptions } from "./system.ts";
import { createUsersApi } from "./users.ts";

export interface PlatformApiOptions extends SystemOptions {
  identity: Identity;
  audit: Audit;
  /** The contract's `verificationLabels`. */
  labels: VerificationLabels;
}

/** Handlers of accounts, users, accessKeys, sessions, audit and system; `system.openapi` is left to the server. */
export const createPlatformApi = ({ identity, audit, labels, ...system }: PlatformApiOptions) => {
  const show = createShow({ identity, labels });
  return {
    accounts: createAccountsApi({ identity, audit, show }),
    users: createUsersApi({ identity }),
    accessKeys: createAccessKeysApi({ identity }),
    sessions: createSessionsApi({ identity, audit, show }),
    audit: createAuditApi({ identity, audit }),
    system: createSystemApi(system),
  };
};
