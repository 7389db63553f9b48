/**
 * What of the contract a page needs to ask: method and path of each endpoint, without schemas and rulebooks. In the
 * bundle scripts/console.ts puts the value of this module in its place.
 */
import type { Contract } from "../contract/endpoint.ts";
import { contract } from "../contract/index.ts";
import type { Route } from "../sdk/requests.ts";

export type Routes = Readonly<Record<string, Readonly<Record<string, Route>>>>;

const routeOf = ({ type, method, path, confidential }: Route): Route => ({
  ...{ type, method, path },
  ...(confidential && { confidential }),
});

const mapped = <T, R>(of: Readonly<Record<string, T>>, work: (one: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(of).map(([name, one]) => [name, work(one)]));

export const routes: Routes = mapped(contract as Contract, (resource) => mapped(resource, routeOf));
