/** Where an object of an S3-compatible store is: what an owner seals to the enclave, and nobody else sees. */
import { z } from "zod";

/** Scheme, host and port only. Credentials and rows never travel in the clear. */
const isEndpoint = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  return protocol === "https:" && pathname === "/" && `${search}${hash}${username}${password}` === "";
};

/** Of `https://bucket.host`: an address has no names below it. */
const hasAddress = ({ endpoint, bucket, pathStyle }: { endpoint: string; bucket: string; pathStyle: boolean }) =>
  pathStyle || !URL.canParse(endpoint) || URL.canParse(`https://${bucket}.${new URL(endpoint).host}`);

/** JSON of this shape is the plain text of an `s3` source's envelope. */
export const ObjectLocation = z
  .strictObject({
    /** `https://host[:port]` of the store, without the bucket. */
    endpoint: z.string().max(512).refine(isEndpoint, "must be https://host or https://host:port"),
    region: z.string().regex(/^[a-z0-9-]{1,64}$/),
    /** 存储桶 */
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    /** 对象名; clients and servers disagree about segments that are `.` or `..`, so there are none. */
    key: z
      .string()
      .min(1)
      .max(1_024)
      .refine((key) => key.isWellFormed() && !key.split("/").some((part) => part === "." || part === ".."), {
        message: "must not have segments . or ..",
      }),
    format: z.enum(["csv", "parquet"]),
    accessKeyId: z.string().min(1).max(256),
    secretAccessKey: z.string().min(1).max(1_024),
    /** Of temporary credentials. */
    sessionToken: z.string().min(1).max(16_384).optional(),
    /** `https://host/bucket/key`, as many stores other than Amazon's have it, in place of `https://bucket.host/key`. */
    pathStyle: z.boolean().default(false),
    /** The only roots the store's certificate may lead to, PEM; the public ones otherwise. */
    rootCertificate: z.string().min(1).max(65_536).optional(),
  })
  .refine(hasAddress, { message: "a store at an IP address is asked with pathStyle", path: ["pathStyle"] });
export type ObjectLocation = z.output<typeof ObjectLocation>;
