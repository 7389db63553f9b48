/** What takes room on the disk, and what is left of it. */
import { Alert } from "antd";
import { Loaded } from "../parts/page.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
const sizeOf = (bytes: number): string => {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** unit).toLocaleString(undefined, { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${UNITS[unit]}`;
};

/** Below this much free, somebody should look. */
const LOW = 0.1;

export const Storage = () => {
  const t = useWords();
  const read = useView("system", "storage", {}, { every: 30_000 });
  const names: Readonly<Record<string, string>> = {
    ledger: t("Ledger", "账本"),
    database: t("Database", "数据库"),
    blobs: t("Sealed files", "加密文件"),
    other: t("Keys and locks of the server", "服务器密钥与锁文件"),
    "enclave-programs": t("Enclave programs kept for moving", "为迁移保留的可信执行环境程序"),
    enclave: t("Enclave's sealed state", "可信执行环境密封状态"),
    "key-nodes": t("Key nodes' stores", "密钥节点存储"),
  };
  return (
    <Loaded of={read}>
      {({ areas, disk }) => {
        const used = 1 - disk.free / Math.max(1, disk.total);
        const all = areas.reduce((sum, { bytes }) => sum + bytes, 0);
        return (
          <div className="stack">
            {1 - used < LOW && (
              <Alert
                type="warning"
                showIcon
                title={t(
                  "The disk is nearly full: free some room before acts are refused.",
                  "磁盘空间即将耗尽，请及时清理，否则将无法写入。",
                )}
              />
            )}
            <section className="card">
              <h2>{t("Disk", "磁盘")}</h2>
              <div className="figure">{t("{n} free", "可用 {n}", { n: sizeOf(disk.free) })}</div>
              <Meter share={used} name={t("Used", "已用")} />
              <div className="muted" style={{ marginTop: 4 }}>
                {t(
                  "{used} of {total} used, {own} of it by this platform",
                  "共 {total}，已用 {used}，其中本平台 {own}",
                  {
                    used: sizeOf(disk.total - disk.free),
                    total: sizeOf(disk.total),
                    own: sizeOf(all),
                  },
                )}
              </div>
            </section>
            <section className="card">
              <h2>{t("By area", "按区域")}</h2>
              <PlainTable
                rows={areas}
                keyOf={({ name }) => name}
                columns={[
                  {
                    title: t("Area", "区域"),
                    cell: ({ name }) => names[name] ?? <span className="mono">{name}</span>,
                    total: t("Together", "合计"),
                  },
                  {
                    title: t("Share", "占比"),
                    width: "40%",
                    cell: ({ name, bytes }) => <Meter share={bytes / Math.max(1, all)} name={names[name] ?? name} />,
                  },
                  {
                    title: t("Files", "文件数"),
                    kind: "number",
                    cell: ({ files }) => files.toLocaleString(),
                    total: areas.reduce((sum, { files }) => sum + files, 0).toLocaleString(),
                  },
                  {
                    title: t("Size", "大小"),
                    kind: "number",
                    cell: ({ bytes }) => <span className="whole">{sizeOf(bytes)}</span>,
                    total: <span className="whole">{sizeOf(all)}</span>,
                  },
                ]}
              />
            </section>
          </div>
        );
      }}
    </Loaded>
  );
};

const Meter = ({ share, name }: { share: number; name: string }) => (
  <div className="meter" role="img" aria-label={`${name}: ${Math.round(share * 100)} %`}>
    <span style={{ width: `${share * 100}%` }} />
  </div>
);
