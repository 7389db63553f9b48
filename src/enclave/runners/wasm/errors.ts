import { refusals } from "../../../base/refusal.ts";

/** Why a WebAssembly module has no result. What the module caused is quoted, and never believed. */
export const refuse = refusals({
  "model.wasm-module": {
    status: 422,
    en: "The module cannot be run: {reason}. Export memory, entente_alloc and the main function, as docs/protocols/wasm-models.md says, and publish the model again.",
    zh: "该模块无法运行：{reason}。请按 docs/protocols/wasm-models.md 的要求导出 memory、entente_alloc 和主函数，并重新发布模型。",
  },
  "model.wasm-import": {
    status: 422,
    en: 'The module imports {name}, which no model is given. Build it without WASI and host functions (Rust: target wasm32-unknown-unknown); only the functions of "entente" exist.',
    zh: '该模块导入了 {name}，模型不能使用该功能。请在不使用 WASI 和宿主函数的情况下构建（Rust 目标为 wasm32-unknown-unknown）；仅提供 "entente" 的函数。',
  },
  "model.wasm-memory": {
    status: 422,
    en: "The module named what it does not have: {reason}. Correct the address, length or number that it hands over.",
    zh: "该模块引用了不存在的内容：{reason}。请更正其传递的地址、长度或编号。",
  },
  "model.wasm-trap": {
    status: 422,
    en: "The module trapped: {reason}; its limit is {limit} bytes. Its author can repeat this with a dry run on synthetic rows.",
    zh: "该模块触发陷阱：{reason}；其内存上限为 {limit} 字节。模型作者可用合成数据试运行以复现该错误。",
  },
});
