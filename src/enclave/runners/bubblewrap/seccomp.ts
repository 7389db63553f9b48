/**
 * A filter for seccomp(2) as a classic BPF program: an allow-list. Written with labels, so that it can be read; the
 * bytes are those of `struct sock_filter`, little-endian.
 */
import { CALLS, type CallGroup, CLONE, CLONE3, IOCTL, MMAP, PRCTL } from "./syscalls.ts";

/** linux/audit.h: the architecture that the kernel reports for a call. */
const ARCHITECTURES = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
export type Architecture = keyof typeof ARCHITECTURES;
export const isArchitecture = (name: string): name is Architecture => Object.hasOwn(ARCHITECTURES, name);

/** linux/seccomp.h: offsets in `struct seccomp_data`, and answers. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + 8 * index;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const errno = (code: number) => 0x0005_0000 | code;
const EPERM = 1;
const ENOSYS = 38;

/** linux/bpf_common.h */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

type Label = string;
type Instruction =
  | { readonly label: Label }
  | { readonly code: number; readonly value: number; readonly then?: Label; readonly otherwise?: Label };

const load = (offset: number): Instruction => ({ code: LOAD, value: offset });
const when = (code: number, value: number, then?: Label, otherwise?: Label): Instruction => ({
  code,
  value,
  then,
  otherwise,
});
const answer = (value: number): Instruction => ({ code: RETURN, value });

/** Resolves labels to distances; only forward jumps of at most 255 exist in BPF. */
const assemble = (program: readonly Instruction[]): Uint8Array => {
  const places = new Map<Label, number>();
  const instructions: Exclude<Instruction, { label: Label }>[] = [];
  for (const one of program)
    if ("label" in one) places.set(one.label, instructions.length);
    else instructions.push(one);
  const out = new DataView(new ArrayBuffer(8 * instructions.length));
  instructions.forEach(({ code, value, then, otherwise }, i) => {
    const distance = (label: Label | undefined): number => {
      if (label === undefined) return 0;
      const far = (places.get(label) ?? -1) - i - 1;
      if (far < 0 || far > 255) throw new RangeError(`the label ${label} is out of reach`);
      return far;
    };
    out.setUint16(8 * i, code, true);
    out.setUint8(8 * i + 2, distance(then));
    out.setUint8(8 * i + 3, distance(otherwise));
    out.setUint32(8 * i + 4, value >>> 0, true);
  });
  return new Uint8Array(out.buffer);
};

/** linux/sched.h: every flag that makes a namespace, and the one that makes a thread instead of a process. */
const CLONE_NEW_ANY = 0x7e02_0000;
const CLONE_THREAD = 0x0001_0000;
/** asm-generic/ioctls.h: TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
const HARMLESS_IOCTLS = [0x5401, 0x541b, 0x5421, 0x5450, 0x5451];
/** linux/prctl.h: PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_VMA. */
const HARMLESS_PRCTLS = [15, 16, 23, 0x53564d41];
/** linux/mman.h */
const MAP_SHARED = 0x01;
const MAP_ANONYMOUS = 0x20;
const MAP_GROWSDOWN = 0x100;

/** The filter that lets through these groups on this architecture, for `bwrap --seccomp`. */
export const seccompFilter = (architecture: Architecture, groups: readonly CallGroup[]): Uint8Array => {
  const column = architecture === "x64" ? 0 : 1;
  const numbers = groups
    .flatMap((group) => Object.values<readonly [number, number]>(CALLS[group]))
    .map((pair) => pair[column])
    .filter((number) => number >= 0);
  const is = (pair: readonly [number, number], then: Label) => when(IF_EQUAL, pair[column], then);
  return assemble([
    load(ARCHITECTURE),
    when(IF_EQUAL, ARCHITECTURES[architecture], "native", "foreign"),
    { label: "native" },
    load(NUMBER),
    // The x32 calls of x86_64 carry bit 30.
    when(IF_AT_LEAST, 0x4000_0000, "foreign"),
    is(CLONE, "clone"),
    is(CLONE3, "clone3"),
    is(IOCTL, "ioctl"),
    is(PRCTL, "prctl"),
    is(MMAP, "mmap"),
    ...numbers.map((number) => when(IF_EQUAL, number, "allow")),
    { label: "refuse" },
    answer(errno(EPERM)),
    { label: "foreign" },
    answer(KILL_PROCESS),
    // The arguments of clone3 are in memory, where a filter cannot look: the C library then uses clone.
    { label: "clone3" },
    answer(errno(ENOSYS)),
    { label: "clone" },
    load(argument(0)),
    when(IF_ANY_BIT, CLONE_NEW_ANY, "no"),
    when(IF_ANY_BIT, CLONE_THREAD, "allow", "no"),
    { label: "ioctl" },
    load(argument(1)),
    ...HARMLESS_IOCTLS.map((request) => when(IF_EQUAL, request, "allow")),
    answer(errno(EPERM)),
    { label: "prctl" },
    load(argument(0)),
    ...HARMLESS_PRCTLS.map((option) => when(IF_EQUAL, option, "allow")),
    answer(errno(EPERM)),
    // Memory that RLIMIT_DATA does not count: stacks, and what processes share.
    { label: "mmap" },
    load(argument(3)),
    when(IF_ANY_BIT, MAP_GROWSDOWN, "no"),
    when(IF_ANY_BIT, MAP_SHARED, undefined, "allow"),
    when(IF_ANY_BIT, MAP_ANONYMOUS, "no", "allow"),
    { label: "no" },
    answer(errno(EPERM)),
    { label: "allow" },
    answer(ALLOW),
  ]);
};
