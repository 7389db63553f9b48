/** The part of s3rver that the tests use; the package has no types of its own. */
declare module "s3rver" {
  import type { RequestListener } from "node:http";

  export default class S3rver {
    constructor(options: {
      directory: string;
      silent: boolean;
      configureBuckets: { name: string; configs: string[] }[];
    });
    readonly store: {
      putObject(object: {
        bucket: string;
        key: string;
        content: Buffer;
        metadata: Record<string, string>;
      }): Promise<unknown>;
    };
    configureBuckets(): Promise<unknown>;
    callback(): RequestListener;
  }
}
