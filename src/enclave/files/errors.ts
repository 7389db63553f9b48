import { refusals } from "../../base/refusal.ts";

/** Why a file is not read as a table. Places are counted as editors count: lines from 1, bytes from 0. */
export const refuse = refusals({
  "source.encoding": {
    status: 422,
    en: "The file is not UTF-8: the byte at offset {offset} does not belong. Save the whole file as UTF-8.",
    zh: "文件不是 UTF-8 编码：偏移 {offset} 处的字节无效。请将整个文件保存为 UTF-8。",
  },
  "source.csv.quote": {
    status: 422,
    en: "The quotes in line {line} are broken: {reason}. Enclose the field in quotes and double those inside it.",
    zh: "第 {line} 行的引号有误：{reason}。请用引号括住整个字段，并将其中的引号写成两个。",
  },
  "source.csv.ragged": {
    status: 422,
    en: "Line {line} has {found} fields where the header has {expected}. Give every line as many fields as the header.",
    zh: "第 {line} 行有 {found} 个字段，而表头有 {expected} 个。请使每行字段数与表头一致。",
  },
  "source.csv.header": {
    status: 422,
    en: "The header is not usable: {reason}. The first line must name every column, each name once.",
    zh: "表头无法使用：{reason}。第一行须给出每一列的名称，且名称不得重复。",
  },
  "source.csv.record": {
    status: 422,
    en: "The record that begins in line {line} is longer than {limit} bytes. Look there for a quote that is never closed.",
    zh: "从第 {line} 行开始的记录超过 {limit} 字节。请检查该处是否有未闭合的引号。",
  },
  "source.csv.value": {
    status: 422,
    en: "Line {line}, column {column}: {value} is not of the type {type} that was declared. Correct it, or describe the source again.",
    zh: "第 {line} 行，列 {column}：{value} 不是所声明的 {type} 类型。请更正该值，或重新登记数据源结构。",
  },
  "source.columns": {
    status: 409,
    en: "The columns are not those that were declared: {difference}. Register the source again.",
    zh: "数据的列与登记的结构不符：{difference}。请重新登记数据源。",
  },
  "source.parquet": {
    status: 422,
    en: "The file is not readable as Parquet: {reason}. Write it again with a current tool.",
    zh: "文件无法按 Parquet 格式读取：{reason}。请使用较新的工具重新生成。",
  },
  "source.parquet.type": {
    status: 422,
    en: "Column {column} is {type}, which has no form here. Leave it out, or store numbers, text, dates or bytes.",
    zh: "列 {column} 的类型为 {type}，暂不支持。请删除该列，或改为数值、文本、日期或二进制类型。",
  },
  "source.too-large": {
    status: 413,
    en: "The file exceeds {limit} bytes, the most that a {format} source may have. Split it, or store it as CSV.",
    zh: "文件超过 {limit} 字节，这是 {format} 数据源的上限。请拆分文件，或改存为 CSV。",
  },
});
