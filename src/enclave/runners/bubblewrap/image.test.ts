import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Image, imageDigest } from "./image.ts";

test("the digest tells what is inside, not where it lies", async (t) => {
  const top = mkdtempSync(join(tmpdir(), "entente-image-"));
  t.after(() => rmSync(top, { recursive: true }));
  const folder = join(top, "a");
  mkdirSync(join(folder, "sub"), { recursive: true });
  writeFileSync(join(folder, "sub/file"), "one");
  writeFileSync(join(folder, "large"), Buffer.alloc(9 << 20, 1));
  symlinkSync("sub/file", join(folder, "link"));
  const image = (host: string, changes: Partial<Image> = {}): Image => ({
    files: { "/x": host },
    command: ["/x/run"],
    environment: { A: "1" },
    calls: ["core"],
    runtimeBytes: 1,
    ...changes,
  });
  const digest = await imageDigest(image(folder));
  assert.match(digest, /^[0-9a-f]{96}$/);
  const other = join(top, "b");
  cpSync(folder, other, { recursive: true, verbatimSymlinks: true });
  utimesSync(join(other, "large"), 1, 1);
  assert.equal(await imageDigest(image(other)), digest, "another place, another time");

  const changed: Image[] = [
    image(folder, { files: { "/y": folder } }),
    image(folder, { command: ["/x/run", "-v"] }),
    image(folder, { environment: { A: "2" } }),
    image(folder, { calls: ["core", "events"] }),
    image(folder, { scratch: 1 }),
  ];
  const digests = await Promise.all(changed.map(imageDigest));
  const edits = [
    () => writeFileSync(join(other, "sub/file"), "two"),
    () => writeFileSync(join(other, "new"), ""),
    () => mkdirSync(join(other, "empty")),
    () => {
      rmSync(join(other, "link"));
      symlinkSync("large", join(other, "link"));
    },
  ];
  for (const edit of edits) {
    edit();
    digests.push(await imageDigest(image(other)));
  }
  assert.equal(new Set([digest, ...digests]).size, 1 + changed.length + edits.length);
  await assert.rejects(imageDigest(image(join(top, "gone"))), /ENOENT/);
});
