import { refusals } from "../base/refusal.ts";

/** Why the enclave will not do what the server asks. */
export const refuse = refusals({
  "enclave.result-lost": {
    status: 503,
    en: "The sealed result that was kept is gone from the enclave's disk, or was changed there. It is not made a second time: put the file back, or create the task again.",
    zh: "已保存的加密结果已从可信执行环境的磁盘上消失或被更改。系统不会再次生成：请恢复该文件，或重新创建计算任务。",
  },
  "enclave.task.state": {
    status: 409,
    en: "The task is not ready to run: its state is {state}. Wait for the authorisations it lacks.",
    zh: "任务尚不能执行，当前状态为 {state}。请等待其余授权。",
  },
  "enclave.task.enclave": {
    status: 403,
    en: "The task is bound to enclave {expected}, not to this one. Run it there.",
    zh: "任务绑定的可信执行环境为 {expected}，并非此环境。请在对应环境中执行。",
  },
  "enclave.series": {
    status: 410,
    en: "{id} is a run of a scheduled task that was revoked, or is over. Nothing is opened; create the task again.",
    zh: "{id} 是定时任务的一次执行，该定时任务已被撤销授权或已结束。未打开任何数据；请重新创建计算任务。",
  },
  "enclave.occurrence": {
    status: 409,
    en: "{id} is not the newest run that this enclave has founded of its scheduled task. Run that one.",
    zh: "{id} 不是该可信执行环境为定时任务创建的最近一次执行。请执行最近一次。",
  },
  "enclave.not-due": {
    status: 409,
    en: "No run of {id} is due by this enclave's clock that it has not gone beyond already. Ask again when the next one is due.",
    zh: "按该可信执行环境的时钟，{id} 当前没有到期且尚未被后续执行取代的执行。请在下次到期时重试。",
  },
  "enclave.file": {
    status: 409,
    en: "A file does not have the digest {digest} that was authorised. Provide the very file.",
    zh: "文件摘要与已授权的 {digest} 不符。请提供原始文件。",
  },
  "enclave.attempts": {
    status: 409,
    en: "The task was begun too often without an end. It is given up; create it again.",
    zh: "任务多次开始仍未结束，不再重试。请重新创建计算任务。",
  },
  "enclave.host": {
    status: 503,
    en: "The server did not provide or take a file: {reason}. The run is tried again.",
    zh: "服务端未能提供或接收文件：{reason}。系统将重试执行。",
  },
  "enclave.moved": {
    status: 409,
    en: "The ledger moved while the model ran: the task, its model or a source is not as it was. Nothing is delivered; the run is judged again.",
    zh: "模型运行期间账本发生变化：任务、模型或数据源已改变。未交付任何结果，系统将重新核验。",
  },
  "enclave.delegation": {
    status: 409,
    en: "The task cannot run in another enclave's place: {reason}. The enclave that the task names first decides; ask it.",
    zh: "不能代替其他可信执行环境执行该任务：{reason}。请由任务指定的首个环境决定。",
  },
  "enclave.delivered": {
    status: 409,
    en: "An enclave that ran the task before it was lost has delivered to the receiver's table already. Nothing is delivered over it, and no receipt vouches for what is there: remove it and run a new task.",
    zh: "先前执行该任务的可信执行环境在失联前已将结果写入接收方的表中。系统不会覆盖，且该结果没有回执：请删除后重新创建任务。",
  },
  "enclave.archive": {
    status: 409,
    en: "The sealed archive does not hold the code with digest {digest} that was authorised. Its author must publish it again.",
    zh: "加密归档中的代码摘要不是已授权的 {digest}。请模型提供方重新发布。",
  },
  "enclave.runner": {
    status: 400,
    en: "This enclave runs no models for {runner}. Use a runner that it has: {known}.",
    zh: "该可信执行环境不支持运行器 {runner}。请使用支持的运行器：{known}。",
  },
  "enclave.left": {
    status: 410,
    en: "{id} was moved to another enclave by its owner after the task was created. It does not run here; create it again.",
    zh: "{id} 在任务创建后已被所有者迁移到其他可信执行环境，任务不会在此执行。请重新创建任务。",
  },
  "enclave.not-adopted": {
    status: 409,
    en: "{id} was moved here, but the former enclave has not handed it over yet. The server starts that one, and tries again.",
    zh: "{id} 已迁移至此，但原可信执行环境尚未移交。服务端将启动原环境并重试。",
  },
  "enclave.not-held": {
    status: 409,
    en: "This enclave never had what opens {id}. Ask the one that it was sealed to, or that it was moved from.",
    zh: "该可信执行环境从未持有打开 {id} 的密钥。请向其加密时所对应的或迁出前的环境请求。",
  },
  "enclave.not-moved": {
    status: 409,
    en: "The ledger does not say that the owner of {resource} moved it from here to another enclave of this ledger. Nothing is handed over.",
    zh: "账本并未表明 {resource} 的所有者将其从此处迁移到同一账本的其他可信执行环境。不会移交任何内容。",
  },
  "enclave.release": {
    status: 409,
    en: "What is shown as released by another enclave is not taken: {reason}. Ask that enclave again.",
    zh: "所示的其他可信执行环境移交的内容不予接受：{reason}。请重新向该环境请求。",
  },
  "enclave.withdrawn": {
    status: 410,
    en: "{id} was withdrawn by its owner after the task was authorised. The task does not run.",
    zh: "{id} 在任务授权后已被所有者撤回，任务不会执行。",
  },
  "enclave.reconnected": {
    status: 409,
    en: "The owner of {id} changed its connection after the task was created. The task does not run; create it again.",
    zh: "{id} 的所有者在任务创建后修改了连接信息，任务不会执行。请重新创建计算任务。",
  },
  "enclave.structure": {
    status: 409,
    en: "The table of {id} no longer has the structure that was authorised: {difference}. Register it again.",
    zh: "{id} 的表结构与授权时不同：{difference}。请重新登记数据源。",
  },
  "enclave.isolation": {
    status: 409,
    en: "This enclave was founded with {bound} as its sandbox, but finds {found} here. Install what is missing, or found a new enclave.",
    zh: "该可信执行环境创建时的沙箱为 {bound}，而当前为 {found}。请安装缺失的组件，或新建可信执行环境。",
  },
  "enclave.sandbox": {
    status: 503,
    en: "The sandbox {sandbox} does not work on this machine: {reason}. Install what is missing (bubblewrap), or choose --sandbox quickjs. What enclave/runners.json names has to work; without it the choice is made anew, for a new enclave.",
    zh: "沙箱 {sandbox} 在本机不可用：{reason}。请安装缺失的组件（bubblewrap），或使用 --sandbox quickjs。enclave/runners.json 所列的运行器必须可用；删除该文件将重新选择，并产生新的可信执行环境。",
  },
  "enclave.cgroup": {
    status: 503,
    en: "Sandboxes don't get the limits that enclaveCgroup asks for: {reason}. Delegate folders with the controllers memory and pids to the enclave's user, or leave the setting empty.",
    zh: "沙箱无法获得 enclaveCgroup 所要求的限额：{reason}。请将带有 memory 与 pids 控制器的目录委派给可信执行环境的用户，或将该设置留空。",
  },
  "enclave.network": {
    status: 403,
    en: "This enclave may not connect to where the connection leads. Choose an enclave in that network, or have its operator add the host to enclaveNetworks.",
    zh: "该可信执行环境不允许连接到此连接所指的地址。请选择位于该网络中的可信执行环境，或由其运营方将该主机加入 enclaveNetworks。",
  },
  "enclave.networks": {
    status: 400,
    en: "{entry} in enclaveNetworks is neither a host name nor an address or block of addresses such as 10.0.0.0/8. Correct the setting.",
    zh: "enclaveNetworks 中的 {entry} 既不是主机名，也不是地址或网段（例如 10.0.0.0/8）。请更正该设置。",
  },
  "enclave.manifest": {
    status: 409,
    en: "The archive's manifest is for {found}, but the task was authorised for {expected}. Its author publishes it again.",
    zh: "归档中的清单对应运行器 {found}，而任务授权的是 {expected}。请模型提供方重新发布。",
  },
  "enclave.destination": {
    status: 503,
    en: "The receiver's database did not take the result: {reason}. The result is kept and handed over again.",
    zh: "结果使用方的数据库未能接收结果：{reason}。结果已保存，系统将重试交付。",
  },
  "enclave.table-size": {
    status: 413,
    en: "A table has more than {limit} bytes of columns. Name fewer columns in the task, or register a view of it.",
    zh: "数据表的列数据超过 {limit} 字节。请在任务中减少字段，或登记该表的视图。",
  },
  "enclave.sealed-model": {
    status: 403,
    en: "The model's code is sealed, so it is not tried for others. Ask its owner for a dry run of its own, or for the code.",
    zh: "该模型的代码已加密，不能由他人试运行。请联系模型提供方自行试运行或公开代码。",
  },
  "enclave.slow": {
    status: 504,
    en: "It was not done after {seconds} seconds. Check the database and the network, then try again.",
    zh: "{seconds} 秒内未完成。请检查数据库与网络后重试。",
  },
  "enclave.diagnostics": {
    status: 410,
    en: "This enclave has no diagnostics of the task any more: it keeps them for some days after the failure. Create the task again.",
    zh: "该可信执行环境已不再保存此任务的失败诊断（仅在失败后保存若干天）。请重新创建计算任务。",
  },
  "enclave.diagnostics-consent": {
    status: 403,
    en: "Diagnostics are released when every data provider has authorised the request; this one is {state}. See the task for who decides.",
    zh: "须全部数据提供方授权后才能提供失败诊断，当前状态为 {state}。请在任务中查看由谁处理。",
  },
  "enclave.busy": {
    status: 429,
    en: "You have asked already and are not answered yet. Wait for the answer.",
    zh: "您的上一个请求尚未完成。请等待其结果。",
  },
  "enclave.sink": {
    status: 400,
    en: "This enclave writes no results into {sink}. It writes into {known}, or a sealed file.",
    zh: "该可信执行环境不支持将结果写入 {sink}。支持：{known}，或加密文件。",
  },
  "enclave.grant": {
    status: 403,
    en: "The grant {grant} no longer covers the task: {reason}. Nothing is opened; ask the data provider.",
    zh: "授权凭证 {grant} 已不适用于该任务：{reason}。未打开任何数据，请联系数据提供方。",
  },
  "enclave.columns": {
    status: 403,
    en: "The model reads {column} of {table}, which the task does not let it read. Create the task again with this column.",
    zh: "模型读取 {table} 的字段 {column}，而任务未允许。请在新的任务中包含该字段。",
  },
  "enclave.request": {
    status: 403,
    en: "The request to look into an envelope is not its owner's, or not recent. Sign a new one.",
    zh: "查看信封的请求不是由其所有者签名，或已过期。请重新签名。",
  },
  "enclave.source-type": {
    status: 400,
    en: "This enclave reads no sources of type {type}. It reads {known}.",
    zh: "该可信执行环境不支持类型为 {type} 的数据源，支持的类型：{known}。",
  },
});
