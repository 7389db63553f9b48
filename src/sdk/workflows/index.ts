/** What takes more than one call: sealed, signed and checked on the caller's side. */
export {
  type AboutToSign,
  type AuthoriseOptions,
  authoriseTask,
  type Destination,
  deliveryTo,
  type Part,
  partDue,
  shownDigest,
} from "./authorise.ts";
export { type CreateTaskOptions, createTask, type NewTask, type TaskParts } from "./create-task.ts";
export { csvHeader } from "./csv-header.ts";
export { describeSource, type SourceWords } from "./describe-source.ts";
export { connectionBytes, type DestinationFor, prepareDestination } from "./destination.ts";
export {
  authoriseDiagnostics,
  type DecideOptions,
  type OpenDiagnosticsOptions,
  openDiagnostics,
  refuseDiagnostics,
  requestDiagnostics,
} from "./diagnostics.ts";
export { dryRunTask } from "./dry-run.ts";
export { type ExportedKey, type NewExport, openExport, requestExport } from "./export-key.ts";
export { type FoundMember, findMember } from "./find-member.ts";
export { type GrantWords, governSource, grantSource } from "./grant-source.ts";
export {
  acceptCsr,
  createAuthority,
  foundOrganisation,
  identityOf,
  issueLeaf,
  type Keyed,
  publishRevocations,
  type Revoked,
  renewAuthority,
} from "./identity.ts";
export {
  backupNode,
  type KeptShare,
  type NodeBackup,
  type OpenedShare,
  openBackup,
  restoreNode,
} from "./key-backups.ts";
export { approveChange, approveReshare, proposeChange } from "./key-governance.ts";
export {
  type ApproveOptions,
  approveRequest,
  awaitRequest,
  type NewSignature,
  type ReadRequest,
  readRequest,
  requestSignatures,
  verifySignatures,
} from "./key-requests.ts";
export { type SignedByKey, signaturesOf } from "./key-signatures.ts";
export { awaitKey, generateKey, importKey, type NewKey, type PrivateKeyGiven, rotateKey } from "./keys.ts";
export { type FormerEnclave, type Movable, type MovePlan, moveToEnclave, planMove } from "./move-to-enclave.ts";
export { type OpenOptions, openResult } from "./open-result.ts";
export { type NamedPolicy, policyOf } from "./policy.ts";
export { type ModelVersion, type NewModel, publishModel, reviseModel } from "./publish-model.ts";
export { reconnectSource } from "./reconnect-source.ts";
export {
  describeColumns,
  type PreparedSource,
  type PrepareFor,
  prepareSource,
  registerSource,
  type SealFor,
  type SourceTexts,
  sealSource,
} from "./register-source.ts";
export { type ExpectedEnclave, type VerifiedEnclave, verifyEnclave } from "./verify-enclave.ts";
export { type ReadKeyNode, readKeyNode, type VerifiedKeyNode, verifyKeyNode } from "./verify-key-node.ts";
export {
  type Approved,
  type CodeFile,
  type CodeView,
  type Compared,
  type ViewOptions,
  viewCode,
} from "./view-code.ts";
