/** Objects of an S3-compatible store as a source: the envelope says where, the object is read as the file it is. */
import { type Clock, systemClock } from "../../base/clock.ts";
import { ObjectLocation } from "../../rules/object-location.ts";
import type { SourceReader } from "../databases/source.ts";
import type { FileBytes, FileFormat } from "../files/format.ts";
import { fileFormats } from "../files/registry.ts";
import { parseSealed } from "../sealed-json.ts";
import { refuse } from "./errors.ts";
import { readObject } from "./object.ts";

export interface S3Options {
  readonly clock?: Clock;
  /** Milliseconds that the store may be silent; 30 seconds unless told. */
  readonly patience?: number;
  /** Milliseconds before the second attempt; before each further one twice as many. */
  readonly pause?: number;
}

/** A source whose `bytes` are the JSON of an `ObjectLocation`. @throws Refusal object.*, source.* */
export const createS3 = ({ clock = systemClock, patience = 30_000, pause = 250 }: S3Options = {}): SourceReader => {
  const open = async (bytes: FileBytes, signal: AbortSignal | undefined) => {
    const location = await parseSealed(bytes, ObjectLocation, (reason) => refuse("object.configuration", { reason }));
    const content = readObject(location, { clock, patience, pause, signal });
    return { format: fileFormats[location.format] as FileFormat, content };
  };
  return {
    id: "s3",
    label: { en: "S3 object", "zh-CN": "S3 对象" },
    remote: true,
    async describe(bytes, signal) {
      const { format, content } = await open(bytes, signal);
      return await format.describe(content);
    },
    async *read(bytes, schema, columns, signal) {
      const { format, content } = await open(bytes, signal);
      yield* format.read(content, schema, columns);
    },
  };
};

export const s3: SourceReader = createS3();
