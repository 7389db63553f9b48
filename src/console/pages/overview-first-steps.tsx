/** The first steps of an organisation, or of a platform, until all are done. */
import { Link } from "react-router";
import { useActing } from "../identity/identity.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";

interface Step {
  /** Beside where it leads: another way to begin. */
  readonly other?: { readonly name: string; readonly to: string };
  readonly done: boolean;
  readonly name: string;
  readonly why: string;
  readonly to: string;
}

export const FirstSteps = () => {
  const { account, permissions } = useSession();
  if (account && permissions.has("task.create")) return <OfOrganisation />;
  return permissions.has("platform.accounts") ? <OfPlatform /> : null;
};

const OfOrganisation = () => {
  const t = useWords();
  const { account } = useSession();
  const { state } = useActing();
  const alliances = useView("alliances", "list", { pageSize: 1 });
  const models = useView("models", "list", { tab: "mine", pageSize: 1 });
  const sources = useView("sources", "list", { tab: "mine", pageSize: 1 });
  const tasks = useView("tasks", "list", { pageSize: 1 });
  if (!alliances.data || !models.data || !sources.data || !tasks.data || state === "waiting") return null;
  return (
    <Steps
      title={t("First steps", "快速开始")}
      steps={[
        {
          done: account?.verification.state === "approved",
          name: t("Get your organisation verified", "完成实名认证"),
          why:
            account?.verification.state === "submitted"
              ? t("The operator is reviewing what you submitted.", "平台运营方正在审核您提交的资料。")
              : t("The operator reviews who you are.", "由平台运营方审核机构资料。"),
          to: "/account",
        },
        {
          done: state !== "unfounded",
          name: t("Create your chain identity", "创建链身份"),
          why: t("Your signing key is generated in this browser.", "签名密钥在此浏览器中生成。"),
          to: "/identity",
        },
        {
          done: alliances.data.total > 0,
          name: t("Create or join an alliance", "新建或加入计算联盟"),
          why: t("Its members share limited use of their data.", "联盟成员在联盟内实现数据有限共享应用。"),
          to: "/alliances",
        },
        {
          done: models.data.total + sources.data.total > 0,
          name: t("Add a model or a data source", "新建计算模型或数据源"),
          why: t("Sealed here for the enclave: the platform cannot read it.", "在本机加密，平台无法读取。"),
          to: models.data.total > 0 ? "/sources" : "/models",
        },
        {
          done: tasks.data.total > 0,
          name: t("Run a task", "执行计算任务"),
          why: t("It starts once every party has signed.", "相关各方全部授权后开始执行。"),
          to: "/tasks",
        },
      ]}
    />
  );
};

/** The account of the platform's own key service. */
const HOUSE = "KeyService-";

const OfPlatform = () => {
  const t = useWords();
  const { data } = useView("accounts", "list", { pageSize: 20 }, { every: 15_000 });
  if (!data) return null;
  const organisations = data.items.filter(({ nickname }) => !nickname.startsWith(HOUSE));
  return (
    <Steps
      title={t("First steps", "快速开始")}
      steps={[
        {
          done: organisations.length > 0,
          name: t("Let an organisation sign up", "邀请机构注册"),
          why: t("At {address}, under “New organisation”.", "在 {address} 选择“新机构”。", {
            address: location.origin,
          }),
          to: "/reviews?state=all",
          other: { name: t("Load the sample consortium", "加载示例联盟"), to: "/sample" },
        },
        {
          done: organisations.some(({ verification }) => verification.state === "approved"),
          name: t("Verify the first organisation", "审核第一家机构"),
          why: t("Only verified organisations can create a chain identity.", "通过实名认证的机构方可创建链身份。"),
          to: "/reviews",
        },
      ]}
    />
  );
};

const Steps = ({ title, steps }: { title: string; steps: readonly Step[] }) => {
  const t = useWords();
  const next = steps.findIndex(({ done }) => !done);
  if (next < 0) return null;
  const done = steps.filter((step) => step.done).length;
  return (
    <section className="card">
      <div className="spread" style={{ marginBottom: 12 }}>
        <h2 style={{ margin: 0 }}>{title}</h2>
        <span className="muted">{t("{done} of {all} done", "已完成 {done}/{all}", { done, all: steps.length })}</span>
      </div>
      <ol className="lines">
        {steps.map((step, index) => (
          <li key={step.name} aria-current={index === next ? "step" : undefined}>
            <div>
              <span className={step.done ? "state good" : "state"}>
                {index === next ? <strong>{step.name}</strong> : step.name}
              </span>
              <div className="muted" style={{ paddingLeft: 16 }}>
                {step.why}
              </div>
            </div>
            {step.done ? (
              <span className="muted">{t("Done", "已完成")}</span>
            ) : (
              index === next && (
                <span className="row">
                  {step.other && <Link to={step.other.to}>{step.other.name}</Link>}
                  <Link to={step.to}>{t("Go", "前往")}</Link>
                </span>
              )
            )}
          </li>
        ))}
      </ol>
    </section>
  );
};
