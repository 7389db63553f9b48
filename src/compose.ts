/** The only file that wires the pillars together: from a configuration to a running platform. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, SECOND } from "./base/clock.ts";
import { once } from "./base/turns.ts";
import { computeBooks } from "./compute/books.ts";
import { createEnclaveHost, type EnclaveHostOptions } from "./compute/enclave-host.ts";
import { createFleet } from "./compute/fleet.ts";
import { createFormerPrograms } from "./compute/former-programs.ts";
import { createCompute } from "./compute/index.ts";
import { verificationLabels } from "./contract/accounts.ts";
import { contract } from "./contract/index.ts";
import { keyBooks } from "./keys/books.ts";
import { FACES, IDENTITIES, openHouse } from "./keys/house.ts";
import { createIdentityKeys } from "./keys/identity-keys.ts";
import { createKeys } from "./keys/index.ts";
import { createKeyIndex } from "./keys/key-index.ts";
import { keys0200 } from "./keys/migrations/0200-keys.ts";
import type { KeyNodes } from "./keys/nodes.ts";
import { createPresence } from "./keys/presence.ts";
import type { KeyService } from "./keys/service.ts";
import type { ViewDeps } from "./keys/view-deps.ts";
import { openEvidenceLedger } from "./ledger/engines/evidence/index.ts";
import { ledgerSigner } from "./ledger/signer.ts";
import { createIdentity } from "./platform/accounts/identity.ts";
import { createPlatformApi } from "./platform/api/index.ts";
import { createServerPorts } from "./platform/api/server-ports.ts";
import { createAudit } from "./platform/audit.ts";
import { createAuditStore } from "./platform/audit-store.ts";
import { createBlobs } from "./platform/blobs.ts";
import type { Config } from "./platform/config/load.ts";
import { networksOf, optionsOf, pairsOf } from "./platform/config/pairs.ts";
import { migrate } from "./platform/db/migrate.ts";
import { platformMigrations } from "./platform/db/migrations/index.ts";
import { openDatabase, requireReachable } from "./platform/db/open.ts";
import { createHealth } from "./platform/health.ts";
import { createHousekeeping } from "./platform/housekeeping.ts";
import { createIds } from "./platform/ids.ts";
import { createInbox } from "./platform/inbox.ts";
import { createInboxStore } from "./platform/inbox-store.ts";
import { createJobs } from "./platform/jobs.ts";
import { createJobStore } from "./platform/jobs-store.ts";
import { createLive } from "./platform/live.ts";
import { lockDataDir } from "./platform/lock.ts";
import { createLog } from "./platform/log.ts";
import { createLogTail } from "./platform/log-tail.ts";
import { createMetrics } from "./platform/metrics.ts";
import { openServerKey } from "./platform/server-key.ts";
import { createStorage } from "./platform/storage.ts";
import { createChainApi } from "./server/faces/ethereum/chain.ts";
import { createFaces, type Faces } from "./server/faces/listener.ts";
import { openApi } from "./server/openapi.ts";
import { createServer } from "./server/server.ts";
import { type Asker, requireMember } from "./spine/access.ts";
import { createEvents } from "./spine/events.ts";
import type { GroupKeys } from "./spine/group-identity.ts";
import { createSpine, type Spine } from "./spine/index.ts";
import { spineMigrations } from "./spine/migrations/index.ts";

export interface PlatformOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly version: string;
  /** Command that runs the enclave program, without its arguments. */
  readonly enclaveCommand: readonly string[];
  /** The same of the key node program. */
  readonly keyNodeCommand: readonly string[];
  /** Folder of the console's files; none where it is not served. */
  readonly console?: string | undefined;
}

export interface Running {
  readonly url: string;
  /** Of the operator, on the very first start only. */
  readonly admin: { readonly accessKeyId: string; readonly accessKeySecret: string } | undefined;
  readonly enclave: {
    readonly stream: string;
    readonly measurement: string;
    readonly attestation: string;
    readonly isolation: string;
  };
  /** The key service, and whom it serves where nobody is asked who they are; where key nodes run. */
  readonly keys?: {
    readonly service: KeyService;
    readonly house: Asker;
    readonly nodes: Pick<KeyNodes, "all">;
    readonly url: string;
    /** Where nodes of other machines join. */
    readonly door?: { readonly port: number; readonly fingerprint: string } | undefined;
  };
  close(): Promise<void>;
}

