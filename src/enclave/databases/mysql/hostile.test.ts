/** Servers that do not keep to the protocol: what they send is refused, and what they ask for they do not get. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { after, describe, test } from "node:test";
import { TLSSocket } from "node:tls";
import { concat, utf8 } from "../../../base/bytes.ts";
import { Refusal } from "../../../base/refusal.ts";
import { createRoot } from "../../../cli/demo/machines/certificates.ts";
import { DatabaseConnection } from "../../../rules/connection.ts";
import { rowsOf, type Value } from "../../columns/batch.ts";
import { createMysql } from "./index.ts";
import { createPackets } from "./packets.ts";
import { createSession } from "./session.ts";

const packet = (sequence: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const payload = concat(...parts);
  return concat(
    Uint8Array.of(payload.length & 255, (payload.length >> 8) & 255, payload.length >> 16, sequence),
    payload,
  );
};
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string | Uint8Array): Uint8Array => {
  const content = typeof value === "string" ? utf8(value) : value;
  return concat(bytes(content.length), content);
};

const OK = bytes(0, 0, 0, 2, 0, 0, 0);
const EOF = bytes(0xfe, 0, 0, 2, 0);
const LOCAL_FILES = 0x80;
const SSL = 0x800;
/** CONNECT_WITH_DB, PROTOCOL_41, SSL, TRANSACTIONS, SECURE_CONNECTION, LOCAL_FILES, MULTI_RESULTS; PLUGIN_AUTH. */
const [CAPABILITIES, UPPER] = [0x0008 | 0x0200 | SSL | 0x2000 | 0x8000 | LOCAL_FILES, 0x0008 | 0x0002];

const greeting = (capabilities = CAPABILITIES): Uint8Array =>
  concat(
    bytes(10),
    utf8("8.0.0-test\0"),
    bytes(1, 0, 0, 0),
    utf8("12345678"),
    bytes(0, capabilities & 255, capabilities >> 8, 45, 2, 0, UPPER, 0, 21, ...new Array<number>(10).fill(0)),
    utf8("123456789012\0"),
    utf8("mysql_native_password\0"),
  );

/** The client's TLS begins behind it, often in the same chunk. */
const SSL_REQUEST = 36;

const root = createRoot();
const { certificate: cert, key } = root.issue(["IP:127.0.0.1"]);

interface Script {
  /** What is sent at once; a proper greeting unless told. */
  readonly hello?: Uint8Array;
  /** Answers the login; a proper OK unless told. */
  readonly login?: (socket: Duplex) => void;
  /** Answers a command: payload of a packet that came. */
  readonly command?: (payload: Uint8Array, socket: Duplex) => void;
}

