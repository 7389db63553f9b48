import { refusals } from "../../base/refusal.ts";

export const refuse = refusals({
  "model.description": {
    status: 502,
    en: "The server gave another description ({found}) than the model's owner signed ({expected}). Ask its operator.",
    zh: "服务器返回的模型描述（{found}）与所有者签名的内容（{expected}）不符。请联系平台运营方。",
  },
});
