/**
 * Why a run failed, in words. The ledger has the code alone: what a model or a table says of itself could carry data
 * out, so there are no particulars to fill in.
 */
import type { Text } from "../contract/endpoint.ts";
import { label } from "../contract/shapes.ts";

const texts: Readonly<Record<string, Text>> = {
  "model.timeout": label(
    "The model was stopped at its time limit. Make it faster, or raise the limit of the next task.",
    "模型达到时间限额后被停止。请优化模型，或提高下一个任务的时间限额。",
  ),
  "model.memory": label(
    "The model was stopped at its memory limit. Read tables in batches, or raise the limit of the next task.",
    "模型达到内存限额后被停止。请分批读取数据，或提高下一个任务的内存限额。",
  ),
  "model.output-too-large": label(
    "The model put out more than is allowed and was stopped. Return and print less.",
    "模型输出超过上限，已被停止。请减少返回或打印的内容。",
  ),
  "model.exited": label(
    "The model left its process before it returned a result. Return from its main function instead.",
    "模型在返回结果之前退出了进程。请从主函数返回结果。",
  ),
  "model.threw": label(
    "The model failed with an error of its own. Its author can repeat this with a dry run on synthetic rows.",
    "模型自身运行出错。模型作者可用合成数据试运行以复现。",
  ),
  "model.result-schema": label(
    "The result is not as the model declares it. Its author corrects the model or its declaration.",
    "结果与模型的声明不符。请模型作者更正模型或声明。",
  ),
  "model.result-rows": label(
    "The result has more rows than model and task allow. Return fewer, or raise the limit of the next task.",
    "结果行数超过模型或任务允许的上限。请减少返回的行数，或提高下一个任务的限额。",
  ),
  "model.table": label(
    "A table does not have the columns that the model reads, or in other types. Choose another source.",
    "数据表缺少模型所需的列，或列类型不符。请选择其他数据源。",
  ),
  "model.parameter": label(
    "A parameter of the task does not fit the model. Create the task again with those that the model names.",
    "任务参数与模型不符。请按模型声明的参数重新创建任务。",
  ),
  "source.columns": label(
    "A table does not have the structure that was registered. Its owner registers it again.",
    "数据表的结构与登记时不符。请数据源所有者重新登记。",
  ),
  "enclave.structure": label(
    "The model has no table of a name that the task fills. Create the task again with the model's own table names.",
    "任务填充的数据表名称不在模型声明之中。请按模型的数据表名称重新创建任务。",
  ),
  "enclave.series": label(
    "A party took its authorisation of the scheduled task back, or its time was over. Nothing was opened.",
    "有成员撤销了对定时任务的授权，或定时任务已到期，未打开任何数据。",
  ),
  "enclave.withdrawn": label(
    "The model or a data source was withdrawn after the task was authorised. Nothing was opened.",
    "模型或数据源在任务授权后已被撤回，未打开任何数据。",
  ),
  "enclave.left": label(
    "The model or a data source was moved to another enclave after the task was created. Nothing was opened. Create the task again, there.",
    "任务创建后，计算模型或数据源已迁移到其他可信执行环境。未打开任何数据，请在新环境重新创建任务。",
  ),
  "enclave.reconnected": label(
    "A data source's owner changed its connection after the task was created. Create the task again.",
    "数据源所有者在任务创建后修改了连接信息。请重新创建计算任务。",
  ),
  "enclave.grant": label(
    "A grant no longer covers the task. Ask the data provider.",
    "授权凭证已不适用于该任务。请联系数据提供方。",
  ),
  "enclave.columns": label(
    "The model reads a column that the task does not let it read. Create the task again with this column.",
    "模型读取了任务未允许的字段。请在新的任务中包含该字段。",
  ),
  "enclave.file": label(
    "A file is not the one that was authorised. Nothing came of it; ask the platform's operator.",
    "文件与授权时不一致，未产生结果。请联系平台运营方。",
  ),
};

/** By the first word of the code. */
const areas: Readonly<Record<string, Text>> = {
  model: label(
    "The model cannot be run as it is. Its author corrects it and publishes it again.",
    "模型无法运行。请模型作者更正后重新发布。",
  ),
  source: label(
    "A table cannot be read. Its owner corrects it and registers it again.",
    "数据表无法读取。请数据源所有者更正后重新登记。",
  ),
  database: label(
    "A data source's database could not be read. Its owner checks the connection, and changes it if the database has moved.",
    "无法读取数据源所在的数据库。请数据源所有者检查连接，如数据库有变更请修改连接信息。",
  ),
  object: label(
    "A data source's object could not be read. Its owner checks the store, and changes the location if it has moved.",
    "无法读取数据源所在的对象。请数据源所有者检查对象存储，如有变更请修改位置信息。",
  ),
  gate: label(
    "The result is not what a data provider lets leave: groups that are too small, values without noise, or a budget that is spent. Nothing was delivered.",
    "结果不符合数据提供方的结果策略：分组过小、取值未加噪声或预算已用尽。未交付任何内容。",
  ),
  envelope: label(
    "An envelope does not open: it was sealed for something else, or changed. Its owner seals and registers it again.",
    "加密信封无法打开：并非为此加密，或已被更改。请所有者重新加密并登记。",
  ),
};

const UNKNOWN = label(
  "The run failed. Give the operator the task's id and its failure code.",
  "任务执行失败。请将任务编号与失败代码提供给平台运营方。",
);

export const failureText = (code: string): Text => texts[code] ?? areas[code.split(".")[0] ?? ""] ?? UNKNOWN;