/** A server that speaks the protocol so far as the script says. */
const startServer = async ({ hello = packet(0, greeting()), login, command }: Script) => {
  const received: Uint8Array[] = [];
  const sockets: Socket[] = [];
  const server = createServer((plain) => {
    sockets.push(plain);
    plain.on("error", () => undefined);
    plain.write(hello);
    plain.once("data", (request) => {
      received.push(request.subarray(0, SSL_REQUEST));
      plain.pause();
      plain.unshift(request.subarray(SSL_REQUEST));
      const secure = new TLSSocket(plain, { isServer: true, cert, key });
      secure.on("error", () => undefined);
      secure.once("data", (response: Uint8Array) => {
        received.push(response);
        if (login) login(secure);
        else secure.write(packet(3, OK));
        secure.on("data", (chunk: Uint8Array) => {
          received.push(chunk);
          command?.(chunk.subarray(4), secure);
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = DatabaseConnection.parse({
    host: "127.0.0.1",
    port: (server.address() as { port: number }).port,
    database: "d",
    table: "t",
    username: "reader",
    password: "secret",
    rootCertificate: root.certificate,
  });
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { connection, received, stop };
};

const impatient = createMysql({ connecting: 1_500, silence: 1_000 });

describe("a hostile server", () => {
  const cases: [title: string, code: string, script: Script][] = [
    ["is something else", "database.protocol", { hello: utf8("HTTP/1.1 400 Bad Request\r\n\r\n") }],
    ["says nothing", "database.timeout", { hello: bytes() }],
    ["begins a packet of 16 MiB in the clear", "database.protocol", { hello: bytes(255, 255, 255, 0, 10) }],
    ["offers no TLS", "database.tls", { hello: packet(0, greeting(CAPABILITIES & ~SSL)) }],
    ["goes on in the clear", "database.protocol", { hello: concat(packet(0, greeting()), packet(2, OK)) }],
    ["has no more connections", "database.unreachable", { hello: packet(0, bytes(0xff, 0x10, 0x04), utf8("#08004x")) }],
    ["cuts its greeting off", "database.tls", { hello: packet(0, greeting().subarray(0, 20)) }],
    ["never ends the login", "database.timeout", { login: () => undefined }],
    [
      "fills the memory at the login",
      "database.protocol",
      { login: (socket) => void socket.write(concat(bytes(255, 255, 255, 3), new Uint8Array(1 << 20))) },
    ],
    [
      "asks for the password in the clear",
      "database.login.method",
      { login: (socket) => void socket.write(packet(3, bytes(0xfe), utf8("mysql_clear_password\0"))) },
    ],
    [
      "asks for an unknown way to log in",
      "database.login.method",
      { login: (socket) => void socket.write(packet(3, bytes(0xfe), utf8("__proto__\0"))) },
    ],
    ["hangs up at the login", "database.lost", { login: (socket) => socket.destroy() }],
    [
      "asks for a file",
      "database.protocol",
      { command: (_, socket) => void socket.write(packet(1, bytes(0xfb), utf8("/etc/passwd"))) },
    ],
    [
      "answers twice",
      "database.protocol",
      { command: (_, socket) => void socket.write(concat(packet(1, OK), packet(2, OK))) },
    ],
    ["counts wrong", "database.protocol", { command: (_, socket) => void socket.write(packet(7, OK)) }],
    ["answers with nothing", "database.protocol", { command: (_, socket) => void socket.write(packet(1)) }],
    [
      "ends in the middle of an answer",
      "database.lost",
      { command: (_, socket) => void socket.end(bytes(50, 0, 0, 1, 0)) },
    ],
    [
      "stops in the middle of an answer",
      "database.timeout",
      { command: (_, socket) => void socket.write(bytes(50, 0, 0, 1)) },
    ],
    [
      "says much about values in an error",
      "database.query",
      { command: (_, socket) => void socket.write(packet(1, bytes(0xff, 0x99, 0x05), utf8("#HY000secret value"))) },
    ],
  ];
  for (const [title, code, script] of cases)
    test(`that ${title} is refused`, async () => {
      const server = await startServer(script);
      try {
        await assert.rejects(impatient.describe(server.connection), (error) => {
          assert.ok(error instanceof Refusal, String(error));
          assert.equal(error.code, code, error.message);
          assert.doesNotMatch(JSON.stringify([error.message, error.details]), /secret|passwd/);
          return true;
        });
        // The password never leaves as it is, and files never do.
        for (const chunk of server.received) assert.doesNotMatch(Buffer.from(chunk).toString("latin1"), /secret|root:/);
      } finally {
        server.stop();
      }
    });

  test("is told that there are no files for it, before and after TLS begins", async () => {
    const server = await startServer({ command: (_, socket) => void socket.write(packet(1, OK)) });
    try {
      await assert.rejects(impatient.describe(server.connection), Refusal);
      for (const at of [0, 1]) {
        const capabilities = Buffer.from(server.received[at] as Uint8Array).readUInt32LE(4);
        assert.equal(capabilities & LOCAL_FILES, 0);
        assert.notEqual(capabilities & SSL, 0);
      }
    } finally {
      server.stop();
    }
  });
});

const WIRE = { long: 3, longlong: 8, datetime: 12, decimal: 246, string: 253, bit: 16, time: 11 };

const definition = (wire: number, { charset = 45, length = 20, name = "v" as string | Uint8Array } = {}): Uint8Array =>
  concat(
    ...["def", "d", "t", "t"].map(text),
    text(name),
    text("v"),
    bytes(12, charset, 0, length, 0, 0, 0, wire, 0, 0, 0, 0, 0),
  );

const PATIENCE = 1_000;
const opened: Duplex[] = [];
after(() => {
  for (const one of opened) one.destroy();
});

/** What is read where the server answers the execution of a statement with these bytes. */
const readFrom = async (answer: Uint8Array, pieces = answer.length): Promise<Value[][]> => {
  const [near, far] = duplexPair();
  opened.push(near, far);
  far.once("data", () => {
    for (let at = 0; at < answer.length; at += pieces) far.write(answer.subarray(at, at + pieces));
    far.end();
  });
  const packets = createPackets(near, PATIENCE);
  const session = createSession(packets, { host: "h", port: 1, database: "d", table: "t" } as DatabaseConnection);
  try {
    const rows: Value[][] = [];
    for await (const batch of session.rows({ id: 1, parameters: 0, columns: [] }, []))
      rows.push(...rowsOf(batch).map((row) => Object.values(row)));
    return rows;
  } finally {
    packets.close();
  }
};

const resultOf = (definitions: readonly Uint8Array[], rows: readonly Uint8Array[]): Uint8Array => {
  const payloads = [bytes(definitions.length), ...definitions, EOF, ...rows, EOF];
  return concat(...payloads.map((payload, i) => packet((i + 1) & 255, payload)));
};
const one = (wire: number, ...row: number[]): Uint8Array => resultOf([definition(wire)], [bytes(0, 0, ...row)]);

describe("rows that are not as they must be", () => {
  test("(what is well formed is read, in pieces of any size)", async () => {
    const answer = resultOf(
      [definition(WIRE.long), definition(WIRE.string, { name: "w" })],
      [bytes(0, 0, 7, 0, 0, 0, 2, 0x68, 0x69), bytes(0, 0b1000, 255, 255, 255, 255), bytes(0, 0b1100)],
    );
    for (const pieces of [1, 2, 3, 7, answer.length])
      assert.deepEqual(await readFrom(answer, pieces), [
        [7, "hi"],
        [-1, null],
        [null, null],
      ]);
  });

  const cases: [title: string, code: string, answer: Uint8Array][] = [
    ["a row without its values", "database.protocol", one(WIRE.long)],
    ["a row with half a value", "database.protocol", one(WIRE.long, 1, 2)],
    ["a row with more than its values", "database.protocol", one(WIRE.long, 1, 2, 3, 4, 5)],
    ["a text that is longer than its row", "database.protocol", one(WIRE.string, 200, 0x61)],
    ["a text whose length is cut off", "database.protocol", one(WIRE.string, 252, 1)],
    ["a text whose length is cut off at 24 bits", "database.protocol", one(WIRE.string, 253, 255, 255, 255)],
    ["a text of 2^32 bytes", "database.protocol", one(WIRE.string, 254, 0, 0, 0, 0, 1, 0, 0, 0)],
    ["a text of 2^64 bytes", "database.protocol", one(WIRE.string, 254, ...new Array<number>(8).fill(255))],
    ["a length that is none", "database.protocol", one(WIRE.string, 251)],
    ["a text that is not UTF-8", "database.value", one(WIRE.string, 2, 0xc3, 0x28)],
    [
      "a character divided between two texts",
      "database.value",
      resultOf([definition(WIRE.string)], [bytes(0, 0, 1, 0xc3), bytes(0, 0, 1, 0xa9)]),
    ],
    ["a decimal with an exponent", "database.protocol", one(WIRE.decimal, 3, 0x31, 0x65, 0x35)],
    ["a decimal without digits", "database.protocol", one(WIRE.decimal, 1, 0x2d)],
    ["a decimal that ends with its point", "database.protocol", one(WIRE.decimal, 2, 0x31, 0x2e)],
    ["a decimal that begins with its point", "database.protocol", one(WIRE.decimal, 2, 0x2e, 0x31)],
    ["an empty decimal", "database.protocol", one(WIRE.decimal, 0)],
    ["a date of 5 bytes", "database.protocol", one(WIRE.datetime, 5, 0, 7, 1, 1, 0)],
    ["a date whose bytes are missing", "database.protocol", one(WIRE.datetime, 11, 0xe8, 7)],
    ["a thirteenth month", "database.value", one(WIRE.datetime, 4, 0xe8, 7, 13, 1)],
    ["a month of 255", "database.value", one(WIRE.datetime, 4, 0xe8, 7, 255, 1)],
    ["the hour 24", "database.protocol", one(WIRE.datetime, 7, 0xe8, 7, 1, 1, 24, 0, 0)],
    [
      "a million microseconds",
      "database.protocol",
      one(WIRE.datetime, 11, 0xe8, 7, 1, 1, 0, 0, 0, 0x40, 0x42, 0x0f, 0),
    ],
    ["a time of 3 bytes", "database.protocol", one(WIRE.time, 3, 0, 0, 0)],
    ["a bit field of 9 bytes", "database.protocol", one(WIRE.bit, 9, ...new Array<number>(9).fill(1))],
    ["a packet that is no row", "database.protocol", resultOf([definition(WIRE.long)], [bytes(1, 0)])],
    ["an empty packet", "database.protocol", resultOf([definition(WIRE.long)], [bytes()])],
    ["no end", "database.lost", one(WIRE.long, 1, 2, 3, 4).subarray(0, -9)],
    ["an error without a number", "database.protocol", resultOf([definition(WIRE.long)], [bytes(0xff)])],
    ["a server that shuts down", "database.lost", resultOf([definition(WIRE.long)], [bytes(0xff, 0x1d, 4)])],
    ["a definition that ends early", "database.protocol", resultOf([bytes(3, 0x64)], [])],
    ["a definition whose lengths are wrong", "database.protocol", resultOf([definition(3).fill(250, 0, 1)], [])],
    ["a definition with a length of 24 bits", "database.protocol", resultOf([definition(3).fill(253, 0, 1)], [])],
    ["a name that is not UTF-8", "database.protocol", resultOf([definition(3, { name: bytes(0xff) })], [])],
    ["a type that is none", "database.type", resultOf([definition(99)], [])],
    ["65,535 columns", "database.protocol", packet(1, bytes(0xfc, 255, 255))],
    ["2^24 columns", "database.protocol", packet(1, bytes(0xfd, 255, 255, 255))],
    ["a wish for a file", "database.protocol", packet(1, bytes(0xfb), utf8("/etc/passwd"))],
    ["no rows at all", "database.protocol", packet(1, OK)],
  ];
  for (const [title, code, answer] of cases)
    test(`${title}: ${code}`, async () => {
      for (const pieces of [1, answer.length]) await assert.rejects(readFrom(answer, pieces), { code });
    });

  test("a row that never ends is refused at 64 MiB", async () => {
    const start = resultOf([definition(WIRE.string, { charset: 63 })], []).subarray(0, -9);
    const parts = Array.from({ length: 5 }, (_, i) => concat(bytes(255, 255, 255, 4 + i), new Uint8Array(0xff_ffff)));
    await assert.rejects(readFrom(concat(start, ...parts), 1 << 20), { code: "database.row-size" });
  });

  test("bits that flip make a refusal or another value, never anything else", async () => {
    const wires = [WIRE.long, WIRE.longlong, WIRE.datetime, WIRE.decimal, WIRE.string, WIRE.bit, WIRE.time];
    const row = concat(
      bytes(0, 0, 0),
      bytes(1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 7, 0xe8, 7, 2, 29, 1, 2, 3),
      text("-12.50"),
      text("text é"),
      bytes(2, 1, 1, 8, 0, 0, 0, 0, 0, 1, 2, 3),
    );
    const answer = resultOf(
      wires.map((wire) => definition(wire)),
      [row, row, row],
    );
    assert.equal((await readFrom(answer)).length, 3);
    for (let bit = 0; bit < 8 * answer.length; bit++) {
      const flipped = Uint8Array.from(answer);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const outcome = await readFrom(flipped).catch((error: unknown) => error);
      assert.ok(Array.isArray(outcome) || outcome instanceof Refusal, `bit ${bit}: ${String(outcome)}`);
    }
  });
});