/** What a server and a rebuild both need: database and ledger, opened and up to date. */
const openStorage = async ({ config, clock }: Pick<PlatformOptions, "config" | "clock">) => {
  const lock = lockDataDir(config.data);
  const logTail = createLogTail();
  const log = createLog({ level: config.logLevel, format: config.logFormat, tail: logTail });
  const db = openDatabase(config.database, { dataDir: config.data, connections: config.databaseConnections });
  await requireReachable(db);
  await migrate(db, [...platformMigrations, ...spineMigrations, keys0200], { clock });
  const directory = join(config.data, "ledger");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ledger = await openEvidenceLedger({
    directory,
    clock,
    signer: ledgerSigner(join(directory, "key.json")),
    batch: config.ledgerBatch,
  });
  const newId = createIds({ clock });
  const serverKey = openServerKey(config.data);
  const identity = createIdentity({ db, clock, newId, serverKey, config });
  const inbox = createInbox({ store: createInboxStore({ db }), clock });
  const blobs = createBlobs({ dataDir: config.data });
  return {
    lock,
    log,
    logTail,
    db,
    ledger,
    newId,
    serverKey,
    identity,
    inbox,
    blobs,
    async close() {
      await ledger.close();
      await db.destroy();
      lock.release();
    },
  };
};
type Identified = EnclaveHostOptions["onIdentified"];
type Storage = Awaited<ReturnType<typeof openStorage>>;

const spineOf = (
  { config, clock }: Pick<PlatformOptions, "config" | "clock">,
  { identity, ...storage }: Storage,
  live: ReturnType<typeof createLive>,
  groupKeys: () => GroupKeys | undefined = () => undefined,
) => {
  const { ledger } = storage;
  const views: ViewDeps = {
    ledger,
    presence: createPresence({ ledger, clock }),
    index: createKeyIndex(ledger),
    now: () => clock.now(),
    reasons: new Map(),
  };
  const spine = createSpine({
    ...storage,
    accounts: identity.accounts,
    live,
    clock,
    uploadLimit: config.uploadLimit,
    books: [...computeBooks({ ledger, clock }), ...keyBooks(views)],
    groupKeys,
  });
  return { spine, views };
};

const keysOf = (
  { config, keyNodeCommand }: PlatformOptions,
  { db, log }: Storage,
  { spine, views }: ReturnType<typeof spineOf>,
) =>
  createKeys({
    spine,
    db,
    views,
    directory: join(config.data, "key-nodes"),
    tags: Array.from({ length: config.keyNodes }, (_, i) => `node-${i + 1}`),
    command: keyNodeCommand,
    host: config.keyNodeHost,
    ...(config.keyJoinToken !== "" && {
      door: {
        ...{ host: config.host, port: config.keyJoinPort, token: config.keyJoinToken },
        file: join(config.data, "key-join.json"),
      },
    }),
    attestation: { provider: config.attestation, options: pairsOf(config.attestationOptions) },
    log,
  });

