import assert from "node:assert/strict";
import { test } from "node:test";
import { seccompFilter } from "./seccomp.ts";

/** Runs the program as the kernel does, on one `struct seccomp_data`. */
const decide = (filter: Uint8Array, architecture: number, number: number, args: readonly number[] = []): number => {
  const program = new DataView(filter.buffer, filter.byteOffset, filter.length);
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, number, true);
  data.setUint32(4, architecture, true);
  args.forEach((value, i) => {
    data.setBigUint64(16 + 8 * i, BigInt(value), true);
  });
  let accumulator = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const [code, value] = [program.getUint16(at, true), program.getUint32(at + 4, true)];
    const jump = (taken: boolean) => {
      at += 8 * program.getUint8(at + (taken ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.getUint32(value, true);
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x45) jump((accumulator & value) !== 0);
    else if (code === 0x06) return value;
    else assert.fail(`instruction ${code}`);
  }
  return assert.fail("no answer");
};
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const THREAD = 0x3d_0f00;

test("x86_64: what Node.js needs is allowed, the rest is refused", () => {
  const filter = seccompFilter("x64", ["core", "events"]);
  const on = (number: number, ...args: number[]) => decide(filter, 0xc000_003e, number, args);
  for (const number of [0, 1, 59, 202, 231, 318]) assert.equal(on(number), ALLOW, `call ${number}`);
  // socket, connect, sendmsg, fork, vfork, kill, ptrace, mount, bpf, keyctl, io_uring_setup, userfaultfd, unshare, setns
  for (const number of [41, 42, 46, 57, 58, 62, 101, 165, 321, 250, 425, 323, 272, 308])
    assert.equal(on(number), EPERM, `call ${number}`);
  assert.equal(on(56, THREAD), ALLOW);
  assert.equal(on(56, 0x0120_0011), EPERM, "a process");
  for (const namespace of [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000])
    assert.equal(on(56, THREAD | namespace), EPERM);
  assert.equal(on(435), ENOSYS);
  assert.deepEqual([on(16, 0, 0x5421), on(16, 0, 0x5412)], [ALLOW, EPERM], "FIONBIO, TIOCSTI");
  assert.deepEqual([on(157, 15), on(157, 22)], [ALLOW, EPERM], "PR_SET_NAME, PR_SET_SECCOMP");
  // MAP_PRIVATE | MAP_ANONYMOUS; a shared file; shared and anonymous; the same validated; one that grows downwards.
  const mapped = [0x22, 0x01, 0x21, 0x23, 0x122].map((flags) => on(9, 0, 4_096, 3, flags));
  assert.deepEqual(mapped, [ALLOW, ALLOW, EPERM, EPERM, EPERM]);
  assert.equal(on(0x4000_0000), KILL, "x32");
  assert.equal(decide(filter, 0x4000_0003, 4), KILL, "i386");
});

test("aarch64 has its own numbers", () => {
  const filter = seccompFilter("arm64", ["core", "events"]);
  const on = (number: number, ...args: number[]) => decide(filter, 0xc000_00b7, number, args);
  for (const number of [63, 64, 221, 98, 94, 278]) assert.equal(on(number), ALLOW, `call ${number}`);
  for (const number of [198, 203, 117, 40, 280, 219, 425, 282, 97, 268, 129])
    assert.equal(on(number), EPERM, `call ${number}`);
  assert.deepEqual([on(220, THREAD), on(220, 0x11), on(435)], [ALLOW, EPERM, ENOSYS]);
  assert.deepEqual([on(222, 0, 1, 3, 0x22), on(222, 0, 1, 3, 0x21)], [ALLOW, EPERM]);
  assert.equal(decide(filter, 0xc000_003e, 0), KILL);
});

test("only a scratch allows to change files, only an event loop has its calls", () => {
  const scratch = seccompFilter("x64", ["core", "scratch"]);
  const core = seccompFilter("x64", ["core"]);
  // pwrite64, ftruncate, mkdir, unlink, rename, unlinkat
  for (const number of [18, 77, 83, 87, 82, 263]) {
    assert.equal(decide(scratch, 0xc000_003e, number), ALLOW, `call ${number}`);
    assert.equal(decide(core, 0xc000_003e, number), EPERM, `call ${number}`);
  }
  // chmod, chown, link, symlink, mknod, mount, epoll_create1
  for (const number of [90, 92, 86, 88, 133, 165, 291]) assert.equal(decide(scratch, 0xc000_003e, number), EPERM);
});
