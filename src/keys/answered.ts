/** A node's answer, while it is worth waiting for: one that says nothing must not keep others' work from being done. */
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