const computeOf = ({ config, enclaveCommand }: PlatformOptions, { ledger, blobs, log }: Storage, spine: Spine) => {
  const shared = { ledger, blobs, maxResult: config.enclaveOutput * 2 };
  const former = createFormerPrograms({
    ...shared,
    data: config.data,
    log: (line) => log.warn({ enclave: line }, "former enclave"),
  });
  const startedAs = (number: number, command: readonly string[], directory: string) => ({
    command,
    directory,
    configuration: {
      attestation: { provider: config.attestation, options: optionsOf(config.attestationOptions, number) },
      sandbox: config.sandbox,
      limits: { seconds: config.enclaveTime / SECOND, memory: config.enclaveMemory, output: config.enclaveOutput },
      ...(config.python !== "" && { python: config.python }),
      ...(config.enclaveCgroup.length > 0 && { cgroup: config.enclaveCgroup }),
      ...networksOf(config.enclaveNetworks, number),
    },
  });
  const enclaveAt = (number: number, started: ReturnType<typeof startedAs>, onIdentified?: Identified) =>
    createEnclaveHost({
      ...shared,
      ...started,
      log: (line) => log.warn({ enclave: line, number }, "enclave"),
      ...(onIdentified && { onIdentified }),
    });
  const local = Array.from({ length: config.enclaves }, (_, i) => {
    const started = startedAs(i + 1, enclaveCommand, join(config.data, i === 0 ? "enclave" : `enclave-${i + 1}`));
    // So that it can be started again when it is a former one; that it could not be kept is no reason not to run.
    return enclaveAt(i + 1, started, (founding) =>
      former.keep(founding, started).catch((err: unknown) => log.warn({ err }, "the enclave's program is not kept")),
    );
  });
  const remote = config.enclaveRemotes.map((command, i) => {
    const number = config.enclaves + i + 1;
    // On that machine, where its program is started.
    return enclaveAt(number, startedAs(number, command.split(/\s+/), `entente-enclave-${number}`));
  });
  const fleet = createFleet([...local, ...remote], (error) => log.warn({ err: error }, "an enclave did not start"));
  return createCompute({ spine, fleet, former, log, concurrency: config.enclaveConcurrency });
};

const houseOf = (
  names: typeof FACES,
  { config }: PlatformOptions,
  { identity }: Storage,
  { acts }: Spine,
): Promise<Asker> =>
  openHouse({
    ...{ names, identity, file: join(config.data, `${names.login}.json`) },
    manage: (asker) => acts.manage(asker, "platform"),
  });

