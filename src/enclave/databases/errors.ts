import { refusals } from "../../base/refusal.ts";

/** Codes of a connection that broke: by the network or by the other side, before that had anything to say about TLS. */
export const BROKEN = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED"];

/**
 * Why a database is not read, or not written into. Details are places, names and numbers that the connection's owner
 * wrote or that were counted here: never a password, a value, or what the server says.
 */
export const refuse = refusals({
  "database.configuration": {
    status: 422,
    en: "The sealed connection of the database is not complete: {reason}. Seal it again with every setting.",
    zh: "密封的数据库连接信息不完整：{reason}。请补全后重新密封。",
  },
  "database.unreachable": {
    status: 502,
    en: "No database answers at {host}:{port} ({reason}). Check host, port and firewall, as seen from the enclave's machine.",
    zh: "数据库 {host}:{port} 无法连接（{reason}）。请检查地址、端口和防火墙，并确认可信执行环境所在机器可以访问。",
  },
  "database.timeout": {
    status: 504,
    en: "The database gave nothing for {seconds} seconds while {step}. Check its load and the network, then try again.",
    zh: "数据库 {seconds} 秒内没有响应（{step}）。请检查数据库负载和网络后重试。",
  },
  "database.tls": {
    status: 502,
    en: "The database's TLS is not accepted: {reason}. Give the server a valid certificate under the root certificate of the connection.",
    zh: "数据库的 TLS 连接未通过校验：{reason}。请为服务器配置由连接中的根证书签发的有效证书。",
  },
  "database.host-name": {
    status: 502,
    en: "The database's certificate is for {found}, not for {expected}. Correct the host, or name the certificate's in serverName.",
    zh: "数据库证书的名称为 {found}，而非 {expected}。请更正主机名，或在 serverName 中填写证书上的名称。",
  },
  "database.login": {
    status: 403,
    en: "The database does not accept the user name and password. Correct them; the user must be allowed to log in from the enclave's machine.",
    zh: "数据库拒绝了用户名和密码。请更正；该用户须获准从可信执行环境所在机器登录。",
  },
  "database.login.insecure": {
    status: 502,
    en: "The database asks for the password in a form that can be copied (cleartext or MD5). Set its password_encryption and pg_hba.conf to scram-sha-256, and set the password again.",
    zh: "数据库要求以可被复制的形式（明文或 MD5）发送密码。请将 password_encryption 和 pg_hba.conf 改为 scram-sha-256，并重新设置密码。",
  },
  "database.login.method": {
    status: 403,
    en: "The database asks for a way to log in that is not used here. Give the user mysql_native_password or caching_sha2_password.",
    zh: "数据库要求使用不受支持的登录方式。请为该用户设置 mysql_native_password 或 caching_sha2_password。",
  },
  "database.unknown": {
    status: 404,
    en: "There is no database {database}, or the user may not use it. Check the name, and grant the user the right.",
    zh: "数据库 {database} 不存在，或该用户无权使用。请检查名称并为用户授权。",
  },
  "database.table": {
    status: 404,
    en: "There is no table {table}, or the user may not read it. Check the name, and grant SELECT on it.",
    zh: "表 {table} 不存在，或该用户无权读取。请检查表名并授予 SELECT 权限。",
  },
  "database.metadata": {
    status: 422,
    en: "The metadata table {table} does not describe columns. Give it the columns column_name and description, or name none.",
    zh: "元数据表 {table} 未描述列。请使其包含 column_name 和 description 两列，或不填写元数据表名。",
  },
  "database.type": {
    status: 422,
    en: "Column {column} is of the type {type}, which has no form here. Leave it out with a view, or convert it in one.",
    zh: "列 {column} 的类型为 {type}，暂不支持。请通过视图去除或转换该列。",
  },
  "database.value": {
    status: 422,
    en: "A value of column {column} can't be read as {type}: {reason}. Correct the data, or convert the column in a view.",
    zh: "列 {column} 中有值无法按 {type} 读取：{reason}。请更正数据，或通过视图转换该列。",
  },
  "database.rows-limit": {
    status: 413,
    en: "The table has more than {limit} rows, the most that may be read. Declare a view with fewer, or have the limit raised.",
    zh: "表的行数超过上限 {limit}。请改用行数较少的视图，或提高上限。",
  },
  "database.row-size": {
    status: 413,
    en: "A row is larger than {limit} bytes, the most that a row may have. Leave its large columns out, or split them with a view.",
    zh: "有一行数据超过 {limit} 字节，这是单行的上限。请去除其中的大字段，或通过视图拆分。",
  },
  "database.lost": {
    status: 502,
    en: "The connection to the database ended while {step}. Check that the server is running, then try again.",
    zh: "数据库连接中断（{step}）。请检查服务器是否正常运行后重试。",
  },
  "database.query": {
    status: 502,
    en: "The database gave up while {step} (error {number}). Look that number up in its manual or log, then try again.",
    zh: "数据库报错（{step}，错误号 {number}）。请在其手册或日志中查找该错误号，处理后重试。",
  },
  "database.protocol": {
    status: 502,
    en: "The server does not speak the database's protocol as it must: {reason}. Nothing of it is used; check what listens at that port.",
    zh: "服务器未按数据库协议应答：{reason}。数据未被使用，请检查该端口上运行的程序。",
  },
  "database.destination.table": {
    status: 404,
    en: "The table {table} that results go into is not there, or the user may not write into it. Create it as the guide shows.",
    zh: "接收结果的表 {table} 不存在，或该用户无权写入。请按指南创建。",
  },
  "database.destination.columns": {
    status: 409,
    en: "The table {table} does not fit results: {difference}. Create it as the guide shows.",
    zh: "表 {table} 不符合接收结果的要求：{difference}。请按指南创建。",
  },
  "database.destination.rights": {
    status: 403,
    en: "The user may not {right} in the table {table}. Grant SELECT and INSERT on it, as the guide shows.",
    zh: "该用户对表 {table} 没有 {right} 权限。请按指南授予 SELECT 和 INSERT 权限。",
  },
  "database.destination.full": {
    status: 507,
    en: "The table {table} takes no more: its disk, quota or size limit is reached. Make room, then deliver again.",
    zh: "表 {table} 已无法写入：磁盘、配额或大小已达上限。请腾出空间后重新交付。",
  },
  "database.destination.packet": {
    status: 413,
    en: "The database takes at most {limit} bytes in one statement, too few for a part of a result. Set max_allowed_packet to 16 MiB or more.",
    zh: "数据库单条语句最多接收 {limit} 字节，不足以写入结果的一个分段。请将 max_allowed_packet 设为 16 MiB 以上。",
  },
  "database.destination.taken": {
    status: 409,
    en: "Another result ({found}) was delivered under this task before. Nothing is replaced; run a new task.",
    zh: "该任务下已交付过另一个结果（{found}）。原结果不会被替换，请发起新任务。",
  },
  "database.destination.content": {
    status: 500,
    en: "The result to deliver is not the one announced: {difference}. Nothing was written; deliver it again.",
    zh: "待交付的结果与声明不符：{difference}。未写入任何内容，请重新交付。",
  },
});
