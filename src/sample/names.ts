/** What everything in the story is called. */

/** By what each brings: measurements, diagnoses, the model. */
export type Role = "riverside" | "lakeside" | "institute";

interface Organisation {
  readonly nickname: string;
  readonly legalName: string;
}

export interface Names extends Readonly<Record<Role, Organisation>> {
  readonly alliance: { readonly name: string; readonly description: string };
  readonly model: string;
  readonly measurements: string;
  readonly diagnoses: string;
  readonly patient: string;
  readonly task: string;
  readonly contact: string;
}

/** Made-up registration numbers, of the form that real ones have. */
export const numbers: Readonly<Record<Role, string>> = {
  riverside: "12990000MB0000001J",
  lakeside: "12990000MB0000002M",
  institute: "12990000MB0000003Q",
};

const both = (nickname: string): Organisation => ({ nickname, legalName: nickname });

export const demoNames: Names = {
  riverside: both("河畔医院"),
  lakeside: both("湖滨医院"),
  institute: both("肿瘤研究所"),
  alliance: { name: "乳腺肿瘤研究联盟", description: "两家医院与研究所联合建模" },
  model: "逻辑回归",
  measurements: "细胞测量",
  diagnoses: "诊断结果",
  patient: "患者编号",
  task: "乳腺肿瘤良恶性判别",
  contact: "数据官",
};

/** By which their nicknames are found. */
export const MARKS = ["sample", "示例"] as const;

/** They say what they are. */
export const sampleNames: Readonly<Record<"en" | "zh-CN", Names>> = {
  en: {
    riverside: { nickname: "Riverside-Hospital-sample", legalName: "Riverside Hospital (sample)" },
    lakeside: { nickname: "Lakeside-Hospital-sample", legalName: "Lakeside Hospital (sample)" },
    institute: { nickname: "Tumour-Institute-sample", legalName: "Tumour Institute (sample)" },
    alliance: {
      name: "Breast tumour research (sample)",
      description: "Two hospitals and an institute make a model together",
    },
    model: "Logistic regression (sample)",
    measurements: "CellMeasurementsSample",
    diagnoses: "DiagnosesSample",
    patient: "Number of the patient",
    task: "BenignOrMalignantSample",
    contact: "Data officer",
  },
  "zh-CN": {
    ...demoNames,
    riverside: { nickname: "河畔医院-示例", legalName: "河畔医院（示例）" },
    lakeside: { nickname: "湖滨医院-示例", legalName: "湖滨医院（示例）" },
    institute: { nickname: "肿瘤研究所-示例", legalName: "肿瘤研究所（示例）" },
    alliance: { ...demoNames.alliance, name: "乳腺肿瘤研究联盟（示例）" },
    model: "逻辑回归（示例）",
    measurements: "细胞测量示例",
    diagnoses: "诊断结果示例",
    task: "乳腺肿瘤良恶性判别示例",
  },
};

/** The n-th consortium that is loaded here; of the first the names are as they are. */
export const numberedNames = (names: Names, n: number): Names => {
  if (n === 1) return names;
  const numbered = ({ nickname, legalName }: Organisation): Organisation => ({
    nickname: `${nickname}-${n}`,
    legalName: `${legalName} ${n}`,
  });
  return {
    ...names,
    riverside: numbered(names.riverside),
    lakeside: numbered(names.lakeside),
    institute: numbered(names.institute),
    alliance: { ...names.alliance, name: `${names.alliance.name} ${n}` },
    task: `${names.task}${n}`,
  };
};

const NICKNAMES = Object.values(sampleNames).flatMap(({ riverside, lakeside, institute }) =>
  [riverside, lakeside, institute].map(({ nickname }) => nickname),
);

/** Which consortium an account is of, by its nickname: 1 for the first, undefined for everybody else. */
export const numberOf = (nickname: string): number | undefined => {
  const [, base = "", n = "1"] = /^(.*?)(?:-([1-9]\d{0,5}))?$/.exec(nickname) ?? [];
  return NICKNAMES.includes(base) ? Number(n) : undefined;
};