/** Starts everything and answers once it serves. @throws Refusal data.locked, database.*, ledger.corrupt, enclave.* */
export const startPlatform = async (options: PlatformOptions): Promise<Running> => {
  const { config, clock, version } = options;
  const storage = await openStorage(options);
  const { log, db, ledger, identity, newId } = storage;
  const live = createLive();
  // The spine is there before the pillar that stands on it and gives it these.
  let groupKeys: GroupKeys | undefined;
  const stood = spineOf(options, storage, live, () => groupKeys);
  const { spine } = stood;
  const compute = computeOf(options, storage, spine);
  const keys = keysOf(options, storage, stood);
  groupKeys = createIdentityKeys({
    ...{ spine, service: keys.service, preset: config.identityKeyGroup },
    asker: once(() => houseOf(IDENTITIES, options, storage, spine)),
  });
  const events = createEvents({ ...spine, kinds: { ...compute.events, ...keys.events } });
  const health = createHealth();
  const metrics = createMetrics();
  health.add("ledger", () => ledger.size);
  health.add("database", () => spine.reachable());
  health.add("enclave", () => compute.api.enclaves.list());
  metrics.gauge("entente_ledger_entries", "Statements on the ledger", () => ledger.size);
  metrics.gauge("entente_signatures_active", "Requests that key nodes sign", () => keys.signing.active());
  metrics.gauge("entente_runs_active", "Tasks that are running", () => compute.runs.active());

  const audit = createAudit({ store: createAuditStore({ db }), clock, newId });
  const jobStore = createJobStore({ db });
  const ports = createServerPorts({ config, clock, db, identity, audit, metrics, log });
  const platform = createPlatformApi({
    config,
    identity,
    audit,
    health,
    metrics,
    version,
    log,
    logTail: storage.logTail,
    jobs: jobStore,
    storage: createStorage({ dataDir: config.data, db }),
    labels: verificationLabels,
  });
  const server = createServer({
    contract,
    handlers: {
      ...spine.api,
      ...compute.api,
      ...keys.api,
      ...platform,
      ethereum: createChainApi({ upstream: config.ethereumUpstream, requireMember }),
      events: {
        ...events,
        // First where the listener stands: whoever loses the line before any news still knows where to go on.
        async *subscribe({ accountId }, _, { lastEventId, signal }) {
          const position = live.position();
          const events = live.subscribe(accountId ?? "", { signal, lastEventId: lastEventId ?? position });
          if (lastEventId === undefined) yield { id: position, type: "connected", data: {} };
          yield* events;
        },
      },
      system: { ...platform.system, openapi: () => ({ content: openApiText(version, config.publicUrl || "/") }) },
    },
    acts: spine.acts,
    ...ports,
    clock,
    log,
    bodyLimit: config.bodyLimit,
    trustedProxies: config.trustedProxies,
    secure: config.publicUrl.startsWith("https:"),
    console: options.console,
  });

  // One server a data directory: what its predecessor had in hand when it died is nobody else's.
  const jobs = createJobs({ db, store: jobStore, clock, newId, log, sole: true });
  const housekeeping = createHousekeeping({
    db,
    jobs,
    clock,
    log,
    sessions: identity.sessions,
    idempotency: ports.idempotency,
    blobs: storage.blobs,
    uploads: spine.uploads,
  });

  let faces: Faces | undefined;
  const close = async () => {
    live.close();
    await Promise.all([server.close(config.shutdownGrace), faces?.close(config.shutdownGrace)]);
    await jobs.stop(config.shutdownGrace);
    await Promise.all([compute.stop(), keys.stop()]);
    await spine.stop();
    await ports.drain();
    await storage.close();
  };

  try {
    const admin = await identity.bootstrap();
    // The enclaves first: they refuse a ledger that is not its own before any table is changed to show it.
    const [stream] = await Promise.all([compute.open(), keys.open()]);
    await spine.start();
    compute.start();
    keys.start();
    const house = config.keyNodes > 0 ? await houseOf(FACES, options, storage, spine) : undefined;
    if (house) {
      const { keyToken: token, ethereumUpstream: upstream } = config;
      const { auth, limits } = ports;
      const { trustedProxies } = config;
      faces = createFaces({ service: keys.service, house, token, upstream, auth, limits, trustedProxies, clock, log });
    }
    await ports.idempotency.reset();
    await jobs.start();
    await housekeeping.start();
    const { url } = await server.listen({ host: config.host, port: config.port });
    const face = await faces?.listen({ host: config.keyHost, port: config.keyPort });
    const { measurement, provider, isolation } = await compute.api.enclaves.show(stream);
    log.info({ url, entries: ledger.size }, "ready");
    return {
      url: config.publicUrl || url,
      admin: admin && { accessKeyId: admin.accessKeyId, accessKeySecret: admin.accessKeySecret },
      enclave: { stream, measurement, attestation: provider, isolation },
      ...(house &&
        face && {
          keys: { service: keys.service, nodes: keys.nodes, house, url: face.url, door: keys.joinedBy() },
        }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** A new access key for the operator `admin`, where the first was lost. Whoever can read the data directory may. */
export const recoverOperator = async (options: Pick<PlatformOptions, "config" | "clock">) => {
  const storage = await openStorage(options);
  try {
    const { db, identity, newId } = storage;
    const key = await identity.recoverOperator();
    const audit = createAudit({ store: createAuditStore({ db }), clock: options.clock, newId });
    const target = key.accessKeyId;
    const where = { accountId: null, ip: "local", requestId: "" };
    await audit.note({ actor: "system", action: "operator.recovered", target, outcome: "ok", ...where });
    return key;
  } finally {
    await storage.close();
  }
};

/** Makes the computed tables again from the ledger. Returns how many streams there are. */
export const rebuildViews = async (
  options: Pick<PlatformOptions, "config" | "clock">,
): Promise<{ streams: number; entries: number }> => {
  const storage = await openStorage(options);
  try {
    const { spine } = spineOf(options, storage, createLive());
    return { streams: await spine.rebuild(), entries: storage.ledger.size };
  } finally {
    await storage.close();
  }
};

const openApiText = (version: string, url: string): string => JSON.stringify(openApi(contract, { version, url }));
