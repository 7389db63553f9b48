/** One decision, signed: the button says what it does, who signs, and shows what the ledger answered. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, type ButtonProps } from "antd";
import { useRef } from "react";
import { type Acting, useActing } from "../identity/identity.tsx";
import { useWords } from "../preferences.tsx";

/**
 * Does an act with the member's key, once at a time; then everything is read again.
 * @param work given who acts
 */
export const useAct = <T, In = void>(work: (acting: Acting, input: In) => Promise<T>, done?: (result: T) => void) => {
  const acting = useActing();
  const queries = useQueryClient();
  // A second click comes before the button is seen to wait: the same act is done once.
  const running = useRef<{ readonly input: In; readonly done: Promise<T> }>(undefined);
  return useMutation<T, Error, In>({
    mutationFn(input) {
      if (running.current && isSame(running.current.input, input)) return running.current.done;
      const done = work(acting, input).finally(() => {
        if (running.current?.done === done) running.current = undefined;
      });
      running.current = { input, done };
      return done;
    },
    async onSuccess(result) {
      await queries.invalidateQueries();
      done?.(result);
    },
  });
};

/** Two inputs by what they hold. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.is(one[name], other[name]));
};

/** A toast, for what is done and needs no look. */
export const useNotice = () => {
  const { message } = App.useApp();
  return (text: string) => void message.success(text);
};

/** @returns what stands in the way of signing, in words; undefined where nothing does */
export const useObstacle = (): string | undefined => {
  const t = useWords();
  const { state } = useActing();
  if (state === "unfounded") return t("Found your chain identity first", "请先创建链身份");
  if (state === "absent") return t("Open your key first", "请先打开您的密钥");
  return state === "waiting" ? t("One moment", "请稍候") : undefined;
};

/** A button that signs; dead with a reason where there is no key. */
export const SignButton = ({ children, disabled, ...rest }: ButtonProps) => {
  const obstacle = useObstacle();
  return (
    <Button type="primary" {...rest} disabled={disabled || obstacle !== undefined} title={obstacle}>
      {children}
    </Button>
  );
};
