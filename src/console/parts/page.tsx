/** What every page has: where it is, what it is called, what can be done. */
import { Breadcrumb, Skeleton } from "antd";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
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

export const Page = ({ title, within = [], beside, actions, children }: PageProps) => {
  useEffect(() => {
    document.title = `${title} · Entente 协约`;
  }, [title]);
  return (
    <>
      <div className="page-head">
        <div>
          {within.length > 0 && (
            <Breadcrumb
              items={[...within.map(([name, to]) => ({ title: <Link to={to}>{name}</Link> })), { title }]}
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
  children,
}: {
  of: { data: T | undefined; error: unknown; refetch: () => unknown };
  children: (data: T) => ReactNode;
}) => {
  if (data !== undefined) return children(data);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
};
