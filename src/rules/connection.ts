/** How a database is reached: what an owner or a receiver seals to the enclave, and nobody else sees. */
import { z } from "zod";

const Name = z.string().min(1).max(128);
/** A host name, or an IP address: nothing that one program ends a name at and another does not. */
const Host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\s\p{Cc}/\\@?#]+$/u);

/** JSON of this shape is the plain text of a database source's envelope, and of a destination's. */
export const DatabaseConnection = z.strictObject({
  /** Host name or IP address (IP地址). */
  host: Host,
  port: z.int().min(1).max(65_535),
  /** Name the server's certificate must bear, where it is not `host`. */
  serverName: Host.optional(),
  /** 数据库实例名 */
  database: Name,
  /** Schema of the table, where the engine has schemas; its default otherwise. */
  schema: Name.optional(),
  /** 数据库表名 */
  table: Name,
  /** 元数据表名: a table of the same database that describes the columns, if there is one. */
  metadata: z.string().max(128).default(""),
  /** 用户名 */
  username: Name,
  /** 密码 */
  password: z.string().max(1_024),
  /** 数据库根证书: the only roots the server's certificate may lead to, PEM. */
  rootCertificate: z.string().min(1).max(65_536),
});
export type DatabaseConnection = z.output<typeof DatabaseConnection>;
