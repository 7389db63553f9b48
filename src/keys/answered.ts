/** Nodes' answers, while they are worth waiting for: one that says nothing must not keep others' work from being done. */
import { refuse } from "./errors.ts";

/** @param within milliseconds @throws Refusal key-node.silent; what the node does meanwhile it says when it is asked again */
export const answered = async <T>(answer: Promise<T>, within: number): Promise<T> => {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => silence.reject(refuse("key-node.silent")), within);
  try {
    return await Promise.race([answer, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * What each of several came to that work together, as far as they say so in time.
 * @param within milliseconds; who has said nothing by then is silent
 * @param isEnough whether nobody else has to be waited for
 * @returns undefined for who was not waited for
 */
export const gathered = <T>(
  calls: readonly Promise<T>[],
  within: number,
  isEnough: (value: T, place: number) => boolean,
): Promise<(PromiseSettledResult<T> | undefined)[]> =>
  new Promise((resolve) => {
    const results: (PromiseSettledResult<T> | undefined)[] = calls.map(() => undefined);
    const end = () => {
      clearTimeout(timer);
      resolve([...results]);
    };
    const timer = setTimeout(() => {
      for (const place of calls.keys()) results[place] ??= { status: "rejected", reason: refuse("key-node.silent") };
      end();
    }, within);
    const take = (place: number, result: PromiseSettledResult<T>, enough = false) => {
      results[place] = result;
      if (enough || results.every((one) => one !== undefined)) end();
    };
    for (const [place, call] of calls.entries())
      call
        .then((value) => ({ value, enough: isEnough(value, place) }))
        .then(
          ({ value, enough }) => take(place, { status: "fulfilled", value }, enough),
          (reason: unknown) => take(place, { status: "rejected", reason }),
        );
  });
