import { refusals } from "../base/refusal.ts";

/** Refusals of the command line itself. */
export const refuse = refusals({
  "keynode.server": {
    status: 502,
    en: "{server} shows the certificate {found}, not the one that you named. Ask the platform's operator for its fingerprint.",
    zh: "{server} 出示的证书指纹为 {found}，与您指定的不符。请向平台运营方确认指纹。",
  },
  "keynode.refused": {
    status: 403,
    en: "{server} does not take this node: the token is not the one it expects. Ask the platform's operator.",
    zh: "{server} 拒绝了该节点：令牌不符。请联系平台运营方。",
  },
  "usage.command": {
    status: 400,
    en: "There is no command `{command}`. {hint}",
    zh: "没有命令 `{command}`。{hint}",
  },
  "usage.flag": {
    status: 400,
    en: "{reason}. See `{command} --help`.",
    zh: "{reason}。请查看 `{command} --help`。",
  },
  "usage.missing": {
    status: 400,
    en: "{what} is missing. See `{command} --help`.",
    zh: "缺少 {what}。请查看 `{command} --help`。",
  },
  "usage.value": {
    status: 400,
    en: "{flag} does not take `{value}`: {expected}. See `{command} --help`.",
    zh: "{flag} 不接受 `{value}`：应为 {expected}。请查看 `{command} --help`。",
  },
  "file.unreadable": {
    status: 400,
    en: "The file {path} cannot be read ({reason}). Check the path and its permissions.",
    zh: "无法读取文件 {path}（{reason}）。请检查路径与权限。",
  },
  "file.unwritable": {
    status: 400,
    en: "The file {path} cannot be written ({reason}). Check the path and its permissions.",
    zh: "无法写入文件 {path}（{reason}）。请检查路径与权限。",
  },
  "file.exists": {
    status: 409,
    en: "{path} is there already and may hold a key. Move it away, or choose another name.",
    zh: "{path} 已存在，其中可能有密钥。请先移走，或换用其他名称。",
  },
  "profile.unknown": {
    status: 404,
    en: "There is no profile {name}. Make one with `entente login`, or list them with `entente profile list`.",
    zh: "没有配置 {name}。请使用 `entente login` 创建，或用 `entente profile list` 查看。",
  },
  "profile.name": {
    status: 400,
    en: "{name} is no name for a profile. Use letters, digits, `.`, `_` and `-`.",
    zh: "{name} 不能作为配置名称。请使用字母、数字、`.`、`_` 和 `-`。",
  },
  "profile.damaged": {
    status: 400,
    en: "The profile file {path} is damaged: {reason}. Mend it, or sign in again with `entente login`.",
    zh: "配置文件 {path} 已损坏：{reason}。请修复，或用 `entente login` 重新登录。",
  },
  "profile.url": {
    status: 400,
    en: "It is not known where the platform is. Give --url, or sign in with `entente login --url URL`.",
    zh: "尚不知道平台地址。请指定 --url，或使用 `entente login --url URL` 登录。",
  },
  "identity.none": {
    status: 404,
    en: "This profile has no identity of its own. Make one with `entente identity create`.",
    zh: "该配置没有自有身份。请使用 `entente identity create` 创建。",
  },
  "identity.authority": {
    status: 404,
    en: "The CA's key is not in this profile ({path}). Use the profile or the machine that holds it.",
    zh: "该配置中没有 CA 私钥（{path}）。请使用保存该私钥的配置或机器。",
  },
  "identity.exists": {
    status: 409,
    en: "This profile's organisation {nickname} is founded already. Use `entente identity renew` for a new leaf.",
    zh: "该配置的机构 {nickname} 已经登记。如需新证书，请使用 `entente identity renew`。",
  },
  "identity.certificate": {
    status: 409,
    en: "The certificate does not belong to {path}. Install the certificate and the key that were made together.",
    zh: "证书与 {path} 不匹配。请安装成对生成的证书与私钥。",
  },
  "identity.crl": {
    status: 409,
    en: "The platform shows revocation list {number}, but you have published {known}. Publish anew with `entente identity crl --publish`, and ask its operator why.",
    zh: "平台所示的吊销列表编号为 {number}，而您已发布 {known}。请使用 `entente identity crl --publish` 重新发布，并向运营方查明原因。",
  },
  "enclave.none": {
    status: 404,
    en: "The platform has no enclave. Ask its operator.",
    zh: "平台没有可信执行环境。请联系平台运营方。",
  },
  "member.in-alliance": {
    status: 404,
    en: "No member of the alliance is called {name}. Its members are: {members}.",
    zh: "联盟中没有名为 {name} 的成员。成员有：{members}。",
  },
  "member.several": {
    status: 409,
    en: "{name} is not the member you know by that name, {known}. Ask the organisation itself, then name it by its APPID.",
    zh: "{name} 并非您已知的同名成员 {known}。请直接向该机构核实后，以其 APPID 指明。",
  },
  "member.other": {
    status: 502,
    en: "The platform shows {name} as {found}, but its own statement has the id {member}. Sign nothing; report this.",
    zh: "平台将 {name} 显示为 {found}，而其自身声明的编号为 {member}。请勿签名，并报告此问题。",
  },
  "member.unmet": {
    status: 404,
    en: "You have not met {name}. Name it NICKNAME/APPID, or find it first with `entente members find NICKNAME APPID`.",
    zh: "尚未核实过成员 {name}。请以 昵称/APPID 指明，或先执行 `entente members find 昵称 APPID`。",
  },
  "name.unknown": {
    status: 404,
    en: "There is nothing of the name {name} that you have a part in. See `{command}`.",
    zh: "您参与的资源中没有名为 {name} 的。请查看 `{command}`。",
  },
  "name.several": {
    status: 409,
    en: "Several are called {name}: {ids}. Say which by its id.",
    zh: "有多个名为 {name}：{ids}。请以编号指明。",
  },
  "key.unmade": {
    status: 409,
    en: "{id} has no public key: its state is {state}. Wait until its nodes have made it.",
    zh: "{id} 还没有公钥，状态为 {state}。请等待节点完成生成。",
  },
  "request.ended": {
    status: 409,
    en: "{id} was not signed: {state}. {reason} See `entente key-requests get {id}`.",
    zh: "{id} 未被签名：{state}。{reason} 请查看 `entente key-requests get {id}`。",
  },
  "code.file": {
    status: 404,
    en: "The model has no file {path}. It has: {paths}.",
    zh: "模型中没有文件 {path}。现有文件：{paths}。",
  },
  "code.sealed": {
    status: 409,
    en: "The code of {id} is sealed: nobody but its author and the enclave can read it. Ask the author for it, or authorise open models only.",
    zh: "{id} 的代码已加密，只有其作者与可信执行环境能够读取。请向作者索取，或只授权公开代码的模型。",
  },
  "code.no-text": {
    status: 409,
    en: "{path} is no text, or too long to be shown: {size} bytes, SHA-256 {digest}. Download the archive with `entente models archive`.",
    zh: "{path} 不是文本，或过长而无法显示：{size} 字节，SHA-256 {digest}。请使用 `entente models archive` 下载模型文件。",
  },
  "metadata.columns": {
    status: 422,
    en: "The metadata file {path} needs two columns, name and description: {reason}.",
    zh: "元数据文件 {path} 需要两列，即字段名与说明：{reason}。",
  },
  "wait.timeout": {
    status: 408,
    en: "{id} is still in state {state} after {seconds} s. Wait longer with --timeout.",
    zh: "{seconds} 秒后 {id} 仍处于状态 {state}。请使用 --timeout 延长等待。",
  },
  "wait.failed": {
    status: 409,
    en: "{id} ended as {state}: {reason}. See `entente {what} get {id}`.",
    zh: "{id} 已结束，状态为 {state}：{reason}。请查看 `entente {what} get {id}`。",
  },
});
