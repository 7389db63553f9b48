/** What every page has: where it is, what it is called, what can be done. */
import { Breadcrumb, Skeleton } from "antd";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import type { Words } from "../words.ts";
import { Failure } from "./said.tsx";

export interface PageProps {
  readonly title: string;
  /** Above it: name and path. */
  readonly within?: readonly (readonly [string, string])[];
  /** Beside the title: a state, a seal. */
  readonly beside?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** Of a page whose name is still read, or cannot be. */
export const untitled = ({ error }: { readonly error: unknown }, t: Words): string =>
  error ? t("Not available", "无法显示") : "…";

/** Of the window, for tabs and history. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = `${title} · Entente 协约`;
  }, [title]);
};

export const Page = ({ title, within = [], beside, actions, children }: PageProps) => {
  useTitle(title);
  return (
    <>
      <div className="page-head">
        <div>
          {within.length > 0 && (
            <Breadcrumb
              items={within.map(([name, to]) => ({ title: <Link to={to}>{name}</Link> }))}
              style={{ marginBottom: 4 }}
            />
          )}
          <div className="row">
            <h1>{title}</h1>
            {beside}
          </div>
        </div>
        <div className="row">{actions}</div>
      </div>
      <div className="stack">{children}</div>
    </>
  );
};

/** A read that is under way, has failed, or is there. */
export const Loaded = <T,>({
  of: { data, error, refetch },
  rows = 6,
  children,
}: {
  of: { data: T | undefined; error: unknown; refetch: () => unknown };
  /** Lines of the skeleton: about as many as what comes. */
  rows?: number;
  children: (data: T) => ReactNode;
}) => {
  if (data !== undefined) return children(data);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return <Skeleton active paragraph={{ rows }} title={false} />;
};
