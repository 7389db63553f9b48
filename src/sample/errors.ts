import { refusals } from "../base/refusal.ts";

export const refuse = refusals({
  "sample.enclave": {
    status: 503,
    en: "No enclave runs on this platform now, and the sample needs one. See under Health why it doesn't run; then continue here.",
    zh: "平台当前没有运行中的可信执行环境，无法加载示例。请在“运行状况”中查看原因，恢复后在此继续。",
  },
  "sample.elsewhere": {
    status: 409,
    en: "The sample consortium is being loaded in another tab or window of this browser. Go on there, or close it and load another one here.",
    zh: "本浏览器的另一个标签页或窗口正在加载示例联盟。请在该页面继续，或关闭后在此重新加载。",
  },
  "sample.run": {
    status: 500,
    en: "The sample's run ended without a result: {reason}. Its task says more; load the sample again after mending that.",
    zh: "示例任务执行失败：{reason}。请查看该任务的详情，处理后重新加载示例。",
  },
});
